"""What an audit check is, what it may look at, and how one that sifts rows counts its refusals.

A new check is one file with a class that fits `AuditCheck`, and its place in a list of
`audit/__init__.py`: `ROUND_CHECKS` for what drops rows or warns in every round, `FINAL_CHECKS`
for what may look at hidden items, once, over the chosen data set.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from coursewright.protocols import Scorer
from coursewright.records import Check, DiversityLimits, Item, Seed, TracedRow, Verdict

TOLERATED = 0.10
"""Share of a submission's rows that may be refused before the submission is called flagged."""

_RANKS: tuple[Verdict, ...] = ("clean", "flagged", "unresolved")

EXAMPLES = 5
"""Refusals told in words, per reason and check."""


@dataclass(frozen=True)
class Context:
    """What a check may look at beside the rows."""

    round_number: int | None = None
    """None in the final pass, and for a file from outside."""
    instructions: tuple[str, ...] = ()
    """The task's own."""
    topics: tuple[str, ...] = ()
    """Of the visible items."""
    visible: Sequence[Item] = ()
    """What feedback is about; under `paper` the scored items too."""
    seeds: Sequence[Seed] = ()
    passages: Mapping[str, str] = field(default_factory=dict)
    """Texts of the task's documents, by id."""
    hidden: Mapping[str, Sequence[Item]] = field(default_factory=dict)
    """Items of "scored", "private" and "probes". Empty in rounds, whose words reach the agent."""
    earlier: Sequence[tuple[int, Sequence[TracedRow]]] = ()
    """Round number and audited data set of earlier rounds; each is read when it is asked for."""
    ledger: Path | None = None
    """The run's record of teacher calls; None for a file from outside."""
    scorer: Scorer | None = None
    diversity: DiversityLimits = field(default_factory=DiversityLimits)
    """How varied the rows must be."""


@dataclass(frozen=True)
class Finding:
    """What one check made of the rows."""

    check: Check
    kept: tuple[TracedRow, ...]
    dropped: dict[str, int] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    refusal: str | None = None
    """Why the whole attempt must not be trained on, whatever rows are left."""
    originals: Mapping[str, TracedRow] = field(default_factory=dict)
    """Rows as they were before the check changed them, by the JSON of what it made of them."""


class AuditCheck(Protocol):
    """One check of a whole submission: it drops rows, or only gives a verdict with evidence."""

    name: str

    def examine(self, rows: Sequence[TracedRow], context: Context) -> Finding:
        """Judge the rows that earlier checks have left.

        An exception makes the check `unresolved`, and nothing passes it.
        """


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


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """`unresolved` before `flagged` before `clean`; without any verdict nothing is amiss."""
    return max(verdicts, key=_RANKS.index, default="clean")


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
