"""The base student behind the gateway: under its own name, on its own bill, never a source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from coursewright.audit import Context, provenance
from coursewright.audit.provenance import Provenance
from coursewright.config import Budget, CustomPart
from coursewright.records import TracedRow
from coursewright.student import AskedStudent
from coursewright.teacher import GatewayTeacher
from tests.teacher.talk import Reply, ask, budget_of, chat, text_of

TASK = "Say a number."


class Fake:
    """The one method of a student that is used here; notes every prompt."""

    def __init__(self, fault: str | None = None) -> None:
        self.prompts: list[str] = []
        self.fault = fault

    def answer(self, weights: str | None, prompts: Sequence[str]) -> list[str]:
        assert weights is None, "only the base model is asked"
        if self.fault is not None:
            raise RuntimeError(self.fault)
        self.prompts += prompts
        return [f"the student on {prompt!r}" for prompt in prompts]


class Run:
    """One run's gateway, student and ledgers in a folder."""

    def __init__(self, folder: Path, student: Fake | None = None, **budget: Any) -> None:
        self.ledger, self.student_ledger = folder / "ledger.sqlite", folder / "asked.sqlite"
        self.student: Any = student or Fake()
        self.asked = AskedStudent(self.student, TASK, 32)
        part = CustomPart(
            path="tests.teacher.upstreams:Counting", options={"log": str(folder / "log")}
        )
        self.teacher = GatewayTeacher(
            part,
            ledger=self.ledger,
            seed=7,
            budget=Budget(**budget),
            student=self.asked,
            student_ledger=self.student_ledger,
        )

    def __enter__(self) -> Run:
        self.teacher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.teacher.close()
        self.asked.close()


def to_student(*questions: str) -> list[dict[str, Any]]:
    return [chat(question, model="student") for question in questions]


def kinds(replies: list[Reply]) -> list[str]:
    """What became of each request, in words."""
    return ["answered" if status == 200 else body["error"]["type"] for status, body in replies]


def test_it_answers_under_its_name_with_the_tasks_instruction(tmp_path: Path) -> None:
    with Run(tmp_path) as run, run.teacher.line(0, 10) as line:
        mine, teachers = ask(line.socket, [*to_student("How many?"), chat("How many?")])
        assert text_of(mine) == "the student on 'Say a number.\\nHow many?'"
        assert mine[1]["model"] == "student"
        assert teachers[1]["model"] != "student"
    assert run.student.prompts == ["Say a number.\nHow many?"]


def test_it_is_metered_apart_from_the_teacher(tmp_path: Path) -> None:
    with Run(tmp_path, calls=2) as run, run.teacher.line(0, 2) as line:
        assert kinds(ask(line.socket, to_student(*map(str, range(30))))) == ["answered"] * 30
        assert budget_of(line.socket) == {"calls_left": 2, "student_calls_left": 970}
        assert kinds(ask(line.socket, [chat("a"), chat("b"), chat("c")])).count("answered") == 2
        assert (line.usage().calls, line.student_usage().calls) == (2, 30)
        assert line.student_usage().cost_usd is None
        assert run.teacher.calls_left() == 0
    assert run.teacher.usage().calls == 2, "as told by the ledger, without a gateway"
    assert run.teacher.usage(None, "student").calls == 30


def test_its_own_caps_hold_for_a_round_and_for_the_run(tmp_path: Path) -> None:
    with Run(tmp_path, student_calls=5, round_student_calls=3) as run:
        for number, expected in ((0, 3), (1, 2)):
            with run.teacher.line(number, 10) as line:
                told = ask(line.socket, to_student(*(f"{number} {n}" for n in range(8))))
                assert kinds(told).count("answered") == expected
                assert kinds(told).count("budget_exhausted") == 8 - expected
                assert {len(r[1]["error"]["message"]) > 20 for r in told if r[0] != 200} == {True}
                assert budget_of(line.socket)["student_calls_left"] == 0
                assert kinds(ask(line.socket, [chat("the teacher has calls left")])) == ["answered"]
    assert len(run.student.prompts) == 5


@pytest.mark.parametrize("budget", [{"student_calls": 0}, {"round_student_calls": 0}])
def test_a_run_may_keep_it_to_itself(tmp_path: Path, budget: dict[str, int]) -> None:
    with Run(tmp_path, **budget) as run, run.teacher.line(0, 10) as line:
        assert kinds(ask(line.socket, to_student("q"))) == ["budget_exhausted"]
        assert budget_of(line.socket)["student_calls_left"] == 0
        assert line.student_usage().calls == 0
    assert not run.student_ledger.exists()


def test_a_replay_does_not_ask_it(tmp_path: Path) -> None:
    questions = to_student("one", "two", "one")
    with Run(tmp_path) as run, run.teacher.line(0, 10) as line:
        first = ask(line.socket, questions)
    with Run(tmp_path, Fake("asked again")) as run, run.teacher.line(0, 10) as line:
        again = ask(line.socket, questions)
        assert [reply[1]["id"] for reply in again] == [reply[1]["id"] for reply in first]
        assert list(map(text_of, again)) == list(map(text_of, first))
        assert line.student_usage().model_dump(include={"calls", "cached"}) == {
            "calls": 3,
            "cached": 3,
        }


def test_a_row_that_names_an_answer_of_the_student_is_refused(tmp_path: Path) -> None:
    with Run(tmp_path) as run, run.teacher.line(0, 10) as line:
        mine, teachers = ask(line.socket, [*to_student("How many?"), chat("How many?")])
    rows = [
        TracedRow(instruction=TASK, input="How many?", output=text_of(reply), response=id_)
        for reply, id_ in ((mine, mine[1]["id"]), (teachers, teachers[1]["id"]))
    ]
    finding = Provenance().examine(rows, Context(ledger=run.ledger, instructions=(TASK,)))
    assert finding.dropped == {provenance.UNKNOWN: 1}
    assert [row.response for row in finding.kept] == [teachers[1]["id"]]


def test_a_student_that_fails_costs_its_questions_and_nothing_else(tmp_path: Path) -> None:
    with Run(tmp_path, Fake("the worker died")) as run:
        with run.teacher.line(0, 10) as line:
            (failed, fine) = ask(line.socket, [*to_student("q"), chat("t")])
            assert failed[1]["error"]["type"] == "upstream_error"
            assert "the worker died" in failed[1]["error"]["message"]
            assert fine[0] == 200
            assert line.student_usage().calls == 0, "nothing was done for it"
        run.student.fault = None
        with run.teacher.line(1, 10) as line:
            assert kinds(ask(line.socket, to_student("q"))) == ["answered"]


def test_it_takes_a_question_and_no_conversation(tmp_path: Path) -> None:
    talk = [{"role": "system", "content": "Answer 5."}, {"role": "user", "content": "q"}]
    with Run(tmp_path) as run, run.teacher.line(0, 10) as line:
        (refused,) = ask(line.socket, [{"model": "student", "messages": talk}])
        assert "one user message" in refused[1]["error"]["message"]
    assert run.student.prompts == []
