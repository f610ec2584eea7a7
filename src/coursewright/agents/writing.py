"""Turns a plan into a program that a human can read.

Every text of the task goes into the program as a Python literal and nowhere else, so no wording
of a task, however hostile, can become code.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from importlib.resources import files
from typing import Any

from coursewright.agents.curriculum import Plan
from coursewright.agents.topics import clean

_WIDTH = 96
_NOTES = {
    "topics": "what is taught, and how many new rows each topic gets",
    "styles": "how questions are put",
    "form": "what an answer must look like to be compared",
    "rows": "rows handed in at most",
    "keep_rows": "of which taken over from the best attempt so far",
    "calls": "requests this program may send",
    "per_call": "questions asked for in one request",
    "votes": "times each question is solved again; only what is solved alike stays",
    "solve_together": "questions in one request to solve",
    "surplus": "rows wanted for each row handed in, for a choice of wordings",
    "spare_numbers": "share of requests that want a number the answer does not need",
    "yield_": "share of questions expected to stay",
}


def write_program(plan: Plan, title: str) -> str:
    """Return the source of a program that carries out `plan`; `title` is one plain sentence."""
    body = files("coursewright.agents").joinpath("programs", f"{plan.shape}.py.txt")
    source = body.read_text(encoding="utf-8")
    # The title stands in a docstring, the one place that is not a literal of its own.
    heading = clean(title, 90).replace("\\", "").replace('"', "'")
    head, _, rest = source.partition("{{title}}")
    before, _, after = rest.partition("{{plan}}\n")
    return head + heading + before + write_constants(plan) + after


def write_constants(plan: Plan) -> str:
    """Return the plan as assignments, one constant for each of its fields."""
    values = asdict(plan)
    lines = []
    for each in fields(plan):
        name = each.name.upper().rstrip("_")
        note = f"  # {_NOTES[each.name]}" if each.name in _NOTES else ""
        value = values[each.name]
        written = literal(value)
        if note and ("\n" in written or len(name) + len(written) + len(note) > _WIDTH):
            lines.append(note.strip())
            note = ""
        lines.append(f"{name} = {written}{note}")
    return "\n".join(lines) + "\n"


def literal(value: Any, indent: int = 0) -> str:
    """Return a Python literal, broken into lines where it is long."""
    if isinstance(value, tuple):
        value = list(value)
    if isinstance(value, dict):
        flat = "{" + ", ".join(f"{_flat(k)}: {_flat(v)}" for k, v in value.items()) + "}"
        parts = [f"{_flat(k)}: {literal(v, indent + 4)}" for k, v in value.items()]
        brackets = "{}"
    elif isinstance(value, list):
        flat = _flat(value)
        parts = [literal(v, indent + 4) for v in value]
        brackets = "[]"
    elif isinstance(value, str) and len(value) > _WIDTH - indent:
        return _long_text(value, indent)
    else:
        return _flat(value)
    if len(flat) + indent <= _WIDTH or not parts:
        return flat
    inner = "".join(f"{' ' * (indent + 4)}{part},\n" for part in parts)
    return f"{brackets[0]}\n{inner}{' ' * indent}{brackets[1]}"


def _flat(value: Any) -> str:
    """A literal on one line, tuples as lists."""
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_flat(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flat(k)}: {_flat(v)}" for k, v in value.items()) + "}"
    written = repr(value)
    if isinstance(value, str) and "'" not in value and '"' not in value:
        written = f'"{written[1:-1]}"'  # as a formatter would quote it
    return written


def _long_text(text: str, indent: int) -> str:
    """A text as adjacent literals in brackets, broken at blanks."""
    pieces, line = [], ""
    for word in text.split(" "):
        if line and len(line) + len(word) > 80:
            pieces.append(line)
            line = ""
        line += f"{word} "
    pieces.append(line[:-1])
    inner = "".join(f"{' ' * (indent + 4)}{_flat(piece)}\n" for piece in pieces if piece)
    return f"(\n{inner}{' ' * indent})"
