"""A gate holds until exactly what is seen there was answered."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from coursewright.display import Silent
from coursewright.errors import Interrupted
from coursewright.records import Approval, Usage, Waiting
from coursewright.store import HeedingJournal, Requests, RunJournal, RunPeople

PLAN = Waiting(gate="plan", round=0, subject="a" * 64)


class Lines(Silent):
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, line: str) -> None:
        self.said.append(line)


def waits_for(requests: Requests, people: RunPeople) -> tuple[threading.Thread, list[Approval]]:
    """Ask in a thread; return it once the run waits."""
    answers: list[Approval] = []
    thread = threading.Thread(target=lambda: answers.append(people.ask(PLAN)), daemon=True)
    thread.start()
    while requests.waiting() is None:
        assert thread.is_alive()
    return thread, answers


def test_a_gate_waits_for_an_answer_to_what_is_seen_there(tmp_path: Path) -> None:
    requests, lines = Requests(tmp_path / "r"), Lines()
    thread, answers = waits_for(requests, RunPeople(requests, "mine", lines))
    requests.answer(PLAN.model_copy(update={"subject": "b" * 64}), approved=True)
    requests.answer(PLAN.model_copy(update={"round": 1}), approved=True)
    thread.join(timeout=1)
    assert thread.is_alive(), "answers to something else open nothing"
    requests.answer(PLAN, approved=False, reason="too narrow")
    thread.join()
    assert answers == [Approval(gate="plan", round=0, approved=False, reason="too narrow")]
    assert requests.waiting() is None
    assert "coursewright approve mine" in lines.said[0]


def test_an_answer_given_while_nobody_was_here_counts(tmp_path: Path) -> None:
    requests = Requests(tmp_path / "r")
    requests.wait(PLAN)
    requests.answer(PLAN, approved=True)
    assert RunPeople(requests, "mine", Silent()).ask(PLAN).approved
    assert requests.waiting() is None


def test_a_waiting_run_can_be_stopped_and_waits_on(tmp_path: Path) -> None:
    requests = Requests(tmp_path / "r")
    requests.add("stop")
    with pytest.raises(Interrupted, match="resume mine"):
        RunPeople(requests, "mine", Silent()).ask(PLAN)
    assert requests.waiting() is not None


def test_a_stop_that_was_asked_of_an_earlier_process_is_over(tmp_path: Path) -> None:
    requests = Requests(tmp_path / "r")
    people = RunPeople(requests, "mine", Silent(), stops_before=requests.add("stop"))
    people.heed()
    requests.add("stop")
    with pytest.raises(Interrupted):
        people.heed()


def test_nobody_is_waited_for_where_nobody_is(tmp_path: Path) -> None:
    requests = Requests(tmp_path / "r")
    with pytest.raises(Interrupted, match="never waited"):
        RunPeople(requests, "mine", Silent(), attended=False).ask(PLAN)
    assert requests.waiting() is None


def test_notes_are_read_once(tmp_path: Path) -> None:
    requests = Requests(tmp_path / "r")
    people = RunPeople(requests, "mine", Silent())
    requests.add("note", "one")
    requests.answer(PLAN, approved=True)
    notes, upto = people.notes(0)
    assert notes == ("one",)
    assert people.notes(upto) == ((), upto)


def test_a_stop_comes_before_the_next_stage_and_replays_are_not_stopped(tmp_path: Path) -> None:
    requests = Requests(tmp_path / "r")
    people = RunPeople(requests, "mine", Silent())
    with RunJournal(tmp_path / "journal.sqlite", "x") as inner:
        journal = HeedingJournal(inner, people)
        done = journal.stage("train", {"n": 1}, lambda: Usage(calls=3), Usage)
        requests.add("stop")
        assert journal.stage("train", {"n": 1}, Usage, Usage) == done
        with pytest.raises(Interrupted):
            journal.stage("train", {"n": 2}, Usage, Usage)
        assert inner.stage("train", {"n": 2}, lambda: Usage(calls=5), Usage).calls == 5


def test_what_people_take_is_not_the_runs_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("coursewright.store.clock.time.monotonic", lambda: now[0])

    def passes(seconds: float) -> Usage:
        now[0] += seconds
        return Usage()

    with RunJournal(tmp_path / "journal.sqlite", "x") as journal:
        journal.stage("program", {}, lambda: passes(7), Usage)
        journal.stage("gate", {}, lambda: passes(3600), Usage)
        now[0] += 2
        assert journal.elapsed() == pytest.approx(9)
        assert journal.seconds() == pytest.approx({"program": 7, "gate": 3600, "total": 9})
    with RunJournal(tmp_path / "journal.sqlite", "x") as journal:
        assert journal.elapsed() == pytest.approx(9)
