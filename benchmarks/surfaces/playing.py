"""A policy plays a surface: the loop without programs and trainings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.surfaces import Answer, Surface
from coursewright.protocols import Search
from coursewright.records import Decision, Execution, Feedback, Proposal, Round


@dataclass(frozen=True)
class Played:
    """What a policy delivered after each full training."""

    truths: tuple[float, ...]
    """True accuracy of the round with the best score, after 1, 2, ... trainings."""
    rounds: tuple[Round, ...]
    ended: bool
    """It gave up by itself."""


def play(search: Search, surface: Surface, most: int) -> Played:
    """Let a policy play at most `most` rounds."""
    rounds: list[Round] = []
    truth_of: dict[int, float] = {}
    delivered: list[float] = []
    while len(rounds) < most:
        decision = search.next(rounds, surface.base)
        if decision is None:
            break
        found = surface.answer(decision, rounds)
        rounds.append(_round(len(rounds), decision, found))
        if found is not None and rounds[-1].status == "scored":
            truth_of[rounds[-1].number] = found.truth
            best = search.best(rounds)
            assert best is not None
            delivered.append(truth_of[best.number])
    return Played(tuple(delivered), tuple(rounds), ended=len(rounds) < most)


def _round(number: int, decision: Decision, found: Answer | None) -> Round:
    parts: dict[str, Any] = {"status": "failed", "failure": "runtime error"}
    gathers = decision.branch is not None and decision.branch.gathers
    if found is not None and gathers:
        parts = {"status": "gathered", "shards": found.shards}
    elif found is not None:
        parts = {
            "status": "scored",
            "scored": found.scored,
            "visible": found.visible,
            "shards": found.shards,
        }
    return Round.model_construct(
        **{
            name: each.get_default(call_default_factory=True)
            for name, each in Round.model_fields.items()
            if not each.is_required()
        }
        | {
            "number": number,
            "operation": decision.operation,
            "parent": decision.parent,
            "branch": decision.branch,
            "proposal": Proposal(),
            "execution": Execution(status="ok", seconds=0.0),
            "feedback": Feedback(text=""),
            **parts,
        }
    )
