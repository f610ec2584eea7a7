"""The language-model agent against every fault of the packaged server, and against a real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from coursewright.agents.llm import LLMAgent
from coursewright.config import OpenAIAgent
from coursewright.endpoints.fault_server import FAULTS, FaultServer, serving
from coursewright.errors import Interrupted
from tests.agents.fake_course import make_brief, make_turn
from tests.serving import Served

pytestmark = pytest.mark.long


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_ends_in_a_proposal_or_in_one_line_that_says_what_to_do(
    fault: str, tmp_path: Path
) -> None:
    brief = make_brief(summary=f"[[fault:{fault}]]")
    with serving(FaultServer()) as server:
        endpoint = OpenAIAgent(model="m", base_url=server.base_url, seconds=2.0, attempts=2)
        agent = LLMAgent(endpoint, ledger=tmp_path / "agent.sqlite")
        if fault == "no_usage":  # the one that only leaves something out
            proposal = agent.propose(brief, make_turn())
            assert proposal.failure == "code extraction failed"
            assert proposal.usage.estimated == 1
            return
        with pytest.raises(Interrupted) as stopped:
            agent.propose(brief, make_turn())
    said = str(stopped.value)
    assert "\n" not in said
    assert server.base_url in said
    assert "resume" in said


def test_a_real_model_that_is_no_engineer_makes_a_failed_attempt(
    nano_server: Served, tmp_path: Path
) -> None:
    endpoint = OpenAIAgent(
        model=nano_server.model,
        base_url=nano_server.base_url,
        temperature=0.0,
        max_tokens=48,
        context_tokens=16_000,
        answers_as=("*",),
        attempts=1,
    )
    proposal = LLMAgent(endpoint, ledger=tmp_path / "agent.sqlite").propose(
        make_brief(), make_turn()
    )
    assert proposal.failure in ("code extraction failed", "agent output truncated")
    assert proposal.usage.calls == 1
    assert proposal.usage.estimated == 0
    assert 0 < proposal.usage.completion_tokens <= 48
