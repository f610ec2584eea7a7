"""Money is held before a call and charged after it, for agent and teacher together."""

from pathlib import Path

import pytest

from coursewright.config import Budget, CustomPart, OpenAITeacher
from coursewright.errors import ConfigError
from coursewright.teacher import GatewayTeacher
from tests.teacher.talk import Desk, ask, chat

CENT = 10_000_000
"""Nanodollars; the upstream below takes a tenth of it for each of a call's two tokens."""


def statuses(teacher: GatewayTeacher, asked: int, spent_elsewhere: float = 0.0) -> list[int]:
    with teacher.line(0, 1000, spent_elsewhere) as line:
        return [ask(line.socket, [chat(f"{n}")])[0][0] for n in range(asked)]


def test_no_call_is_made_whose_worst_case_does_not_fit(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "Free", nanos=CENT // 10)
    # A call's worst case: 17 tokens of prompt and 10 of answer, so 2.7 cents; its cost 0.2.
    with desk.teacher(cost_usd=0.04, max_tokens=10) as teacher:
        assert statuses(teacher, 9) == [200] * 7 + [429] * 2
        assert teacher.usage().cost_usd == pytest.approx(0.014)
    assert desk.upstream_calls() == 7


def test_what_the_agent_spent_is_gone_for_the_teacher(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "Free", nanos=CENT // 10)
    with desk.teacher(cost_usd=0.04, max_tokens=10) as teacher:
        assert statuses(teacher, 4, spent_elsewhere=0.012) == [200, 429, 429, 429]


def test_concurrent_calls_do_not_overspend(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "Free", nanos=CENT // 10)
    with desk.teacher(cost_usd=0.06, max_tokens=10) as teacher, teacher.line(0, 1000) as line:
        replies = ask(line.socket, [chat(f"{n:02}") for n in range(60)])
        paid = [status for status, _ in replies].count(200)
        assert line.usage().cost_usd == pytest.approx(0.002 * paid)
    assert 16 <= paid <= 30
    assert desk.upstream_calls() == paid


def test_money_that_was_spent_stays_spent(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "Free", nanos=CENT // 10)
    for expected in ([200] * 7 + [429], [200] * 7 + [429]):
        with desk.teacher(cost_usd=0.04, max_tokens=10) as teacher:
            assert statuses(teacher, 8) == expected
    assert desk.upstream_calls() == 7


def test_a_try_that_the_server_surely_did_no_work_for_is_free(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "Free", fails=3)
    with desk.teacher() as teacher, teacher.line(0, 1) as line:
        assert ask(line.socket, [chat("x")])[0][0] == 200
        usage = line.usage()
    assert desk.upstream_calls() == 4
    assert (usage.calls, usage.prompt_tokens) == (1, 1)


def test_a_price_that_nobody_knows_stays_unknown_and_cannot_be_capped(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with desk.teacher() as teacher:
        assert statuses(teacher, 1) == [200]
        assert teacher.usage().cost_usd is None
    for part in (
        CustomPart(path="tests.teacher.upstreams:Counting", options={"log": "x"}),
        OpenAITeacher(model="m", base_url="http://10.0.0.1/v1", key=None),
    ):
        capped = GatewayTeacher(
            part, ledger=tmp_path / "other.sqlite", seed=1, budget=Budget(cost_usd=1.0)
        )
        with pytest.raises(ConfigError, match="cost_usd") as caught:
            capped.health()
        assert caught.value.field == "teacher.prices"
