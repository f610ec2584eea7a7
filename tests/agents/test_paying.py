"""What an agent's calls cost is remembered by a ledger, whatever happens to the process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coursewright.agents.llm import LLMAgent
from coursewright.config import OpenAIAgent, Prices
from coursewright.errors import Interrupted
from coursewright.records import Allowance
from coursewright.store.ledger import Ledger
from tests.agents.fake_course import make_brief, make_turn
from tests.agents.scripted import Scripted, refusal, serving

GOOD = "```python\nprint(1)\n```"
COST = 200e-6
"""Of one answer of the scripted server: 100 and 50 tokens at the prices below."""


def agent_at(server: Scripted, ledger: Path, **settings: Any) -> LLMAgent:
    settings = {"attempts": 1, "prices": Prices(input=1, output=2), **settings}
    endpoint = OpenAIAgent(model="m", base_url=server.base_url, **settings)
    return LLMAgent(endpoint, ledger=ledger)


def leave_open(ledger: Path, dollars: float) -> None:
    """What a process leaves that is killed while a call of round 0 is under way."""
    with Ledger(ledger) as held:
        held.reserve(
            "0/a", "d", "{}", occurrence=0, round_number=0, tokens=10, cost=round(dollars * 1e9)
        )


def test_an_answer_that_was_paid_for_is_not_asked_for_again(tmp_path: Path) -> None:
    with serving(Scripted([GOOD])) as server:
        first = agent_at(server, tmp_path / "agent.sqlite").propose(make_brief(), make_turn())
        again = agent_at(server, tmp_path / "agent.sqlite").propose(make_brief(), make_turn())
    assert again == first
    assert len(server.heard) == 1


def test_another_round_asks_anew(tmp_path: Path) -> None:
    with serving(Scripted([GOOD, GOOD])) as server:
        agent = agent_at(server, tmp_path / "agent.sqlite")
        agent.propose(make_brief(), make_turn())
        later = agent.propose(make_brief(), make_turn(number=1))
    assert len(server.heard) == 2
    assert later.usage.cost_usd == pytest.approx(COST)


def test_a_call_cut_off_by_a_kill_stays_charged_at_its_worst(tmp_path: Path) -> None:
    leave_open(tmp_path / "agent.sqlite", 0.25)
    with serving(Scripted([GOOD])) as server:
        proposal = agent_at(server, tmp_path / "agent.sqlite").propose(make_brief(), make_turn())
    assert proposal.usage.calls == 2
    assert proposal.usage.cost_usd == pytest.approx(0.25 + COST)


def test_a_call_cut_off_by_a_kill_counts_against_the_cap(tmp_path: Path) -> None:
    leave_open(tmp_path / "agent.sqlite", 0.25)
    turn = make_turn().model_copy(
        update={"allowance": Allowance(seconds=60, calls=10, round_calls=10, usd=0.25)}
    )
    with serving(Scripted([GOOD])) as server:
        proposal = agent_at(server, tmp_path / "agent.sqlite").propose(make_brief(), turn)
    assert proposal.out_of_money
    assert proposal.usage.cost_usd == pytest.approx(0.25)
    assert server.heard == []


def test_a_try_that_was_billed_and_brought_nothing_is_told_with_the_next_answer(
    tmp_path: Path,
) -> None:
    empty = refusal(200, "out of order")
    with serving(Scripted([empty, GOOD])) as server:
        agent = agent_at(server, tmp_path / "agent.sqlite", max_tokens=1000)
        with pytest.raises(Interrupted):
            agent.propose(make_brief(), make_turn())
        proposal = agent.propose(make_brief(), make_turn())
    assert proposal.usage.calls == 2
    assert proposal.usage.cost_usd is not None
    assert proposal.usage.cost_usd > COST + 1000 * 2e-6


def test_a_try_that_was_refused_unread_is_free(tmp_path: Path) -> None:
    busy = refusal(429, "too many requests")
    with serving(Scripted([busy, GOOD])) as server:
        agent = agent_at(server, tmp_path / "agent.sqlite")
        with pytest.raises(Interrupted):
            agent.propose(make_brief(), make_turn())
        proposal = agent.propose(make_brief(), make_turn())
    assert proposal.usage.calls == 1
    assert proposal.usage.cost_usd == pytest.approx(COST)
