"""A teacher that is gone ends the round where it can be resumed, instead of burning it."""

from pathlib import Path

import pytest

from coursewright.config import Budget, CustomPart
from coursewright.endpoints import EndpointRefused, EndpointUnavailable
from coursewright.errors import Interrupted
from coursewright.teacher import GatewayTeacher
from coursewright.teacher.outage import Outage
from tests.teacher.talk import Desk, ask, chat

BUSY = EndpointUnavailable("busy")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_of_failures_is_weather_and_a_long_silence_is_an_outage() -> None:
    clock = Clock()
    outage = Outage(30.0, clock)
    for _ in range(500):
        outage.failed(BUSY)
    assert outage.reason is None
    clock.now = 31.0
    outage.answered()
    outage.failed(BUSY)
    assert outage.reason is None
    clock.now = 62.0
    for _ in range(7):
        outage.failed(BUSY)
    assert outage.reason == "busy"


def test_two_slow_failures_are_no_outage() -> None:
    clock = Clock()
    outage = Outage(30.0, clock)
    outage.failed(BUSY)
    clock.now = 1000.0
    outage.failed(BUSY)
    assert outage.reason is None


@pytest.mark.parametrize(
    ("cause", "gone"), [("key", True), ("model", True), ("request", False), ("context", False)]
)
def test_a_refusal_is_an_outage_if_nothing_else_can_succeed(cause: str, gone: bool) -> None:
    outage = Outage(30.0, Clock())
    outage.failed(EndpointRefused("no", cause=cause))  # type: ignore[arg-type]
    assert (outage.reason is not None) is gone


def test_the_round_is_interrupted_and_goes_on_where_it_was(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "Gone", answers=2)
    teacher = desk.teacher(calls=50)

    def play() -> None:
        with teacher.line(0, 50) as line:
            answered = [ask(line.socket, [chat(f"{n}")])[0][0] for n in range(30)]
            assert answered.count(200) == 2

    with teacher:
        with pytest.raises(Interrupted, match="key was not accepted"):
            play()
        asked = desk.upstream_calls()
        assert asked == 3
        assert teacher.usage().calls == 2
    mended = CustomPart(
        path="tests.teacher.upstreams:Gone", options={"log": str(desk.log), "answers": 99}
    )
    budget = Budget(calls=50)
    with GatewayTeacher(mended, ledger=desk.ledger, seed=7, budget=budget) as again:
        with again.line(0, 50) as line:
            replies = ask(line.socket, [chat(f"{n}") for n in range(4)])
        assert [status for status, _ in replies] == [200] * 4
        assert desk.upstream_calls() == asked + 2
