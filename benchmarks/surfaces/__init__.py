"""Response surfaces: what becomes of a search's decisions, without a training.

A surface says of a decision which items a student that was trained on the resulting rows gets
right, of which shards the rows are made, and how good the student truly is. `invented.py` makes
surfaces up; `recorded.py` takes them from trainings that were made and recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from coursewright.records import Answered, Decision, Evaluation, Round, Shard, Split

ROWS = 600
"""Rows of a data set on a surface: what an agent mostly hands in, and a merge fills up to."""
FAILING = 1 / 8
"""Share of agents' rounds that leave no rows."""


@dataclass(frozen=True)
class Answer:
    """What became of a decision."""

    scored: Evaluation
    visible: Evaluation
    shards: tuple[Shard, ...]
    truth: float
    """Expected accuracy of students of these rows, 0-1."""


class Surface(Protocol):
    """Answers the decisions of one run."""

    base: Evaluation
    base_truth: float

    def answer(self, decision: Decision, rounds: Sequence[Round]) -> Answer | None:
        """What became of it; None: the round failed."""


def evaluation(
    split: Split, items: Iterable[tuple[str, str, str | None]], right: Sequence[bool]
) -> Evaluation:
    """Return the evaluation of a student that got these items (id, group, topic) right."""
    results = tuple(
        Answered.model_construct(
            id=id, group=group, topic=topic, output="", score=float(ok), readable=True, apart=False
        )
        for (id, group, topic), ok in zip(items, right, strict=True)
    )
    accuracy = sum(right) / len(right)
    return Evaluation.model_construct(
        split=split, results=results, accuracy=accuracy, readable=1.0, seconds=0.0
    )
