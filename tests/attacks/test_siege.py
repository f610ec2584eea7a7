"""What must be true after every attack: nothing got out, lives on, is over a cap, or is dressed up.

The attacks are in `programs/`, their ends in `catalog.py`; `house.besiege` has played them, each a
round of one run at level 3 and of another at level 2.
"""

from __future__ import annotations

import os

import pytest

from coursewright.store import read_rows
from tests.attacks.catalog import PROGRAMS, SUBMISSIONS
from tests.attacks.conftest import CANARY, Surroundings
from tests.attacks.house import ROUND_CALLS, Siege

pytestmark = pytest.mark.long

EVERY = tuple(PROGRAMS)


@pytest.mark.parametrize("attack", EVERY)
def test_a_hostile_program_is_contained_and_its_end_is_told(siege: Siege, attack: str) -> None:
    played, end = siege.rounds[attack], PROGRAMS[attack]
    assert played.status == end.status
    if end.execution is None:
        assert played.execution is None
        assert played.failure == "runtime error"
        return
    assert played.execution is not None
    assert played.execution.status == end.execution
    assert end.reason in played.execution.reason
    lines = played.execution.stdout.splitlines()
    assert lines, "it never came to its attack"
    assert [line for line in lines if line.startswith("GOT")] == []


@pytest.mark.parametrize("kind", SUBMISSIONS)
def test_a_hostile_submission_is_refused_and_says_why(siege: Siege, kind: str) -> None:
    played = siege.rounds.get(f"submission:{kind}")
    if played is None:
        pytest.skip("no matter of the walls: played at the other level")
    assert played.status == "invalid"
    assert played.execution is not None
    assert played.execution.status == "ok"
    assert played.collection is not None
    told = (played.collection.error or "", *played.collection.dropped)
    assert any(SUBMISSIONS[kind].words in words for words in told), told
    assert played.audit is None


def test_nothing_of_any_attack_lives_on(siege: Siege) -> None:
    assert {name: left.orphans for name, left in siege.aftermath.items() if left.orphans} == {}


def test_no_descriptor_of_the_supervisor_stays_behind(siege: Siege) -> None:
    first, *_, last = siege.aftermath.values()
    assert last.descriptors <= first.descriptors


def test_no_secret_stands_in_any_record_or_call(siege: Siege) -> None:
    for attack, played in siege.rounds.items():
        assert CANARY not in played.model_dump_json(), attack
        for call in siege.calls[attack]:
            assert CANARY not in call.request + call.response, attack


def test_no_round_passes_its_cap(siege: Siege) -> None:
    spent = {attack: total.calls for attack, total in siege.totals.items()}
    assert max(spent.values()) == spent["racing_calls"] == ROUND_CALLS
    assert siege.result.teacher_usage.calls == sum(spent.values())


def test_the_run_ends_as_any_other(siege: Siege) -> None:
    assert siege.result.status == "finished"
    assert len(siege.result.rounds) == len(siege.rounds)
    assert siege.result.isolation.verified
    assert siege.result.isolation.level == siege.level


# ---------------------------------------------------------------- what single attacks were after


def test_nobody_was_reached_but_the_teacher(siege: Siege, surroundings: Surroundings) -> None:
    assert surroundings.reached() == []


def test_other_processes_are_as_they_were(siege: Siege, surroundings: Surroundings) -> None:
    for pid in (os.getpid(), surroundings.bystander):
        assert os.getpriority(os.PRIO_PROCESS, pid) == siege.priority
        assert os.sched_getaffinity(pid) == siege.affinity


def test_racing_calls_stop_at_the_cap(siege: Siege) -> None:
    execution = siege.rounds["racing_calls"].execution
    assert execution is not None
    words = execution.stdout.split()
    assert words[:2] == ["asked", "500"]
    assert 0 < int(words[3]) <= len(siege.calls["racing_calls"]) <= ROUND_CALLS


def test_a_replayed_key_is_one_answer_and_no_origin_of_other_rows(siege: Siege) -> None:
    played = siege.rounds["replayed_keys"]
    assert played.execution is not None
    assert "answers 1\n" in played.execution.stdout
    assert len([c for c in siege.calls["replayed_keys"] if "9307" in c.request]) == 1
    assert played.audit is not None
    assert played.audit.kept == 2
    assert played.audit.verdict == "flagged"


def test_a_forged_identity_changes_neither_round_nor_request(siege: Siege) -> None:
    calls = siege.calls["forged_identity"]
    assert calls
    for call in calls:
        assert '"model":"abacus"' in call.request
        assert '"n":1' in call.request
        assert "forged" not in call.request + call.response
    assert siege.totals[EVERY[0]].calls == 0, "the first round, which they claimed to be"


def test_a_daemon_asks_nothing_after_the_end(siege: Siege) -> None:
    every = [call for calls in siege.calls.values() for call in calls]
    assert any("9001" in call.request for call in every)
    assert not any("after the end" in call.request for call in every)


def test_scores_are_the_supervisors(siege: Siege) -> None:
    played = siege.rounds["forged_scores"]
    assert (played.visible, played.scored, played.feedback.visible) == (None, None, None)
    assert played.collection is not None
    assert played.collection.kept == 1
    # The parrot's answers are always wrong; nothing that a program printed has made them right.
    assert {r.scored.accuracy for r in siege.rounds.values() if r.scored} == {0.0}


def test_no_copy_of_an_exam_item_is_trained_on(siege: Siege) -> None:
    exam = {f"sum of {number} and" for number in range(100, 400)}
    for attack in ("asking_the_exam", "copies_tenfold", "lookup_table"):
        audit = siege.rounds[attack].audit
        assert audit is not None
        assert audit.verdict == "flagged"
        assert audit.rows is not None
        for row in read_rows(siege.folder.artifacts, audit.rows):
            assert not any(mark in row.input + row.instruction + row.output for mark in exam)


def test_a_pickle_is_never_opened(siege: Siege) -> None:
    assert not os.path.exists(f"/tmp/{siege.marker}")
