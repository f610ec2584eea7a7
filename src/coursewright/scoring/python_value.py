"""The value of a short Python expression of numbers, computed without `eval`.

What an official scorer hands to `eval` is model text. Here only literals, arithmetic,
comparisons, `and`, `or`, `not`, tuples and lists have a value; names, calls and everything else
have none, and sizes are bounded.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable
from typing import Any

from coursewright.scoring.literal import nesting

_LONGEST, _MOST_NODES, _DEEPEST = 400, 120, 20
_LARGEST = 10**60
"""Whole numbers past this have no value: only floats may be huge."""
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitXor: operator.xor,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def python_value(text: str) -> tuple[Any] | None:
    """The value in a one-tuple, for None is a value too; None where it has no value."""
    text = text.lstrip(" \t")
    if not text or len(text) > _LONGEST or nesting(text) > _DEEPEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd but legal spellings would warn on standard error
            tree = ast.parse(text, mode="eval")
        if sum(1 for _ in ast.walk(tree)) > _MOST_NODES:
            return None
        return (_value(tree.body),)
    except (SyntaxError, ValueError, TypeError, ArithmeticError, MemoryError, RecursionError):
        return None


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=value) if value is None or isinstance(value, (bool, int, float)):
            return _bounded(value)
        case ast.Constant(value=str(text)):
            return text
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return tuple(map(_value, parts))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            value = _value(operand)
            return _UNARY[type(op)](value if isinstance(op, ast.Not) else _number(value))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_number(_value(left)), _number(_value(right)))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _bounded(_BINARY[type(op)](_number(_value(left)), _number(_value(right))))
        case ast.BoolOp(op=op, values=parts):
            return _first(map(_value, parts), stop=isinstance(op, ast.Or))
        case ast.Compare(left=left, ops=ops, comparators=others):
            return _compare(_value(left), ops, [_value(other) for other in others])
    raise ValueError(f"{type(node).__name__} has no value here")


def _first(values: Any, *, stop: bool) -> Any:
    value = None
    for value in values:
        if bool(value) is stop:
            break
    return value


def _compare(left: Any, ops: list[ast.cmpop], others: list[Any]) -> bool:
    for op, right in zip(ops, others, strict=True):
        if type(op) not in _COMPARE:
            raise ValueError("membership and identity have no value here")
        if not _COMPARE[type(op)](left, right):
            return False
        left = right
    return True


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        if base.bit_length() * exponent > 200:
            raise ValueError("too large")
        return base**exponent
    value = float(base) ** float(exponent)
    if isinstance(value, complex):
        raise ValueError("is complex")
    return value


def _number(value: Any) -> Any:
    if not isinstance(value, (bool, int, float)):
        raise TypeError("arithmetic is for numbers")
    return value


def _bounded(value: Any) -> Any:
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise ValueError("too large")
    return value
