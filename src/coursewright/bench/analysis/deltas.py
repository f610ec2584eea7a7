"""What one level of an axis is worth: paired differences, everything else alike."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import pairwise

from coursewright.bench.analysis.book import (
    BRIEF_LEVELS,
    Book,
    Entry,
    paired_blocks,
    unique,
)
from coursewright.bench.analysis.intervals import estimate
from coursewright.bench.analysis.records import Delta
from coursewright.bench.cells import Cell
from coursewright.records import FeedbackKind

LESS_FEEDBACK: tuple[FeedbackKind, ...] = ("score", "bad-cases", "withheld", "shuffled")


def deltas(book: Book) -> tuple[Delta, ...]:
    """All differences along axes that the study has, over all tasks and on each.

    Pairs agree in task, seed, teacher, student, contestant and every other axis; seeds and the
    brief that goes with them change together.
    """
    agents = [entry for entry in book.entries if entry.cell.kind == "agent"]
    found: list[Delta] = []
    for contestant in ("", *unique(entry.cell.contestant for entry in agents)):
        mine = [entry for entry in agents if contestant in ("", entry.cell.contestant)]
        for axis, left, right, key in contrasts(book):
            sides = [[e for e in mine if side(e.cell)] for _, side in (left, right)]
            found += _deltas(axis, contestant, (left[0], right[0]), sides, key, book.tasks)
    if len(unique(entry.cell.contestant for entry in agents)) == 1:
        found = [delta for delta in found if delta.contestant]  # "all agents" is that one
    return (*found, *_against_baselines(book))


Side = tuple[str, Callable[[Cell], bool]]
Contrast = tuple[str, Side, Side, Callable[[Cell], Hashable]]


def contrasts(book: Book) -> Iterator[Contrast]:
    """Axis, left and right level (name, and which cells have it), and what must agree."""

    def rest(*without: str) -> Callable[[Cell], Hashable]:
        names = [n for n in Cell.model_fields if n not in (*without, "task", "seed", "kind")]
        return lambda cell: tuple(getattr(cell, name) for name in names)

    yield (
        "mode",
        ("iterative", lambda cell: cell.mode == "iterative"),
        ("one-shot", lambda cell: cell.mode == "one-shot"),
        rest("mode"),
    )
    seeded, plain = book.main_brief("seed"), book.main_brief("scratch")
    yield (
        "setting",
        ("seed", lambda cell: cell.setting == "seed" and cell.brief == seeded),
        ("scratch", lambda cell: cell.setting == "scratch" and cell.brief == plain),
        rest("setting", "brief"),
    )
    for kind in LESS_FEEDBACK:
        yield (
            "feedback",
            ("full", lambda cell: cell.feedback == "full"),
            (kind, lambda cell, kind=kind: cell.feedback == kind),  # type: ignore[misc]
            rest("feedback"),
        )
    told = {m.cell.brief for m in book.measured if m.cell.kind == "agent"}
    for less, more in pairwise(level for level in BRIEF_LEVELS if level in told):
        if (less, more) == (plain, seeded):
            continue  # that is the setting
        yield (
            "brief",
            (more, lambda cell, more=more: cell.brief == more),  # type: ignore[misc]
            (less, lambda cell, less=less: cell.brief == less),  # type: ignore[misc]
            rest("brief", "setting"),
        )


def _against_baselines(book: Book) -> Iterator[Delta]:
    """Each main line of an agent against each baseline of its teacher, student and setting."""
    for line in book.lines:
        if line.kind != "agent" or not book.is_main(line):
            continue
        for baseline in book.lines:
            if baseline.kind != "baseline" or (
                book.knows_settings(baseline) and baseline.setting != line.setting
            ):
                continue
            yield from _deltas(
                "agent against baseline",
                line.contestant,
                (book.labels[line], book.labels[baseline]),
                [book.of(line), book.of(baseline)],
                lambda cell: (cell.teacher, cell.student),
                book.tasks,
            )


def _deltas(
    axis: str,
    contestant: str,
    names: tuple[str, str],
    sides: Sequence[Sequence[Entry]],
    key: Callable[[Cell], Hashable],
    tasks: Sequence[str],
) -> Iterator[Delta]:
    """One difference over all tasks, and one for each; none where there are no pairs."""
    for task in ("", *tasks):
        left, right = ([e for e in side if task in ("", e.cell.task)] for side in sides)
        difference = estimate(paired_blocks(left, right, key))
        if difference is not None:
            yield Delta.model_validate(
                {
                    "axis": axis,
                    "contestant": contestant,
                    "left": names[0],
                    "right": names[1],
                    "task": task,
                    "difference": difference,
                }
            )
