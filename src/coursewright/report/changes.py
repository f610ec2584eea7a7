"""What changed from one round to another: plan, program, rows, and answers to visible items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from coursewright.records import Answered, Round, TracedRow
from coursewright.report.inert import inert
from coursewright.report.story import Story, identity

CONTEXT = 2
"""Unchanged lines that are shown around a change."""
LINES = 400
"""Lines of one comparison on a page."""
LINE = 300
"""Characters of a line."""
SHOWN = 5
"""Rows, and items, that are shown of those gained and lost."""

Pairs = tuple[tuple[Answered, Answered], ...]
"""Answers to the same item: before, and now."""
Kind = Literal["same", "gone", "new", "changed", "skipped"]


@dataclass(frozen=True)
class Line:
    """A line of two texts side by side; `skipped` says in `left` how many were left out."""

    kind: Kind
    left: str = ""
    right: str = ""


@dataclass(frozen=True)
class Change:
    """One round beside another: in a run, mostly the one that it went on from."""

    before: Round
    after: Round
    plan: tuple[Line, ...]
    code: tuple[Line, ...]
    rows_kept: int
    gained: tuple[TracedRow, ...]
    lost: tuple[TracedRow, ...]
    fixed: Pairs
    """Visible items answered better now than before."""
    broken: Pairs
    """The other way round."""


def changes(story: Story) -> Iterator[Change]:
    """Every round that went on from another one, beside that one."""
    for done in story.rounds:
        parent = story.parent_of(done)
        if parent is not None:
            yield compare(story, parent, done)


def compare(story: Story, before: Round, after: Round) -> Change:
    """Put any two rounds of a run side by side."""
    return beside(story, before, story, after)


def beside(left: Story, before: Round, right: Story, after: Round) -> Change:
    """Put any two rounds side by side, of one run or of two."""
    old, new = left.data_set(before), right.data_set(after)
    was, now = set(map(identity, old)), set(map(identity, new))
    fixed, broken = _turned(before, after)
    return Change(
        before=before,
        after=after,
        plan=tuple(side_by_side(before.proposal.plan, after.proposal.plan)),
        code=tuple(side_by_side(before.proposal.code, after.proposal.code)),
        rows_kept=len(was & now),
        gained=tuple(row for row in new if identity(row) not in was),
        lost=tuple(row for row in old if identity(row) not in now),
        fixed=fixed,
        broken=broken,
    )


def side_by_side(left: str, right: str) -> list[Line]:
    """Two texts line by line, unchanged stretches cut short; empty for equal texts."""
    if left == right:
        return []
    a, b = left.splitlines(), right.splitlines()
    lines: list[Line] = []
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    for group in matcher.get_grouped_opcodes(CONTEXT):
        skipped = group[0][1] - _end_of(lines, a)
        if skipped > 0:
            lines.append(
                Line("skipped", left=f"{skipped} unchanged line{'' if skipped == 1 else 's'}")
            )
        for tag, a1, a2, b1, b2 in group:
            lines += _stretch(tag, a[a1:a2], b[b1:b2])
    if len(lines) > LINES:
        rest = len(lines) - LINES
        return [*lines[:LINES], Line("skipped", left=f"{rest} more lines of this comparison")]
    return lines


def _stretch(tag: str, left: Sequence[str], right: Sequence[str]) -> Iterator[Line]:
    kinds: dict[str, Kind] = {"equal": "same", "delete": "gone", "insert": "new"}
    for at in range(max(len(left), len(right))):
        one = inert(left[at], LINE) if at < len(left) else ""
        other = inert(right[at], LINE) if at < len(right) else ""
        kind = kinds.get(tag, "changed")
        if tag == "replace" and at >= min(len(left), len(right)):
            kind = "gone" if at < len(left) else "new"
        yield Line(kind, one, other)


def _end_of(lines: Sequence[Line], left: Sequence[str]) -> int:
    """How many lines of the left text are behind us."""
    done = 0
    for line in lines:
        if line.kind == "skipped":
            done += int(line.left.split()[0])
        elif line.kind != "new":
            done += 1
    return min(done, len(left))


def _turned(before: Round, after: Round) -> tuple[Pairs, Pairs]:
    if before.visible is None or after.visible is None:
        return (), ()
    old = {result.id: result for result in before.visible.results}
    pairs = [(old[result.id], result) for result in after.visible.results if result.id in old]
    fixed = tuple(pair for pair in pairs if pair[1].score > pair[0].score)
    return fixed, tuple(pair for pair in pairs if pair[1].score < pair[0].score)
