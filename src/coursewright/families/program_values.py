"""The plain values and harmless operations that `program_reading` works with, and their bounds."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

SIZE = 5_000
"""Elements of a collection, characters of a string."""
MAGNITUDE = 10**15

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        abs, all, any, bool, dict, divmod, enumerate, filter, float, int, len, list, map, max, min,
        range, reversed, round, set, sorted, str, sum, tuple, zip,
    )
} | {"next": next, "iter": lambda items: iter(items)}  # fmt: skip
_METHOD_NAMES: dict[type, str] = {
    list: "append extend insert pop remove sort reverse index count copy clear",
    dict: "get items keys values pop setdefault update copy",
    str: "upper lower strip split join replace startswith endswith count index find title",
    set: "add discard union intersection difference",
    tuple: "index count",
}
METHODS = {kind: frozenset(names.split()) for kind, names in _METHOD_NAMES.items()}
ERRORS: dict[str, type[Exception]] = {
    error.__name__: error
    for error in (KeyError, IndexError, ValueError, ZeroDivisionError, TypeError, StopIteration)
} | {"Exception": Exception}

_COLLECTIONS = (str, list, tuple, dict, set)


class Unreadable(Exception):
    """The program uses something this reader does not know, or is too long to follow."""


def bounded(value: Any) -> Any:
    """The value itself, unless it is too large to go on with: then `Unreadable`."""
    if isinstance(value, int) and abs(value) > MAGNITUDE:
        raise Unreadable("too large")
    if weight_of(value) > SIZE:
        raise Unreadable("too large")
    return value


def weight_of(value: Any) -> int:
    """How many elements there are to look through; 0 for what holds none."""
    return _weight(value, SIZE) if isinstance(value, _COLLECTIONS) else 0


def _weight(value: Any, most: int) -> int:
    """Elements of a value, of its elements, and so on: lists that hold one another twice grow
    without bound only when they are written out. Counts little further than `most`."""
    if isinstance(value, str):
        return len(value)
    if not isinstance(value, _COLLECTIONS):
        return 1
    if len(value) > most:
        return most + 1
    total = 1
    for item in [*value, *value.values()] if isinstance(value, dict) else value:
        total += _weight(item, most - total)
        if total > most:
            break
    return total
