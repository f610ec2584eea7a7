"""The data set in the two forms that trainers read, as Parquet and as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coursewright.chat import layout, native_turns, schemas
from coursewright.errors import UsageError
from coursewright.records import Message, Preamble, TracedRow


def forms_of(rows: Sequence[TracedRow]) -> tuple[str, ...]:
    """The forms that rows can be written in; conversations in one alone."""
    return ("messages",) if any(row.messages for row in rows) else ("alpaca", "messages")


def write_dataset(rows: Sequence[TracedRow], folder: Path, preamble: Preamble) -> None:
    """Write `alpaca/` and `messages/` with `train.parquet` and `train.jsonl` each.

    Conversations, `messages/` alone. There the task's system prompt is the first turn, and its
    tools are a column, `tools`: a JSON text, for they have no common columns.

    Every row has `call`: the key of the teacher's call in the run's ledger that it was traced to.
    Where rows cite passages of the task's documents, each has `passages`: their ids. Where any is
    not the teacher's as it stood, each has `kind` and `derived` (see `audit.derived`).

    Raises:
        UsageError: pyarrow is missing.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise UsageError(
            "Parquet needs pyarrow, which is not installed: pip install 'coursewright[train]'"
        ) from error
    text, turn = pa.string(), pa.struct([("role", pa.string()), ("content", pa.string())])
    if any(turn.tool_calls for row in rows for turn in row.messages):
        called = pa.struct([("name", text), ("arguments", text)])
        each = pa.struct([("id", text), ("type", text), ("function", called)])
        said = [("role", text), ("content", text), ("name", text), ("tool_call_id", text)]
        turn = pa.struct([*said, ("tool_calls", pa.list_(each))])
    columns = {
        "alpaca": [("instruction", text), ("input", text), ("output", text), ("call", text)],
        "messages": [("messages", pa.list_(turn)), ("call", text)],
    }
    if preamble.tools:
        columns["messages"].append(("tools", text))
    cited = any(row.passages for row in rows)
    made = any(row.kind != "teacher" for row in rows)
    for form in forms_of(rows):
        place = folder / form
        place.mkdir(parents=True)
        records = [record_of(row, form, preamble) for row in rows]
        schema = columns[form]
        if cited:
            schema = [*schema, ("passages", pa.list_(text))]
            for record, row in zip(records, rows, strict=True):
                record["passages"] = list(row.passages)
        if made:
            schema = [*schema, ("kind", text), ("derived", text)]
            for record, row in zip(records, rows, strict=True):
                record |= {"kind": row.kind, "derived": row.derived}
        _write_lines(records, place / "train.jsonl")
        # Through memory: what the disk refuses is then the same error for every file.
        table = pa.Table.from_pylist(records, schema=pa.schema(schema))
        with pa.BufferOutputStream() as buffer:
            pq.write_table(table, buffer, compression="zstd")
            (place / "train.parquet").write_bytes(buffer.getvalue())


def write_smallest(
    rows: Sequence[TracedRow], folder: Path, forms: Sequence[str], preamble: Preamble
) -> None:
    """Write `smallest.jsonl` beside the training data in these forms, if there are such rows.

    They are rows of the training data, in the balanced order in which they were found.
    """
    for form in forms if rows else ():
        records = [record_of(row, form, preamble) for row in rows]
        _write_lines(records, folder / form / "smallest.jsonl")


def _write_lines(records: Sequence[dict[str, Any]], path: Path) -> None:
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_text(lines, encoding="utf-8")


def record_of(row: TracedRow, form: str, preamble: Preamble) -> dict[str, Any]:
    """A row as a record of one form."""
    return _alpaca(row) if form == "alpaca" else _messages(row, preamble)


def _alpaca(row: TracedRow) -> dict[str, Any]:
    """A row as instruction, input and output."""
    return {
        "instruction": row.instruction,
        "input": row.input,
        "output": row.output,
        "call": row.response,
    }


def _messages(row: TracedRow, preamble: Preamble) -> dict[str, Any]:
    """A row as the conversation that the student was trained on, in OpenAI's shape."""
    asked = Message(role="user", content=layout(row.instruction, row.input))
    turns = native_turns(row.messages or (asked, Message(role="assistant", content=row.output)))
    for turn in turns:
        for call in turn.get("tool_calls", ()):
            arguments = json.dumps(call["function"]["arguments"], ensure_ascii=False)
            call["function"] = {**call["function"], "arguments": arguments}
    if preamble.system:
        turns.insert(0, {"role": "system", "content": preamble.system})
    tools = {"tools": json.dumps(schemas(preamble.tools))} if preamble.tools else {}
    return {"messages": turns, "call": row.response, **tools}
