"""The data set in the two forms that trainers read, as Parquet and as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coursewright.chat import layout
from coursewright.errors import UsageError
from coursewright.records import TracedRow

FORMS = ("alpaca", "messages")


def write_dataset(rows: Sequence[TracedRow], folder: Path) -> None:
    """Write `alpaca/` and `messages/` with `train.parquet` and `train.jsonl` each.

    Every row has `call`: the key of the teacher's call in the run's ledger that it was traced to.
    Where rows cite passages of the task's documents, each has `passages`: their ids.

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
    columns = {
        "alpaca": [("instruction", text), ("input", text), ("output", text), ("call", text)],
        "messages": [("messages", pa.list_(turn)), ("call", text)],
    }
    cited = any(row.passages for row in rows)
    for form in FORMS:
        place = folder / form
        place.mkdir(parents=True)
        records = [_FORM[form](row) for row in rows]
        schema = columns[form]
        if cited:
            schema = [*schema, ("passages", pa.list_(text))]
            for record, row in zip(records, rows, strict=True):
                record["passages"] = list(row.passages)
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        (place / "train.jsonl").write_text(lines, encoding="utf-8")
        # Through memory: what the disk refuses is then the same error for every file.
        table = pa.Table.from_pylist(records, schema=pa.schema(schema))
        with pa.BufferOutputStream() as buffer:
            pq.write_table(table, buffer, compression="zstd")
            (place / "train.parquet").write_bytes(buffer.getvalue())


def alpaca(row: TracedRow) -> dict[str, Any]:
    """A row as instruction, input and output."""
    return {
        "instruction": row.instruction,
        "input": row.input,
        "output": row.output,
        "call": row.response,
    }


def messages(row: TracedRow) -> dict[str, Any]:
    """A row as the conversation that the student was trained on."""
    turns = (("user", layout(row.instruction, row.input)), ("assistant", row.output))
    return {
        "messages": [{"role": role, "content": content} for role, content in turns],
        "call": row.response,
    }


_FORM = {"alpaca": alpaca, "messages": messages}
