"""A teacher that is gone ends the round where it can be resumed, instead of burning it."""

from pathlib import Path

import pytest

from coursewright.config import Budget, CustomPart, OpenAITeacher
from coursewright.endpoints import EndpointRefused, EndpointUnavailable
from coursewright.endpoints.fault_server import FaultServer, serving
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
    for number in range(500):
        outage.failed(f"call {number}", BUSY)
    assert outage.reason is None
    clock.now = 31.0
    outage.answered()
    outage.failed("call", BUSY)
    assert outage.reason is None
    clock.now = 62.0
    for number in range(5):
        outage.failed(f"call {number}", BUSY)
    assert outage.reason == "busy"


@pytest.mark.parametrize(
    ("calls", "failures", "error", "gone"),
    [
        (2, 2, BUSY, False),
        (2, 6, BUSY, True),
        (1, 99, BUSY, False),
        (1, 6, EndpointUnavailable("nobody there", reached=False), True),
    ],
)
def test_a_server_that_chokes_on_one_call_is_not_gone(
    calls: int, failures: int, error: EndpointUnavailable, gone: bool
) -> None:
    clock = Clock()
    outage = Outage(30.0, clock)
    for number in range(failures):
        clock.now = 100.0 * number
        outage.failed(f"call {number % calls}", error)
    assert (outage.reason is not None) is gone
    outage.over()
    assert outage.reason is None


@pytest.mark.parametrize(
    ("cause", "gone"), [("key", True), ("model", True), ("request", False), ("context", False)]
)
def test_a_refusal_is_an_outage_if_nothing_else_can_succeed(cause: str, gone: bool) -> None:
    outage = Outage(30.0, Clock())
    outage.failed("call", EndpointRefused("no", cause=cause))  # type: ignore[arg-type]
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


def test_a_server_that_goes_away_interrupts_the_round_at_no_charge(tmp_path: Path) -> None:
    with serving(FaultServer()) as server:
        part = OpenAITeacher(model="m", base_url=server.base_url, seconds=4)
        teacher = GatewayTeacher(
            part, ledger=tmp_path / "calls.sqlite", seed=7, budget=Budget(concurrency=4)
        )
        with teacher, teacher.line(0, 50) as line:
            assert ask(line.socket, [chat("there?")])[0][0] == 200

    def play() -> None:
        with teacher.line(1, 50) as line:
            replies = ask(line.socket, [chat(f"{n}") for n in range(12)])
            assert {status for status, _ in replies} <= {502, 503}

    with teacher:
        with pytest.raises(Interrupted, match="cannot be reached"):
            play()
        assert teacher.usage().calls == 1
