"""Values that code asserts: the right side of `==`, found by parsing, never by running."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Callable
from typing import Any

from coursewright.scoring.literal import nesting, parse_literal

LONGEST = 20_000
"""Characters of a literal, and of a statement that holds one."""
DEEPEST = 40
_MOST_LINES = 200
Reader = Callable[[str], tuple[Any] | None]
"""From text to a value in a one-tuple, for None is a value too; None where it has none."""
_FENCE = re.compile(r"^[ \t]*```[^\n]*\n(.*?)^[ \t]*```", re.DOTALL | re.MULTILINE)


def parse_statements(source: str) -> list[ast.stmt]:
    """The statements of a piece of Python; none where it is none, or too long or deep."""
    if len(source) > LONGEST or nesting(source) > DEEPEST:
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return []


def right_side(test: ast.expr, source: str) -> str | None:
    """The source of what stands right of the first `==` of a comparison; None if it is none."""
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.Eq):
        return None
    return ast.get_source_segment(source, test.comparators[0])


def claimed(output: str, read: Reader) -> tuple[Any] | None:
    """What an answer claims, read by its meaning: an equation of code, else a literal.

    An equation is looked for in the code blocks from the last to the first, then in the whole,
    then line by line from the end; a literal as the whole, as a block, as the last line.
    """
    found = [*reversed(blocks(output)), output]
    lines = [line for line in output.split("\n") if line.strip()]
    for piece in (*found, *reversed(lines[-_MOST_LINES:])):
        side = _equation(_undressed(piece)) if "==" in piece or "assert" in piece else None
        if side is not None and (value := read(side)) is not None:
            return value
    values = (read(_undressed(piece)) for piece in (output, *found, *lines[-1:]))
    return next((value for value in values if value is not None), None)


def _undressed(piece: str) -> str:
    """A piece of code without the marks that prose puts around it."""
    return piece.strip().strip("`").removeprefix(">>>").strip()


def _equation(source: str) -> str | None:
    """The right side of the last assertion or comparison, `assertEqual` among them."""
    found = None
    for statement in parse_statements(source):
        side = None
        if isinstance(statement, ast.Assert):
            side = right_side(statement.test, source)
        elif isinstance(statement, ast.Expr):
            side = right_side(statement.value, source) or _second(statement.value, source)
        found = side if side is not None else found
    return found


def _second(call: ast.expr, source: str) -> str | None:
    """The second argument of `assertEqual`."""
    if not isinstance(call, ast.Call) or len(call.args) < 2:
        return None
    name = getattr(call.func, "attr", None) or getattr(call.func, "id", None)
    return ast.get_source_segment(source, call.args[1]) if name == "assertEqual" else None


def blocks(output: str) -> list[str]:
    """What stands between fences of backticks."""
    return [block.strip("\n") for block in _FENCE.findall(output)]


def python_literal(text: str) -> tuple[Any] | None:
    """A Python literal in a one-tuple."""
    return parse_literal(text, LONGEST, DEEPEST)


def any_literal(text: str) -> tuple[Any] | None:
    """A Python literal, or a JSON value, in a one-tuple; tuples become lists."""
    found = python_literal(text) or parse_json(text)
    return None if found is None else (listed(found[0]),)


def parse_json(text: str) -> tuple[Any] | None:
    """A JSON value in a one-tuple; None where it is none, or too long or deep."""
    if len(text) > LONGEST or nesting(text, signs_of="") > DEEPEST:
        return None
    try:
        return (json.loads(text),)
    except (ValueError, RecursionError):
        return None


def listed(value: Any) -> Any:
    """The same value with every tuple turned into a list, as JSON would have it."""
    if isinstance(value, (list, tuple)):
        return [listed(part) for part in value]
    if isinstance(value, dict):
        return {key: listed(part) for key, part in value.items()}
    return value


def equal(left: Any, right: Any) -> bool:
    """Python's equality: `1 == 1.0 == True`, a tuple is not a list."""
    try:
        return bool(left == right)
    except RecursionError:
        return False
