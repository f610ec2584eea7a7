"""The base student as programs reach it: in batches, as in the exam, never beside a training."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from coursewright.evaluation import prompt_for
from coursewright.student import AskedStudent, LocalStudent
from coursewright.student.asking import LONGEST


class Fake:
    """Answers after what `meanwhile` does; notes the size of each batch."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.batches: list[int] = []
        self.finished = 0
        self.meanwhile = meanwhile

    def answer(self, weights: str | None, prompts: Sequence[str]) -> list[str]:
        self.batches.append(len(prompts))
        self.meanwhile()
        self.finished += 1
        return [prompt.upper() for prompt in prompts]


def asked(student: Any, instruction: str = "say") -> AskedStudent:
    return AskedStudent(student, instruction, 8)


def send(place: Path, question: str) -> socket.socket:
    link = socket.socket(socket.AF_UNIX)
    link.connect(str(place))
    link.sendall(json.dumps({"question": question}).encode() + b"\n")
    return link


def put(place: Path, question: str) -> dict[str, str]:
    with send(place, question) as link, link.makefile("rb") as answer:
        told: dict[str, str] = json.loads(answer.readline())
        return told


def put_all(place: Path, questions: list[str]) -> list[dict[str, str]]:
    with ThreadPoolExecutor(len(questions)) as pool:
        return list(pool.map(lambda question: put(place, question), questions))


def test_questions_are_answered_together_and_each_gets_its_own_answer() -> None:
    full = threading.Event()
    student = Fake(lambda: full.wait(10))
    door = asked(student)
    questions = [f"q{n}" for n in range(40)]
    with door.serving():
        first = send(door.socket, "first")  # the others gather while it is answered
        while not student.batches:
            time.sleep(0.001)
        with ThreadPoolExecutor(len(questions)) as pool:
            told = [pool.submit(put, door.socket, question) for question in questions]
            time.sleep(0.2)
            full.set()
            assert [t.result()["answer"] for t in told] == [f"SAY\n{q.upper()}" for q in questions]
        first.close()
    assert student.batches[0] == 1
    assert max(student.batches) > 5
    door.close()


def test_the_end_of_serving_waits_for_what_is_being_answered() -> None:
    begun = threading.Event()

    def slowly() -> None:
        begun.set()
        time.sleep(0.3)

    student = Fake(slowly)
    door = asked(student)
    with door.serving():
        link = send(door.socket, "q")
        assert begun.wait(10)
    assert student.finished == 1, "whoever trains next has the student alone"
    link.close()
    with pytest.raises(OSError, match="No such file"):
        send(door.socket, "q")
    door.close()
    assert not door.socket.parent.exists()


def test_a_failure_is_told_and_the_next_question_answered() -> None:
    faults = [RuntimeError("no memory")]

    def fail_once() -> None:
        if faults:
            raise faults.pop()

    door = asked(Fake(fail_once))
    with door.serving():
        assert put(door.socket, "q") == {"error": "no memory"}
        assert put(door.socket, "q") == {"answer": "SAY\nQ"}
        assert "characters" in put(door.socket, "x" * (LONGEST + 1))["error"]
    door.close()


def test_nobody_else_of_this_machine_can_ask() -> None:
    door = asked(Fake())
    assert door.socket.parent.stat().st_mode & 0o777 == 0o700
    door.close()


@pytest.mark.train
def test_a_program_hears_what_the_exam_hears(student: LocalStudent) -> None:
    instruction = "Work out the answer."
    questions = ["What is 3 m/s for 4 s in metres?", " 2 + 2? ", "Water boils at?\nA) 1 B) 2"]
    exam = [student.answer(None, [prompt_for(instruction, q)])[0] for q in questions]
    door = asked(student, instruction)
    with door.serving():
        assert [told["answer"] for told in put_all(door.socket, questions)] == exam
    door.close()
