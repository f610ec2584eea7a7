"""All method cards one after the other: real sandbox, real gateway, real audit."""

from __future__ import annotations

from pathlib import Path

import pytest

from coursewright.agents.library import load_cards
from coursewright.config import RunConfig
from coursewright.records import Brief, Proposal, Turn
from coursewright.runs import run
from tests.parrot import PARROT
from tests.short import prepare

pytestmark = pytest.mark.long


class CardsInTurn:
    """Proposes the program of one card a round, with half the calls: the task is a small one."""

    def propose(self, brief: Brief, turn: Turn) -> Proposal:
        card = load_cards()[turn.number]
        assert "CALLS = 320" in card.program
        return Proposal(plan=card.name, code=card.program.replace("CALLS = 320", "CALLS = 120"))


def test_every_card_carries_a_round_to_its_score(tmp_path: Path) -> None:
    count = len(load_cards())
    result = run(
        RunConfig.model_validate(
            {
                "task": prepare(tmp_path)[0],
                "agent": {"kind": "custom", "path": f"{__name__}:CardsInTurn"},
                "student": PARROT.model_dump(),
                "setting": "seed",
                "budget": {"rounds": count},
                # Parrots learn nothing, and nothing better than the base is delivered else.
                "protocol": "paper",
                "retrainings": 1,
                "runs": str(tmp_path / "runs"),
            }
        )
    )
    told = [
        (card.name, r.status, r.failure)
        for card, r in zip(load_cards(), result.rounds, strict=True)
    ]
    assert told == [(card.name, "scored", None) for card in load_cards()]
    assert result.audit == "clean"
    assert result.student_usage.calls > 100, "the frontier card asks the student"
