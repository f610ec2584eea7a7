"""One layout for training and scoring, whatever a chat template can say by itself."""

from __future__ import annotations

import itertools

import pytest

from coursewright.chat import Manner, told, tools_of
from coursewright.records import Message, Preamble, ToolCall, TracedRow
from coursewright.store import canonical

TOOLS = tools_of(
    [
        {
            "name": "dim",
            "description": "Dim a light.",
            "parameters": {
                "properties": {"room": {"enum": ["hall"]}, "level": {"type": "integer"}},
                "required": ["room"],
            },
        }
    ]
)
PREAMBLE = Preamble(system="Be brief.", tools=TOOLS)
TALK = (
    Message(role="user", content="Dim it."),
    Message(role="assistant", tool_calls=(ToolCall(name="dim", arguments={"room": "hall"}),)),
    Message(role="tool", content="ok"),
    Message(role="assistant", content="Done."),
)
MANNERS = [Manner(system=s, tools=t) for s, t in itertools.product((True, False), repeat=2)]


@pytest.mark.parametrize("manner", MANNERS)
def test_a_row_begins_as_its_prompt_does(manner: Manner) -> None:
    """Otherwise a student would be asked otherwise than it was trained."""
    for end in (1, 3):
        assert (
            told(TALK[:end], PREAMBLE, manner) == told(TALK, PREAMBLE, manner)[: -len(TALK) + end]
        )


def test_a_template_that_knows_nothing_is_told_everything_in_the_first_turn() -> None:
    turns = told(TALK, PREAMBLE, Manner(system=False, tools=False))
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user", "assistant"]
    first = turns[0]["content"]
    assert first.startswith('Be brief.\n\nTools:\ndim(room: "hall", level?: integer): Dim a light.')
    assert first.endswith("\n\nDim it.")
    assert turns[1]["content"] == '{"name": "dim", "arguments": {"room": "hall"}}'
    assert turns[2]["content"] == "Result of dim: ok"


def test_a_template_that_knows_tools_gets_calls_and_results_joined() -> None:
    _, _, called, result, _ = told(TALK, PREAMBLE, Manner(system=True, tools=True))
    (call,) = called["tool_calls"]
    assert call["function"] == {"name": "dim", "arguments": {"room": "hall"}}
    assert (result["tool_call_id"], result["name"]) == (call["id"], "dim")


def test_a_lone_question_without_preamble_is_one_turn_in_any_manner() -> None:
    for manner in MANNERS:
        assert told("2 + 2", Preamble(), manner) == [{"role": "user", "content": "2 + 2"}]


def test_rows_of_texts_are_written_as_before_there_were_conversations() -> None:
    row = TracedRow(instruction="i", input="q", output="o", response="k")
    assert canonical(row) == '{"input":"q","instruction":"i","output":"o","response":"k"}'
