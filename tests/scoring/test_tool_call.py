"""Tool calls: what counts as a call, and which calls are the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.scoring import accepts, make_scorer

SCORER = make_scorer({"kind": "tool_call"})
DIM = {"name": "set_light", "arguments": {"room": "kitchen", "level": 30}}
OFF = {"name": "all_off", "arguments": {}}
CALL = json.dumps(DIM)


def light(**arguments: Any) -> dict[str, Any]:
    return {"name": "set_light", "arguments": arguments}


def spelled(**arguments: Any) -> str:
    return json.dumps(light(**arguments))


@pytest.mark.parametrize(
    ("output", "gold", "right"),
    [
        # the forms in which models write calls
        (CALL, DIM, True),
        (f"<tool_call>\n{CALL}\n</tool_call>", DIM, True),
        (f"```json\n{CALL}\n```", DIM, True),
        (f"I will dim it.\n{CALL}\nDone.", DIM, True),
        (f"[TOOL_CALLS][{CALL}]", DIM, True),
        (json.dumps({"tool_calls": [{"type": "function", "function": DIM}]}), DIM, True),
        (json.dumps({"name": "set_light", "parameters": DIM["arguments"]}), DIM, True),
        (json.dumps({**DIM, "arguments": json.dumps(DIM["arguments"])}), DIM, True),
        (json.dumps({"id": "c1", **DIM}), DIM, True),
        ('{"arguments": {"level": 30, "room": "kitchen"}, "name": "set_light"}', DIM, True),
        (f"<think>{json.dumps(OFF)}?</think>{CALL}", DIM, True),
        ('{"name": "all_off"}', OFF, True),
        (f'The {{room}} of [1]: {CALL}', DIM, True),
        # what is the same value, and what is not
        (spelled(room="kitchen", level=30.0), DIM, True),
        (spelled(room="kitchen", level="30"), DIM, False),
        (spelled(room="kitchen", level=31), DIM, False),
        (spelled(room="Kitchen", level=30), DIM, False),
        (spelled(room="kitchen"), DIM, False),
        (spelled(room="kitchen", level=30, fade=None), DIM, False),
        (spelled(on=True), light(on=1), False),
        (spelled(on=True), light(on=True), True),
        (spelled(rooms=["a", "b"]), light(rooms=["b", "a"]), False),
        (spelled(at={"h": 7, "m": 0}), light(at={"m": 0, "h": 7}), True),
        (CALL.replace("set_light", "set_lights"), DIM, False),
        (CALL.replace("set_light", " set_light "), DIM, True),
        # several calls
        (f"{CALL}\n{json.dumps(OFF)}", [DIM, OFF], True),
        (f"{json.dumps(OFF)}\n{CALL}", [DIM, OFF], True),
        (json.dumps([OFF, DIM]), [DIM, OFF], True),
        (CALL, [DIM, OFF], False),
        (f"{CALL}{CALL}", DIM, False),
        (f"{CALL}{CALL}", [DIM, DIM], True),
        (f"{CALL}{json.dumps(OFF)}", [DIM, DIM], False),
        # what is no call
        ("", DIM, False),
        ("set_light(room='kitchen', level=30)", DIM, False),
        (CALL[:-1], DIM, False),
        ('{"name": "set_light", "arguments": [30]}', DIM, False),
        ('{"name": 7, "arguments": {}}', OFF, False),
        ('{"name": "all_off", "name": "all_off", "arguments": {}}', OFF, False),
        ('{"name": "set_light", "arguments": {"level": NaN}}', DIM, False),
        ('{"name": "all_off", "arguments": "{broken"}', OFF, False),
        (f"{CALL}{' ' * 16_000}", DIM, False),
        ("[" * 15_000, DIM, False),
        (CALL, json.dumps(DIM), True),
    ],
)  # fmt: skip
def test_calls_are_read_and_compared(output: str, gold: Any, right: bool) -> None:
    assert SCORER.score(output, gold) == right


@pytest.mark.parametrize(
    ("options", "output", "gold", "right"),
    [
        ({"order": "given"}, [OFF, DIM], [DIM, OFF], False),
        ({"order": "given"}, [DIM, OFF], [DIM, OFF], True),
        ({"case": "any"}, [{**DIM, "arguments": {"room": " KITCHEN", "level": 30}}], DIM, True),
        ({"case": "any"}, [{**DIM, "name": "SET_LIGHT"}], DIM, False),
        ({"ignore": ["level"]}, [{**DIM, "arguments": {"room": "kitchen"}}], DIM, True),
        ({"ignore": ["level"]}, [{**DIM, "arguments": {"level": 30}}], DIM, False),
    ],
)
def test_options_say_what_else_may_differ(
    options: dict[str, Any], output: Any, gold: Any, right: bool
) -> None:
    scorer = make_scorer({"kind": "tool_call", **options})
    assert scorer.score(json.dumps(output), gold) == right


def test_readable_is_what_holds_a_call() -> None:
    assert SCORER.readable(f"Sure: {CALL}")
    assert not SCORER.readable("The kitchen light is at 30.")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
calls = st.fixed_dictionaries(
    {
        "name": st.from_regex(r"[a-z_]{1,8}", fullmatch=True),
        "arguments": st.dictionaries(st.text(max_size=5), json_values, max_size=3),
    }
)


@given(gold=st.lists(calls, min_size=1, max_size=3))
def test_every_gold_written_as_a_student_would_is_right(gold: list[dict[str, Any]]) -> None:
    assert accepts(SCORER, gold)


@given(text=st.text(alphabet='{}[]",:name arguments1\\', max_size=80))
def test_any_text_is_an_answer(text: str) -> None:
    assert SCORER.score(text, DIM) in (0.0, 1.0)


@pytest.mark.parametrize("depth", [60, 900, 7_000])
def test_deep_arguments_are_no_call(depth: int) -> None:
    deep = "[" * depth + "]" * depth
    for arguments in ('{"a": ' + deep + "}", json.dumps('{"a": ' + deep + "}")):
        assert SCORER.score(f'{{"name": "set_light", "arguments": {arguments}}}', DIM) == 0
