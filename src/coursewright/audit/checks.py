"""What an audit check is, and how one that judges row by row counts what it refuses.

A new check is one file with a class that fits `RowCheck`, and its place in the list that
`SubmissionAuditor` makes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from coursewright.records import Check, TracedRow, Verdict

TOLERATED = 0.10
"""Share of a submission's rows that may be refused before the submission is called flagged."""

EXAMPLES = 5
"""Refusals told in words, per reason and check."""


@dataclass(frozen=True)
class Finding:
    """What one check made of the rows."""

    check: Check
    kept: tuple[TracedRow, ...]
    dropped: dict[str, int] = field(default_factory=dict)
    examples: tuple[str, ...] = ()


class RowCheck(Protocol):
    """One check of a whole submission."""

    name: str

    def examine(self, rows: Sequence[TracedRow], round_number: int) -> Finding:
        """Judge the rows that earlier checks have left."""


def sift(
    name: str, rows: Sequence[TracedRow], refuse: Callable[[TracedRow], str | None]
) -> Finding:
    """Ask `refuse` of each row why it must go; count the reasons and keep the rest.

    The verdict is `flagged` when more than a tolerated share of the rows went.
    """
    began = time.monotonic()
    kept: list[TracedRow] = []
    dropped: Counter[str] = Counter()
    examples: list[str] = []
    for number, row in enumerate(rows, 1):
        reason = refuse(row)
        if reason is None:
            kept.append(row)
            continue
        dropped[reason] += 1
        if dropped[reason] <= EXAMPLES:
            examples.append(f"usable row {number}: {reason}: {shown(row)}")
    evidence = [f"{count} of {len(rows)} rows: {reason}" for reason, count in dropped.most_common()]
    check = Check(
        name=name,
        verdict=verdict_of(len(rows) - len(kept), len(rows)),
        evidence=tuple(evidence),
        seconds=time.monotonic() - began,
    )
    return Finding(check, tuple(kept), dict(dropped), tuple(examples))


def verdict_of(dropped: int, read: int) -> Verdict:
    """`flagged` when more than a tolerated share of the rows was refused."""
    return "flagged" if dropped > TOLERATED * read else "clean"


def unresolved(name: str, rows: Sequence[TracedRow], why: str) -> Finding:
    """A check that could not run: nothing passes it, for what is not checked is not clean."""
    reason = f"{name} could not be checked"
    check = Check(name=name, verdict="unresolved", evidence=(why,))
    return Finding(check, (), {reason: len(rows)} if rows else {}, (f"{reason}: {why}",))


def shown(row: TracedRow, most: int = 60) -> str:
    """A row for a message: short, quoted, and without control characters."""
    return f"{_cut(row.asked[0] or row.instruction, most)} → {_cut(row.answer, most)}"


def _cut(text: str, most: int) -> str:
    cut = text if len(text) <= most else f"{text[:most]}…"
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in repr(cut))
