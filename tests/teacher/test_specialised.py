"""Another run's student as the teacher behind the gateway: metered, cached, seeded, and pinned."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coursewright.config import Budget, EmbeddedStudent, RunTeacher, parse_teacher
from coursewright.errors import Interrupted
from coursewright.student.door import Door
from coursewright.teacher import GatewayTeacher
from tests.teacher.talk import ask, budget_of, chat, text_of

TEACHER = RunTeacher(
    model="first", folder=Path("/gone"), weights="a" * 64, student=EmbeddedStudent()
)


class Fake:
    """Serves as `student.TeachingStudent` does; says what it was asked, or a set reply."""

    def __init__(self, reply: dict[str, Any] | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self.reply = reply
        self.door: Door[dict[str, Any]] = Door(dict, self.answer)
        self.socket = self.door.socket

    def serving(self) -> contextlib.AbstractContextManager[None]:
        return self.door.serving()

    def answer(self, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self.asked += requests
        return [
            self.reply
            or {
                "text": f"with seed {request['seed']}",
                "prompt_tokens": 3,
                "completion_tokens": 5,
                "finish_reason": "stop",
            }
            for request in requests
        ]


@contextlib.contextmanager
def taught_by(fake: Fake, folder: Path, **budget: Any) -> Iterator[GatewayTeacher]:
    folder.mkdir(exist_ok=True)
    teacher = GatewayTeacher(
        TEACHER, ledger=folder / "ledger", seed=7, budget=Budget(**budget), specialised=fake
    )
    with teacher:
        yield teacher
    fake.door.close()


def test_it_is_metered_in_its_own_tokens_and_another_time_gets_another_seed(tmp_path: Path) -> None:
    fake = Fake()
    with taught_by(fake, tmp_path, calls=3) as teacher, teacher.line(0, 3) as line:
        told = ask(line.socket, [chat("q"), chat("q"), chat("p", temperature=0.2)])
        assert len({text_of(reply) for reply in told}) == 3
        assert budget_of(line.socket)["calls_left"] == 0
        assert ask(line.socket, [chat("more")])[0][0] == 429
        usage = line.usage()
    assert (usage.calls, usage.prompt_tokens, usage.completion_tokens) == (3, 9, 15)
    assert usage.cost_usd == 0
    assert [asked.get("temperature") for asked in fake.asked].count(0.2) == 1


def test_its_answers_are_replayed_without_it_and_the_same_everywhere(tmp_path: Path) -> None:
    def answers(folder: Path, fake: Fake) -> list[str]:
        with taught_by(fake, folder) as teacher, teacher.line(0, 9) as line:
            return [text_of(reply) for reply in ask(line.socket, [chat("q"), chat("p")])]

    first = answers(tmp_path / "a", Fake())
    replaying = Fake({"gone": "no weights"})
    assert answers(tmp_path / "a", replaying) == first
    assert replaying.asked == []
    assert answers(tmp_path / "b", Fake()) == first


def test_a_request_it_cannot_take_fails_alone(tmp_path: Path) -> None:
    fake = Fake({"refused": "too long"})
    with taught_by(fake, tmp_path) as teacher, teacher.line(0, 9) as line:
        (status, body), _ = ask(line.socket, [chat("q"), chat("p")])
        assert (status, body["error"]["message"]) == (502, "too long")
        fake.reply = None
        assert text_of(ask(line.socket, [chat("r")])[0]).startswith("with seed")
        assert line.usage().calls == 1, "what it did no work for is free"


def test_without_its_weights_the_run_stops_where_it_can_be_resumed(tmp_path: Path) -> None:
    fake = Fake({"gone": "put its folder back"})
    with (
        taught_by(fake, tmp_path) as teacher,
        pytest.raises(Interrupted, match="put its folder back"),
        teacher.line(0, 9) as line,
    ):
        ask(line.socket, [chat("q")])


def test_a_reference_names_a_run_by_id_or_folder() -> None:
    assert parse_teacher("run:my-run.2") == RunTeacher(model="my-run.2")
    assert parse_teacher("run:runs/my-run") == RunTeacher(model="runs/my-run")
