"""Rows that are conversations: any JSON is answered, and what is kept is in order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursewright.chat import tools_of
from coursewright.records import Preamble, Row, RowLimits
from coursewright.store import Artifacts, read_rows
from coursewright.submission import SubmissionIntake

TOOL = {
    "name": "dim",
    "parameters": {
        "properties": {"level": {"type": "integer"}, "room": {"type": "string"}},
        "required": ["level"],
    },
}
PREAMBLE = Preamble(system="Be brief.", tools=tools_of([TOOL]))
CALL = {"name": "dim", "arguments": {"level": 3}}
USER, SAID = {"role": "user", "content": "Dim it."}, {"role": "assistant", "content": "Done."}
CALLED = {"role": "assistant", "tool_calls": [CALL]}
RESULT = {"role": "tool", "content": "ok"}
SAMPLE = (Row.model_validate({"messages": [USER, SAID]}),)


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    (tmp_path / "artifacts").mkdir(exist_ok=True)
    return Artifacts(tmp_path / "artifacts")


def collected(artifacts: Artifacts, *rows: Any) -> Any:
    intake = SubmissionIntake(
        artifacts, RowLimits(minimum=1, maximum=9), SAMPLE, ("<s>",), preamble=PREAMBLE
    )
    return intake.collect(artifacts.put_bytes(json.dumps(rows).encode()))


def named(**function: Any) -> dict[str, Any]:
    return {"id": "c1", "type": "function", "function": {"name": "dim"} | function}


@pytest.mark.parametrize(
    "turns",
    [
        [USER, SAID],
        [{"role": "system", "content": "Be brief."}, USER, SAID],
        [USER, CALLED],
        [USER, CALLED, RESULT, SAID],
        [USER, {**CALLED, "content": None, "tool_calls": [named(**CALL)]}],
        [USER, {**SAID, "refusal": None, "tool_calls": [named(arguments='{"level": 3}')]}],
        [USER, {**CALLED, "tool_calls": [CALL, CALL]}, RESULT, RESULT, SAID, USER, SAID],
    ],
)  # fmt: skip
def test_conversations_in_order_are_kept(artifacts: Artifacts, turns: list[Any]) -> None:
    found = collected(artifacts, {"messages": turns, "response": "k"})
    assert found.kept == 1, found.examples
    (row,) = read_rows(artifacts, found.rows)
    assert row.messages[-1].text == row.answer


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ([], "not a conversation"),
        ("hello", "not a conversation"),
        ([USER] * 100, "not a conversation"),
        ([USER], "no answer"),
        ([SAID], "turns out of order"),
        ([USER, USER, SAID], "turns out of order"),
        ([USER, SAID, SAID], "turns out of order"),
        ([USER, RESULT, SAID], "turns out of order"),
        ([USER, CALLED, SAID], "turns out of order"),
        ([USER, CALLED, USER, SAID], "turns out of order"),
        ([USER, CALLED, RESULT], "no answer"),
        ([{"role": "system", "content": "Be long."}, USER, SAID], "other system prompt"),
        ([USER, {"role": "judge", "content": "1"}], "unknown role"),
        ([USER, {**SAID, "weight": 1}], "unknown field"),
        ([USER, {**SAID, "content": 7}], "not text"),
        ([USER, {**SAID, "content": " "}], "empty turn"),
        ([USER, {**SAID, "content": "<|end|>"}], "special token"),
        ([USER, {**SAID, "content": "a<s>"}], "special token"),
        ([USER, {**CALLED, "tool_calls": [named(arguments={"level": 1, "room": "<s>"})]}],
         "special token"),
        ([USER, {**CALLED, "tool_calls": [{"name": "open", "arguments": {}}]}],
         "call of no such tool"),
        ([USER, {**CALLED, "tool_calls": [named(arguments={})]}], "call of no such tool"),
        ([USER, {**CALLED, "tool_calls": [named(arguments={"level": 1, "x": 1})]}],
         "call of no such tool"),
        ([USER, {**CALLED, "tool_calls": [named(arguments='{"level": 1, "level": 2}')]}],
         "malformed call"),
        ([USER, {**CALLED, "tool_calls": [named(arguments='{"level": 1e999}')]}],
         "malformed call"),
        ([USER, {**CALLED, "tool_calls": [{**named(arguments={}), "type": "code"}]}],
         "malformed call"),
    ],
)  # fmt: skip
def test_what_is_out_of_order_is_refused_by_name(
    artifacts: Artifacts, turns: Any, reason: str
) -> None:
    found = collected(artifacts, {"messages": turns}, {"messages": [USER, SAID]})
    assert found.dropped == {reason: 1}
    assert found.kept == 1


def test_the_other_form_and_a_copy_are_refused(artifacts: Artifacts) -> None:
    texts = {"instruction": "a", "input": "b", "output": "c"}
    row = {"messages": [USER, SAID]}
    found = collected(artifacts, texts, row, {**row, "response": "other"})
    assert found.dropped == {"unknown field": 1, "duplicate": 1}


words = st.sampled_from(
    ["user", "assistant", "tool", "system", "dim", "level", "", "\ud800", "<s>"]
)
values = st.recursive(
    st.none() | st.integers(0, 9) | words,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["role", "content", "tool_calls", "function", "name", "arguments", "level"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
turns = st.lists(st.sampled_from([USER, SAID, CALLED, RESULT]) | values, max_size=5)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(messages=turns | values)
def test_any_json_is_answered_and_what_is_kept_is_in_order(
    artifacts: Artifacts, messages: Any
) -> None:
    found = collected(artifacts, {"messages": messages})
    assert found.kept + sum(found.dropped.values()) == found.read == 1
    for row in read_rows(artifacts, found.rows) if found.kept else ():
        roles = [turn.role for turn in row.messages]
        assert (roles[0], roles[-1]) == ("user", "assistant")
        assert all(call.name == "dim" for turn in row.messages for call in turn.tool_calls)
