"""Small records for tests that look at one stage alone."""

from __future__ import annotations

from typing import Any

from coursewright.records import Answered, Evaluation, Feedback, Proposal, Round, Split


def evaluation(accuracy: float, *, split: Split = "scored", items: int = 20) -> Evaluation:
    """An evaluation whose first items are right and whose topics alternate."""
    right = round(accuracy * items)
    results = tuple(
        Answered(
            id=f"i{i}",
            group=f"i{i}",
            topic=("red", "blue")[i % 2],
            output="x",
            score=float(i < right),
            readable=True,
        )
        for i in range(items)
    )
    return Evaluation(
        split=split, results=results, accuracy=right / items, readable=1.0, seconds=0.1
    )


def played(number: int, operation: str, status: str, scored: float | None = None) -> Round:
    """A round as the search sees it."""
    fields: dict[str, Any] = {
        "number": number,
        "operation": operation,
        "parent": None,
        "status": status,
        "proposal": Proposal(plan="p", code="c"),
        "feedback": Feedback(text=""),
        "seconds": 1.0,
    }
    if scored is not None:
        fields["scored"] = evaluation(scored)
    return Round.model_validate(fields)
