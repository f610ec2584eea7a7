"""Rounds that are decided together: at once where there are slots, and none the worse for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

import pytest

from coursewright.display import Silent
from coursewright.errors import Interrupted, StageFailed
from coursewright.records import Decision, Feedback
from coursewright.waves import Candidate, side_by_side
from tests.fakes import evaluation


def candidates(count: int) -> list[Candidate]:
    return [Candidate(number, Decision(operation="draft")) for number in range(count)]


def all_of(wave: list[Candidate], work: Callable[[Candidate], None], slots: int) -> None:
    with side_by_side(slots, Silent()) as begin:
        for one in wave:
            begin(one.name, partial(work, one))


def test_as_many_work_at_once_as_there_are_slots_and_no_more() -> None:
    lock, now, most = threading.Lock(), 0, 0
    meeting = threading.Barrier(2)

    def work(candidate: Candidate) -> None:
        nonlocal now, most
        with lock:
            now, most = now + 1, max(most, now + 1)
        meeting.wait(timeout=20)  # breaks unless two are here at once
        with lock:
            now -= 1

    all_of(candidates(6), work, 2)
    assert most == 2


def test_a_spare_slot_is_left_alone_until_all_have_been_begun() -> None:
    lock, now, most = threading.Lock(), 0, [0]
    met = threading.Event()

    def work() -> None:
        nonlocal now
        with lock:
            now += 1
            most[-1] = max(most[-1], now)
            if now == 2:
                met.set()
        met.wait(20 if len(most) > 1 else 0.05)
        with lock:
            now -= 1

    with side_by_side(2, Silent(), spare=True) as begin:
        for number in range(6):
            begin(str(number), work)
        time.sleep(0.1)
        with lock:
            most.append(now)
    assert most == [1, 2]


def test_a_spare_slot_keeps_nobody_waiting_when_beginning_fails() -> None:
    with pytest.raises(StageFailed), side_by_side(3, Silent(), spare=True):
        raise StageFailed("no")


def test_one_slot_works_in_the_thread_of_the_run() -> None:
    threads = set()
    all_of(candidates(3), lambda one: threads.add(threading.current_thread()), 1)
    assert threads == {threading.main_thread()}


def test_a_failed_stage_ends_its_own_round_alone() -> None:
    wave = candidates(3)

    def work(candidate: Candidate) -> None:
        with candidate.going_on():
            if candidate.number == 1:
                raise StageFailed("no rows", kind="too few valid rows", stage="audit")

    all_of(wave, work, 2)
    ended = [candidate.ended(Feedback(text="")) for candidate in wave]
    assert [done.status for done in ended] == ["scored", "invalid", "scored"]
    assert ended[1].failure == "too few valid rows"


def test_an_interruption_comes_through_when_the_others_have_ended_their_stage() -> None:
    begun, may_end, ended = threading.Event(), threading.Event(), []

    def work(candidate: Candidate) -> None:
        if candidate.number == 0:
            begun.wait(20)
            may_end.set()
            raise Interrupted("stop")
        begun.set()
        may_end.wait(20)
        ended.append(candidate.number)

    with pytest.raises(Interrupted):
        all_of(candidates(2), work, 2)
    assert ended == [1]


def test_what_is_under_way_shows_neither_score_nor_failure() -> None:
    (candidate,) = candidates(1)
    with candidate.going_on():
        raise StageFailed("broken", kind="runtime error", stage="execute")
    seen = candidate.under_way()
    assert seen.status == "under way"
    assert (seen.failure, seen.feedback.error, seen.scored) == (None, None, None)


def test_mates_know_nothing_of_a_student_that_is_trained_already() -> None:
    (candidate,) = candidates(1)
    candidate.reached |= {"training_rows": "r", "scored": evaluation(0.5), "visible": None}
    seen = candidate.under_way()
    assert seen.training_rows == "r"
    assert seen.scored is None
    assert candidate.ended(Feedback(text="")).scored == evaluation(0.5)


def test_a_failure_is_raised_before_another_piece_begins() -> None:
    begun = 0

    def work(candidate: Candidate) -> None:
        nonlocal begun
        begun += 1
        if candidate.number == 0:
            raise Interrupted("stop")
        time.sleep(0.01)

    with pytest.raises(Interrupted):
        all_of(candidates(1000), work, 2)
    assert begun < 1000
