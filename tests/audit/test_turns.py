"""Conversations are traced: the answer, with every value of its calls, to its own question."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from coursewright.audit import Context
from coursewright.audit.provenance import Provenance
from coursewright.records import TracedRow
from tests.audit.calls import Calls

DIM = {"name": "set_light", "arguments": {"room": "attic", "level": 30}}
HEAT = {"name": "set_heat", "arguments": {"room": "hall", "level": 20}}
COUNT = count(1000)
"""No call stands twice in a ledger."""
ASK, WARM = "Dim the attic, please.", "Warm up the hall a bit."


@pytest.fixture
def calls(tmp_path: Path) -> Iterator[Calls]:
    made = Calls(tmp_path / "ledger.sqlite")
    yield made
    made.close()


def fault(
    calls: Calls, response: Any, turns: list[dict[str, Any]], request: str = "Invent two."
) -> str | None:
    text = response if isinstance(response, str) else json.dumps(response)
    key = calls.add(f"{request} {len(turns)} {next(COUNT)}", text)
    row = TracedRow.model_validate({"messages": turns, "response": key})
    found = Provenance().examine([row], Context(ledger=calls.path))
    return next(iter(found.dropped), None)


def asked(question: str, *made: dict[str, Any], said: str = "") -> list[dict[str, Any]]:
    return [
        {"role": "user", "content": question},
        {"role": "assistant", "content": said, "tool_calls": list(made)},
    ]


PAIRS = [{"q": ASK, "call": DIM}, {"q": WARM, "call": HEAT}]


@pytest.mark.parametrize(
    "response",
    [
        {"q": ASK, "call": DIM},
        PAIRS,
        {"items": PAIRS},
        {"a": PAIRS[0], "b": PAIRS[1]},
        "\n".join(map(json.dumps, PAIRS)),
        {"q": ASK, "name": "set_light", "room": "attic", "level": 30},
        {"q": ASK, "call": {"function": {**DIM, "arguments": json.dumps(DIM["arguments"])}}},
        {"messages": asked(ASK, DIM)},
        asked(ASK, DIM),
        f"Of course!\n```json\n{json.dumps(PAIRS)}\n```",
    ],
)
def test_a_call_is_traced_in_any_shape_and_no_other_call_is(calls: Calls, response: Any) -> None:
    assert fault(calls, response, asked(ASK, DIM)) is None
    changed = {**DIM, "arguments": {"room": "attic", "level": 31}}
    assert fault(calls, response, asked(ASK, changed)) is not None
    assert fault(calls, response, asked(ASK, HEAT)) is not None, "the call of another question"


def test_a_text_answer_is_traced_and_a_question_of_nobody_is_not(calls: Calls) -> None:
    response = {"q": ASK, "answer": "It is at thirty now."}
    assert fault(calls, response, asked(ASK, said="It is at thirty now.")) is None
    assert fault(calls, response, asked(ASK, said="It is at forty now.")) is not None
    assert fault(calls, response, asked("Never asked.", said="It is at thirty now.")) is not None


def test_a_question_may_stand_in_the_request_but_its_call_may_not(calls: Calls) -> None:
    text = json.dumps(DIM)
    assert fault(calls, text, asked(ASK, DIM), f"Which call? {ASK}") is None
    told = f"To {ASK} reply with {text}"
    assert fault(calls, text, asked(ASK, DIM), told) == "output already stood in the request (echo)"


def test_earlier_turns_have_to_stand_somewhere_too(calls: Calls) -> None:
    before = asked("Good evening.", said="Welcome home.")
    response = {"before": "Good evening. Welcome home.", "q": ASK, "call": DIM}
    assert fault(calls, response, [*before, *asked(ASK, DIM)]) is None
    before[1]["content"] = "Go away."
    assert fault(calls, response, [*before, *asked(ASK, DIM)]) is not None
