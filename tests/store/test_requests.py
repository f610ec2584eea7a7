"""What people ask survives everything, and an answer counts for what was seen alone."""

from __future__ import annotations

import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from coursewright.errors import RunFolderError, UsageError
from coursewright.records import Waiting
from coursewright.store import Requests

PLAN = Waiting(gate="plan", round=2, subject="a" * 64, look="rounds/002")


def _many(path: Path, name: str) -> None:
    for n in range(25):
        Requests(path).add("note", f"{name} {n}")


def test_a_file_that_is_not_there_holds_nothing_and_is_not_made(tmp_path: Path) -> None:
    requests = Requests(tmp_path / "requests.sqlite")
    assert requests.since() == ()
    assert requests.waiting() is None
    assert list(tmp_path.iterdir()) == []


def test_requests_of_several_processes_at_once_all_arrive_in_order(tmp_path: Path) -> None:
    path = tmp_path / "requests.sqlite"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_many, args=(path, name)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    texts = [request.text for request in Requests(path).since()]
    assert sorted(texts) == sorted(f"{name} {n}" for name in "abc" for n in range(25))
    for name in "abc":
        assert [t for t in texts if t[0] == name] == [f"{name} {n}" for n in range(25)]


def test_only_what_came_after_a_number_is_told_and_only_the_kinds_asked_for(tmp_path: Path) -> None:
    requests = Requests(tmp_path / "r")
    first = requests.add("note", "one")
    requests.add("stop")
    requests.add("note", "two")
    assert [r.text for r in requests.since(first, "note")] == ["two"]
    assert [r.kind for r in requests.since()] == ["note", "stop", "note"]


def test_an_answer_counts_for_exactly_what_was_waited_for(tmp_path: Path) -> None:
    requests = Requests(tmp_path / "r")
    requests.wait(PLAN)
    waiting = requests.waiting()
    assert waiting is not None
    requests.answer(waiting, approved=True)
    requests.answer(waiting, approved=False, reason="too late")
    answer = requests.answer_to(PLAN)
    assert answer is not None
    assert answer.kind == "approve"
    for other in ({"gate": "sample"}, {"round": 3}, {"subject": "b" * 64}):
        assert requests.answer_to(PLAN.model_copy(update=other)) is None


def test_a_run_waits_until_it_says_that_it_goes_on(tmp_path: Path) -> None:
    requests = Requests(tmp_path / "r")
    requests.wait(PLAN)
    since = requests.waiting()
    requests.wait(PLAN)
    assert requests.waiting() == since, "a resumed run waits since the first time"
    requests.wait(None)
    assert requests.waiting() is None


@pytest.mark.parametrize(
    "text", ["", "  \n", "x" * 8001, "ring\a", "esc\x1b[31m", "nul\0", "\ud800"]
)
def test_a_note_that_nobody_could_read_is_refused_and_leaves_nothing(
    tmp_path: Path, text: str
) -> None:
    requests = Requests(tmp_path / "r")
    with pytest.raises(UsageError):
        requests.add("note", text)
    with pytest.raises(UsageError):
        requests.answer(PLAN, approved=False, reason=text)
    assert not requests.path.exists()


def test_a_file_of_a_later_format_is_told(tmp_path: Path) -> None:
    path = tmp_path / "r"
    Requests(path).add("stop")
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 9")
    with pytest.raises(RunFolderError, match="format 9"):
        Requests(path).since()
    with pytest.raises(RunFolderError, match="format 9"):
        Requests(path).add("stop")
