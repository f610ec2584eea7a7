"""The review as a person drives it: keys on a terminal, and lines through a pipe."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from coursewright.drafting.queue import DraftFolder
from tests.interrupts import hear_interrupts

from .conftest import Drafts

COMMAND = (sys.executable, "-m", "coursewright", "task", "review")


class Person:
    """Sits before a terminal that runs the review."""

    def __init__(self, task: Path) -> None:
        self.master, slave = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
        self.process = subprocess.Popen(
            [*COMMAND, str(task), "--as", "ada"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
            preexec_fn=hear_interrupts,
        )
        os.close(slave)
        self.seen = ""

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def wait_for(self, text: str) -> None:
        """Read until a text appears behind what was read before."""
        deadline, start = time.monotonic() + 60, len(self.seen)
        while text not in self.seen[start:]:
            assert time.monotonic() < deadline, self.seen[-2000:]
            if not self._read():
                raise AssertionError(f"the review ended: {self.seen[-2000:]}")

    def _read(self) -> bool:
        if not select.select([self.master], [], [], 1.0)[0]:
            return True
        with contextlib.suppress(OSError):
            data = os.read(self.master, 65536)
            self.seen += data.decode("utf-8", "replace")
            return bool(data)
        return False

    def end(self) -> int:
        while self._read() and self.process.poll() is None:
            pass
        return self.process.wait(60)


@pytest.fixture
def person(drafted: Drafts) -> Iterator[Person]:
    person = Person(drafted.task)
    yield person
    person.process.kill()
    person.process.wait()
    os.close(person.master)


def decisions(drafted: Drafts) -> list[str]:
    found = DraftFolder(drafted.task).decisions()
    return [found[item.id].decision for item in drafted.queue() if item.id in found]


def test_single_keys_decide_and_an_edit_begins_with_the_line_there_is(
    person: Person, drafted: Drafts
) -> None:
    first = drafted.queue()[0]
    person.wait_for("12 left")
    assert first.passage in person.seen
    person.press("e")
    person.wait_for(f"question: {first.question}")
    person.press("\x7f, in all?\r")
    person.wait_for("answer: ")
    person.press("\x7f\x7f\x7f55\r")
    person.wait_for("topic: ")
    person.press("\r")
    person.wait_for("11 left")
    person.press("\x1b[A")  # an arrow key decides nothing
    person.wait_for("a accept")
    person.press("a")
    person.wait_for("10 left")
    person.press("r")
    person.wait_for("why")
    person.press("too easy\r")
    person.wait_for("9 left")
    person.press("u")
    person.wait_for("10 left")
    person.press("q")
    assert person.end() == 0
    found = DraftFolder(drafted.task).decisions()
    assert decisions(drafted) == ["edited", "accepted"]
    edited = found[first.id]
    assert (edited.question, edited.answer) == (f"{first.question[:-1]}, in all?", 55)
    assert "10 items are undecided" in person.seen


def test_a_kill_loses_nothing_that_was_decided(person: Person, drafted: Drafts) -> None:
    person.wait_for("12 left")
    for left in (11, 10, 9):
        person.press("a")
        person.wait_for(f"{left} left")
    os.killpg(person.process.pid, signal.SIGKILL)
    person.process.wait()
    assert decisions(drafted) == ["accepted"] * 3
    again = subprocess.run(
        [*COMMAND, str(drafted.task)],
        input="a\n" * 9,
        capture_output=True,
        text=True,
        env={**os.environ, "TERM": "dumb"},
        check=True,
    )
    assert "9 left" in again.stdout
    assert "visible 2, scored 2, private 8" in again.stdout
    assert again.stderr == ""
    assert "\x1b" not in again.stdout


def test_an_interrupt_leaves_the_terminal_as_it_was(person: Person, drafted: Drafts) -> None:
    person.wait_for("12 left")
    person.press("a")
    person.wait_for("11 left")
    os.kill(person.process.pid, signal.SIGINT)
    assert person.end() == 130
    assert "Traceback" not in person.seen
    assert decisions(drafted) == ["accepted"]
