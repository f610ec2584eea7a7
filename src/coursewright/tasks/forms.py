"""The sample says which form rows have; what of task.yaml and the items must fit that form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from coursewright.chat import ConversationFault, call_fault, read_row_messages
from coursewright.records import Item, Row, RowForm
from coursewright.scoring import Scorer
from coursewright.tasks.spec import TaskSpec

_FIELDS = ("instruction", "input", "output")


def form_of(rows: Any) -> RowForm:
    """The form of a sample as it was parsed: that of its first row."""
    first = rows[0] if isinstance(rows, list) and rows else None
    return "messages" if isinstance(first, dict) and "messages" in first else "instruction"


def sample_row(
    value: Any, form: RowForm, spec: TaskSpec | None, scorer: Scorer | None
) -> Row | tuple[str, str]:
    """A row of the sample, or (field, what is wrong with it)."""
    if not isinstance(value, dict):
        return "", "expected an object with instruction, input and output, or with messages"
    row = _conversation(value, spec) if form == "messages" else _instruction(value, spec)
    if isinstance(row, Row) and scorer is not None and not scorer.readable(row.answer):
        return "output" if form == "instruction" else form, "the scorer cannot read this output"
    return row


def _instruction(value: dict[str, Any], spec: TaskSpec | None) -> Row | tuple[str, str]:
    for key in _FIELDS:
        if key not in value:
            return key, "is missing"
        if not isinstance(value[key], str):
            return key, "must be a text"
    for key in value:
        if key not in _FIELDS:
            return key, "is not a field of a row"
    if not value["output"].strip():
        return "output", "is blank"
    if spec is not None and value["instruction"].strip() != spec.instruction.strip():
        return "instruction", "differs from the instruction in task.yaml"
    return Row.model_validate(value)


def _conversation(value: dict[str, Any], spec: TaskSpec | None) -> Row | tuple[str, str]:
    for key in value:
        if key != "messages":
            return key, "is not a field of a row whose form is `messages`, as the first one's"
    if "messages" not in value:
        return "messages", "is missing; all rows must have the form of the first one"
    try:
        messages = read_row_messages(
            value["messages"],
            system="" if spec is None else spec.preamble.system,
            tools=() if spec is None else spec.tools,
        )
    except ConversationFault as fault:
        return "messages", fault.detail
    return Row(messages=messages)


def spec_problem(form: RowForm, spec: TaskSpec) -> str | None:
    """What is wrong with the instruction of task.yaml beside rows of this form."""
    if form == "messages" and spec.instruction:
        return "has no place where rows are `messages`; say it in `system`"
    if form == "instruction" and not spec.instruction and not spec.system:
        return "is missing"
    return None


def item_problem(form: RowForm, item: Item) -> str | None:
    """What is wrong with a conversation as an item beside rows of this form."""
    if item.messages and form != "messages":
        return "an item can be a conversation only where the sample's rows are `messages` too"
    return None


def gold_faults(answer: Any, spec: TaskSpec) -> Iterator[str]:
    """Why the calls of a `tool_call` gold cannot be made with the task's tools."""
    if spec.scorer.get("kind") != "tool_call" or not spec.tools:
        return
    for call in answer if isinstance(answer, list) else [answer]:
        if isinstance(call, dict) and isinstance(call.get("arguments", {}), dict):
            fault = call_fault(str(call.get("name")), call.get("arguments", {}), spec.tools)
            if fault is not None:
                yield fault
