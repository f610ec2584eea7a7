"""The language-model agent against servers that answer, refuse, and go away."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest

from coursewright.agents import make_agent
from coursewright.agents.llm import LLMAgent
from coursewright.config import OpenAIAgent, Prices, parse_agent
from coursewright.errors import ConfigError, CoursewrightError, Interrupted
from coursewright.records import Usage
from tests.agents.fake_course import make_attempt, make_brief, make_turn
from tests.agents.scripted import Scripted, refusal, serving

KEY = "sk-canary-0123456789"
GOOD = """The exam is about sums.

```plan
Ask for sums.
```

```python
from coursewright_program import save_rows, teacher

save_rows([{"output": teacher.generate("Write a sum."), "instruction": "Add."}])
```
"""
PATCH = """```diff
@@
-a = 1
+a = 2
```"""


def agent_at(server: Scripted, **settings: Any) -> LLMAgent:
    ledger = Path(tempfile.mkdtemp()) / "agent.sqlite"
    endpoint = OpenAIAgent(model="m", base_url=server.base_url, **settings)
    return LLMAgent(endpoint, ledger=ledger, seed=3)


def test_an_answer_becomes_a_proposal_with_its_cost() -> None:
    with serving(Scripted([GOOD])) as server:
        agent = agent_at(server, prices=Prices(input=1, output=2))
        proposal = agent.propose(make_brief(), make_turn())
    assert proposal.failure is None
    assert proposal.analysis == "The exam is about sums."
    assert proposal.plan == "Ask for sums."
    assert proposal.code.startswith("from coursewright_program import")
    assert proposal.usage == Usage(
        calls=1, prompt_tokens=100, completion_tokens=50, cost_usd=200e-6
    )
    assert len(proposal.methods) == 2
    assert proposal.cut == ()


def test_seed_temperature_and_length_are_those_of_turn_and_config(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    with serving(Scripted([GOOD])) as server:
        agent_at(server, key="MY_KEY", temperature=0.3, max_tokens=900).propose(
            make_brief(), make_turn()
        )
    sent = server.heard[0]
    assert (sent["model"], sent["seed"], sent["temperature"]) == ("m", 7, 0.3)
    assert sent["max_tokens"] == 900
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_an_answer_cut_off_by_the_server_is_a_truncated_one() -> None:
    with serving(Scripted([GOOD[:-60]], finish_reason="length")) as server:
        proposal = agent_at(server).propose(make_brief(), make_turn())
    assert proposal.failure == "agent output truncated"
    assert proposal.usage.calls == 1


def test_a_difference_is_applied_to_the_program_it_mends() -> None:
    parent = make_attempt("a = 1\nb = 2\n", status="failed", error="boom")
    with serving(Scripted([PATCH])) as server:
        proposal = agent_at(server).propose(make_brief(), make_turn("debug", 1, parent))
    assert proposal.code == "a = 2\nb = 2\n"


def test_a_server_in_trouble_is_asked_again() -> None:
    lines = [refusal(503, "overloaded"), refusal(429, "slow down"), GOOD]
    with serving(Scripted(lines)) as server:
        assert agent_at(server).propose(make_brief(), make_turn()).failure is None
    assert len(server.heard) == 3
    assert len({headers["Idempotency-Key"] for headers in server.headers}) == 1


def test_a_refused_context_is_tried_with_less_history() -> None:
    too_long = refusal(400, "maximum context length is 100", code="context_length_exceeded")
    with serving(Scripted([too_long, too_long, GOOD])) as server:
        proposal = agent_at(server, context_tokens=16_000).propose(make_brief(), make_turn())
    sizes = [len(body["messages"][1]["content"]) for body in server.heard]
    assert sizes == sorted(sizes, reverse=True)
    assert proposal.failure is None
    assert proposal.cut


def test_a_model_without_system_messages_gets_everything_in_one() -> None:
    lines = [refusal(400, "System role not supported"), GOOD]
    with serving(Scripted(lines)) as server:
        assert agent_at(server).propose(make_brief(), make_turn()).failure is None
    (told,) = server.heard[1]["messages"]
    assert told["role"] == "user"
    assert all(message["content"] in told["content"] for message in server.heard[0]["messages"])


def stopped(server: Scripted, **settings: Any) -> CoursewrightError:
    with pytest.raises(CoursewrightError) as caught:
        agent_at(server, **settings).propose(make_brief(), make_turn())
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value)
    return caught.value


def test_a_context_that_is_never_enough_stops_the_run_with_advice() -> None:
    too_long = refusal(400, "maximum context length is 100", code="context_length_exceeded")
    with serving(Scripted([too_long])) as server:
        error = stopped(server)
    assert isinstance(error, Interrupted)
    assert "agent.context_tokens" in str(error)


def test_a_server_that_is_gone_leaves_the_run_resumable() -> None:
    with serving(Scripted([GOOD])) as server:
        pass
    error = stopped(server, attempts=2, seconds=5)
    assert isinstance(error, Interrupted)
    assert "resume" in str(error)
    assert server.base_url in str(error)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (refusal(401, f"Incorrect API key provided: {KEY}"), "agent.key"),
        (refusal(404, "no such model", code="model_not_found"), "agent.model"),
    ],
)
def test_a_wrong_key_or_model_is_told_by_its_field(
    line: Any, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    with serving(Scripted([line])) as server:
        error = stopped(server, key="MY_KEY")
    assert isinstance(error, ConfigError)
    assert error.field == field
    assert len(server.heard) == 1


def test_a_missing_key_is_found_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        make_agent(parse_agent("openai:gpt-5.2"))


def test_a_context_without_room_for_an_answer_is_found_before_the_run() -> None:
    local = OpenAIAgent(model="m", base_url="http://127.0.0.1:9/v1", context_tokens=4096)
    with pytest.raises(ConfigError, match="max_tokens"):
        make_agent(local)


def test_it_can_be_asked_where_an_event_loop_runs() -> None:
    with serving(Scripted([GOOD])) as server:

        async def notebook() -> str:
            return agent_at(server).propose(make_brief(), make_turn()).plan

        assert asyncio.run(notebook()) == "Ask for sums."


class TestMoney:
    def test_a_call_that_cannot_be_paid_for_is_not_made(self) -> None:
        turn = make_turn()
        poor = turn.allowance.model_copy(update={"usd": 1e-6})
        with serving(Scripted([GOOD])) as server:
            proposal = agent_at(server, prices=Prices(input=1, output=2)).propose(
                make_brief(), turn.model_copy(update={"allowance": poor})
            )
        assert proposal.out_of_money
        assert proposal.failure == "other"
        assert server.heard == []

    def test_a_call_that_can_be_paid_for_is(self) -> None:
        turn = make_turn()
        rich = turn.allowance.model_copy(update={"usd": 1.0})
        with serving(Scripted([GOOD])) as server:
            proposal = agent_at(server, prices=Prices(input=1, output=2)).propose(
                make_brief(), turn.model_copy(update={"allowance": rich})
            )
        assert proposal.failure is None
        assert proposal.usage.cost_usd == 200e-6


def test_usage_that_the_server_does_not_tell_is_marked() -> None:
    with serving(Scripted([GOOD], usage=None)) as server:
        usage = agent_at(server).propose(make_brief(), make_turn()).usage
    assert usage.estimated == 1
    assert usage.completion_tokens > 0
