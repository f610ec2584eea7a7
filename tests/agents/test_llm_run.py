"""A whole run with a language model as agent: everything is real but the model and the student."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from coursewright.config import RunConfig
from coursewright.display import Silent
from coursewright.errors import ConfigError, Interrupted
from coursewright.records import Proposal
from coursewright.runs import recorded_proposals, reproduce, resume, run
from coursewright.store import RunFolder
from coursewright.summary import lines
from tests.agents.scripted import Said, Scripted, refusal, serving
from tests.parrot import PARROT
from tests.short import prepare

pytestmark = pytest.mark.long

RECORDED = Path(__file__).parent / "recorded"
KEY = "sk-canary-0123456789"


def recorded(body: dict[str, Any]) -> Said:
    """The answer recorded for the operation that a request asks for."""
    operation = re.search(r"^# Now: (\w+)$", body["messages"][1]["content"], re.M)
    assert operation is not None
    return (RECORDED / f"{operation[1].lower()}.txt").read_text()


def config_for(place: Path, server: Scripted, **settings: Any) -> RunConfig:
    task = prepare(place)[0]
    return RunConfig.model_validate(
        {
            "task": task,
            "agent": {
                "kind": "openai",
                "model": "scripted",
                "base_url": server.base_url,
                "key": "MY_KEY",
                "attempts": 1,
                "prices": {"input": 1.0, "output": 2.0},
            },
            "student": PARROT.model_dump(),
            "budget": {"rounds": 4},
            # Parrots learn nothing, and nothing better than the base is delivered else.
            "protocol": "paper",
            "retrainings": 1,
            "runs": str(place / "runs"),
            "name": "told",
            **settings,
        }
    )


def proposals(place: Path) -> list[Proposal]:
    told = recorded_proposals(RunFolder(place / "runs" / "told"))
    return [Proposal.model_validate_json(line) for line in told]


def test_a_draft_is_debugged_repaired_improved_and_replayed_for_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    with serving(Scripted([recorded])) as server:
        result = run(config_for(tmp_path, server))
    played = [(r.operation, r.status, r.failure) for r in result.rounds]
    assert played == [
        ("draft", "failed", "runtime error"),
        ("debug", "invalid", "too few valid rows"),
        ("repair", "scored", None),
        ("improve", "scored", None),
    ]
    asked = [body["messages"][1]["content"] for body in server.heard]
    assert "KeyError: 'solution'" in asked[1]
    assert "at least 100 are needed" in asked[2]
    assert "load_best()" in asked[3]
    assert "the base model without any training gets" in asked[3]
    assert result.audit == "clean"
    assert result.agent_usage.calls == 4
    assert result.agent_usage.cost_usd == pytest.approx(4 * 200e-6)
    shown = "agent      openai:scripted, 4 calls, 400 + 200 tokens, under 0.01 USD"
    assert shown in lines(result)

    # Nobody listens at the model's address any more.
    again = reproduce("told", tmp_path / "runs", Silent(), retrain=False)
    assert again.identical
    assert len(server.heard) == 4
    leaks = [
        p for p in (tmp_path / "runs").rglob("*") if p.is_file() and KEY.encode() in p.read_bytes()
    ]
    assert leaks == []


def test_a_server_that_goes_away_in_the_middle_is_waited_for_by_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    gone = refusal(503, "the model is being unloaded")
    closed = refusal(401, "this key has expired")
    with serving(Scripted([recorded, gone, closed, recorded])) as server:
        config = config_for(tmp_path, server, budget={"rounds": 2})
        with pytest.raises(Interrupted, match="resume"):
            run(config)
        first = proposals(tmp_path)
        with pytest.raises(ConfigError, match=r"MY_KEY.*resume"):
            resume("told", tmp_path / "runs", Silent())
        result = resume("told", tmp_path / "runs", Silent())
    assert [r.operation for r in result.rounds] == ["draft", "debug"]
    assert len(server.heard) == 4, "the first answer was paid for once"
    assert proposals(tmp_path)[:1] == first


def test_a_run_ends_when_its_agent_cannot_be_paid_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    dear = {"prompt_tokens": 70_000, "completion_tokens": 0}
    with serving(Scripted([recorded], usage=dear)) as server:
        result = run(config_for(tmp_path, server, budget={"rounds": 6, "cost_usd": 0.1}))
    assert [(r.operation, r.failure) for r in result.rounds] == [
        ("draft", "runtime error"),
        ("debug", "other"),
    ]
    assert len(server.heard) == 1
    assert result.agent_usage.cost_usd == pytest.approx(0.07)
    assert "US dollars left" in proposals(tmp_path)[1].message
