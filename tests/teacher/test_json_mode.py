"""Asked for JSON, the gateway looks at what comes, and asks once more where it is none."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.sandbox.coursewright_program import parse_answer
from coursewright.store.ledger import Ledger
from coursewright.teacher.json_mode import holds_json
from tests.teacher.talk import Desk, ask, chat, text_of

WANTED = chat("write", response_format={"type": "json_object"})


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ('{"a": 1}', True),
        ("[1, 2]", True),
        ('Sure:\n```json\n[{"a": 1}]\n```', True),
        ('[{"a": 1}, {"a":', True),
        ("{}", False),
        ("[]", False),
        ("no", False),
        ("7", False),
        ('{"a": ', False),
        ("[" * 100_000, False),
    ],
)
def test_what_counts_as_json(text: str, good: bool) -> None:
    assert holds_json(text) is good


@given(st.text(alphabet='{}[]",: a1tn\\\n`', max_size=40))
def test_programs_can_read_whatever_the_gateway_takes_for_json(text: str) -> None:
    if holds_json(text):
        assert parse_answer(text) is not None


def test_a_broken_answer_is_asked_for_once_more_and_both_are_paid(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "Babbling")
    with desk.teacher() as teacher, teacher.line(0, 10) as line:
        first, again = (ask(line.socket, [WANTED], occurrence=0)[0] for _ in range(2))
        assert json.loads(text_of(first)) == {"try": 1}
        assert again == first
        usage = line.usage()
    assert desk.upstream_calls() == usage.calls == 2
    assert usage.prompt_tokens == 12
    with Ledger.read_only(desk.ledger) as ledger:
        (call,) = ledger.calls()
    assert call.messages == ("write",)


def test_one_that_stays_broken_is_handed_on_after_one_more_try(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "Babbling", learns=False)
    with desk.teacher() as teacher, teacher.line(0, 10) as line:
        assert text_of(ask(line.socket, [WANTED])[0]) == "no. 0, in prose"
        assert line.usage().calls == 2
    assert desk.upstream_calls() == 2


def test_nothing_is_asked_again_without_a_call_to_pay_for_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "Babbling")
    with desk.teacher() as teacher, teacher.line(0, 1) as line:
        assert text_of(ask(line.socket, [WANTED])[0]) == "no. 0, in prose"
        assert line.usage().calls == 1
    assert desk.upstream_calls() == 1


def test_asking_again_waits_for_nothing_that_the_broken_answer_holds(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "Babbling")
    # Room for the second call at its most (135) beside what the first one cost (14), but not
    # beside what the first one held (31).
    with desk.teacher(tokens=160, max_tokens=10) as teacher, teacher.line(0, 10) as line:
        assert json.loads(text_of(ask(line.socket, [WANTED])[0])) == {"try": 1}


def test_prose_that_was_asked_for_is_left_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "Babbling")
    with desk.teacher() as teacher, teacher.line(0, 10) as line:
        assert text_of(ask(line.socket, [chat("write")])[0]) == "no. 0, in prose"
    assert desk.upstream_calls() == 1
