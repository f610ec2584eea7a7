"""A study as a page that people read: study.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from coursewright.bench.analysis import details
from coursewright.bench.analysis.book import unique
from coursewright.bench.analysis.records import Estimate, MainRow, Study
from coursewright.bench.analysis.wording import NONE, estimated, percent, picture, table
from coursewright.export.markdown import code, value


def render(study: Study, drawn: Sequence[str] = ()) -> str:
    """The whole page; `drawn` names the pictures that lie beside it (without ending)."""
    parts = [
        *_head(study),
        *_main(study, drawn),
        *_accuracies(study),
        *_rankings(study),
        *_deltas(study, drawn),
        *_pairs(study),
        *details.variance(study),
        *details.rounds(study, drawn),
        *details.errors(study, drawn),
        *details.profiles(study),
        *details.cost(study),
        *details.published_figures(),
    ]
    return "\n".join(parts).rstrip() + "\n"


# ---------------------------------------------------------------- the sections


def _head(study: Study) -> Iterator[str]:
    yield f"# Study {value(study.name)}"
    yield ""
    yield (
        f"{study.finished} of {study.cells} cells finished, on {len(study.tasks)} tasks: "
        f"{', '.join(map(code, study.tasks))}. Intervals are 95 %, by a bootstrap over runs and "
        "items; `docs/reading-a-study.md` of coursewright says what each table means."
    )
    yield ""
    if study.embedded:
        yield (
            f"**Embedded models**: {value(', '.join(study.embedded))}. These are the small "
            "built-in ones, not real language models; what holds for them need not hold for others."
        )
        yield ""
    for line in study.remarks:
        yield f"- {value(line)}"
    if study.remarks:
        yield ""


def _main(study: Study, drawn: Sequence[str]) -> Iterator[str]:
    yield "## Gain and MATS"
    yield ""
    yield (
        "Gain of the retrained student over the base model on the private split, in percent of the "
        "base (the study's measure) and in points; the mean of all retrainings of a run, averaged "
        "over tasks. MATS: attempts per successful attempt, lower is better."
    )
    yield ""
    whole = [row for row in study.main if not row.task]
    yield from table(
        ("contestant", "gain %", "gain, points", "MATS", "tasks", "runs"),
        [
            (
                value(row.label),
                estimated(row.gain_pct),
                estimated(row.gain_points),
                _mats(row),
                str(row.tasks),
                str(row.runs),
            )
            for row in whole
        ],
    )
    yield from picture("gains", drawn, "Gain in points by contestant")
    if len(study.tasks) > 1:
        yield "Task by task, gain in percent:"
        yield ""
        yield from _by_task(study, lambda row: estimated(row.gain_pct))
        yield "Task by task, gain in points:"
        yield ""
        yield from _by_task(study, lambda row: estimated(row.gain_points))
        yield "Task by task, MATS:"
        yield ""
        yield from _by_task(study, _mats)


def _mats(row: MainRow) -> str:
    if row.mats is None:
        return NONE
    if row.mats_low is None or row.mats_low == row.mats_high:
        return f"{row.mats:.2f}"
    high = "no bound" if row.mats_high is None else f"{row.mats_high:.2f}"
    return f"{row.mats:.2f} [{row.mats_low:.2f}, {high}]"


def _by_task(study: Study, said: Callable[[MainRow], str]) -> Iterator[str]:
    rows = {(row.label, row.task): row for row in study.main if row.task}
    labels = unique(row.label for row in study.main)
    yield from table(
        ("contestant", *map(value, study.tasks)),
        [
            (
                value(label),
                *(said(rows[label, t]) if (label, t) in rows else NONE for t in study.tasks),
            )
            for label in labels
        ],
    )


def _accuracies(study: Study) -> Iterator[str]:
    yield "## Raw accuracies"
    yield ""
    yield (
        "Percent correct, means over runs: base model and delivered student. The student's scored "
        "split chose its data set; the private one chose nothing."
    )
    yield ""
    yield from table(
        ("contestant", "task", "base, private", "visible", "scored", "private"),
        [
            (
                value(row.label),
                value(row.task),
                percent(row.base),
                percent(row.visible),
                percent(row.scored),
                estimated(row.private, ".1f"),
            )
            for row in study.main
            if row.task
        ],
        left=2,
    )


def _rankings(study: Study) -> Iterator[str]:
    if study.rankings:
        yield "## Rankings"
        yield ""
        yield (
            "Every pair is compared on the tasks and seeds that both have, by a t test with the "
            "variance of runs and items; p-values are corrected for all pairs of a ranking (Holm). "
            "A place is a span where the tests leave it open. Not told apart means that a "
            "difference, however large, does not hold up once corrected; it does not mean equal."
        )
        yield ""
    for ranking in study.rankings:
        yield f"### {value(ranking.title)}"
        yield ""
        yield from table(
            ("place", "contestant", "gain, points"),
            [
                (
                    str(line.best) if line.best == line.worst else f"{line.best} to {line.worst}",
                    value(line.label),
                    estimated(line.gain_points),
                )
                for line in ranking.lines
            ],
            left=2,
        )
        yield from table(
            ("pair", "verdict", "difference, points", "p", "p, corrected", "pairs of runs"),
            [
                (
                    f"{value(pair.left)} − {value(pair.right)}",
                    "not told apart"
                    if pair.tie
                    else _better(pair.left, pair.right, pair.difference),
                    estimated(pair.difference),
                    _p(pair.difference.p_value),
                    _p(pair.p_holm),
                    str(pair.difference.runs),
                )
                for pair in ranking.pairs
            ],
            left=2,
        )


def _better(left: str, right: str, difference: Estimate) -> str:
    return f"{value(left if difference.value > 0 else right)} is better"


def _p(p_value: float | None) -> str:
    if p_value is None:
        return NONE
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def _deltas(study: Study, drawn: Sequence[str]) -> Iterator[str]:
    whole = [delta for delta in study.deltas if not delta.task]
    if not whole:
        return
    yield "## What each choice is worth"
    yield ""
    yield (
        "Differences in points on the private split, paired by task and seed, everything else "
        "alike; not corrected for their number. Task by task in `deltas.csv`."
    )
    yield ""
    yield from table(
        ("axis", "contestant", "difference", "points", "p", "pairs"),
        [
            (
                value(delta.axis),
                value(delta.contestant or "all agents"),
                f"{value(delta.left)} − {value(delta.right)}",
                estimated(delta.difference),
                _p(delta.difference.p_value),
                str(delta.difference.runs),
            )
            for delta in whole
        ],
        left=3,
    )
    yield from picture("deltas", drawn, "Differences along the study's axes")


def _pairs(study: Study) -> Iterator[str]:
    rows = [row for row in study.main if not row.task and row.line.kind == "agent"]
    rows = [row for row in rows if row.line.feedback == "full"]
    if len(unique((row.line.teacher, row.line.student) for row in rows)) < 2:
        return
    yield "## Teachers and students"
    yield ""
    yield "Gain in percent and in points, averaged over tasks."
    yield ""
    head = ("contestant", "setting", "brief", "teacher", "student")
    lines: dict[tuple[str, ...], dict[str, MainRow]] = {}
    for row in rows:
        line = row.line
        key = (line.contestant, line.setting, line.brief, line.teacher, line.student)
        lines.setdefault(key, {})[line.mode] = row
    modes = unique(row.line.mode for row in rows)
    figures = [f"{mode}, {unit}" for mode in modes for unit in ("%", "points")]
    yield from table(
        (*head, "base, private", *figures),
        [
            (
                *map(value, key),
                percent(next(iter(found.values())).base),
                *(
                    text
                    for mode in modes
                    for text in (
                        (estimated(found[mode].gain_pct), estimated(found[mode].gain_points))
                        if mode in found
                        else (NONE, NONE)
                    )
                ),
            )
            for key, found in lines.items()
        ],
        left=len(head),
    )
