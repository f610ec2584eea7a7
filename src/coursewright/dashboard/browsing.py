"""Rows of a data set for a page: found by words, and each with all that led to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from coursewright.errors import RunFolderError
from coursewright.lineage import Lineage, LineageCall, trace_in
from coursewright.report import Story, page
from coursewright.report.inert import one_line


def found_rows(story: Story, words: str, origin: int | None) -> list[dict[str, Any]]:
    """The rows of the best data set that hold all the words, and are first of that round."""
    table, _ = page.row_table(story, story.data_set(story.best), room=None)
    wanted = words.lower().split()
    return [
        row
        for row in table
        if (origin is None or row["r"] == origin)
        and all(word in f"{row['q']}\n{row['a']}".lower() for word in wanted)
    ]


def origin_of(story: Story, number: int) -> dict[str, Any]:
    """Row `number` (from 1) of the best data set, and what led to it, for a template.

    Raises:
        RunFolderError: there is no data set, or it cannot be read.
        UsageError: it has no such row.
    """
    best = story.best
    if best is None or best.audit is None or best.audit.rows is None:
        raise RunFolderError("there is no data set yet", file=story.folder.name)
    found = trace_in(story.folder, number, best.audit.rows, best.number)
    maker = found.maker
    return {
        "number": found.number,
        "rows": found.rows,
        "delivered_by": found.delivered_by,
        "kind": one_line(", ".join(filter(None, (found.row.kind, found.row.derived)))),
        "texts": list(_texts(found)),
        "cites": [one_line(passage) for passage in found.row.passages],
        "calls": [_call(call) for call in found.calls],
        "made_in": None if maker is None else maker.round,
        "operation": "" if maker is None else maker.operation,
        "from_rounds": [] if maker is None else [a.round for a in maker.ancestors],
        "kept_by": found.held_by[1:],
        "plan": "" if maker is None else maker.plan,
        "missing": [one_line(line, 300) for line in found.missing],
    }


def _texts(found: Lineage) -> Iterator[tuple[str, str]]:
    row = found.row
    for turn in row.messages or ():
        calls = "".join(f"\n{call.text}" for call in turn.tool_calls)
        yield turn.role, f"{turn.content}{calls}".strip()
    if not row.messages:
        for name in ("instruction", "input", "output"):
            if getattr(row, name):
                yield name, getattr(row, name)


def _call(call: LineageCall) -> dict[str, Any]:
    also = [str(number) for number in call.served if number != call.round]
    told = f"paid by round {call.round}" + (f", served to {', '.join(also)} too" if also else "")
    return {
        "key": call.key[:12],
        "told": f"{told}; {call.prompt_tokens:,} + {call.completion_tokens:,} tokens",
        "messages": [
            (one_line(str(message.get("role", "?")), 40), str(message.get("content", "")))
            for message in call.messages
        ],
        "response": call.response,
    }
