"""Arithmetic expressions: parsed by our own small grammar and scored by their value.

sum     = product (("+" | "-") product)*
product = signed (("*" | "/") signed)*
signed  = "-" signed | number | "(" sum ")"
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_LONGEST, _MOST_TOKENS, _DEEPEST = 400, 80, 20
_TOKEN = re.compile(r"\s*(\d{1,15}(?:\.\d{1,15})?|\.\d{1,15}|[-+*/()])")
_SPELLINGS = str.maketrans({"×": "*", "÷": "/", "−": "-", "–": "-", "[": "(", "]": ")", "$": " "})


class Expression(BaseModel):
    """Right if the value of the expression is within `absolute` of the gold number.

    What follows an `=` is ignored, so `76 - 25 = 51` is read as `76 - 25`; a plain number is an
    expression too. SVAMP's rule is `absolute: 0.1`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    absolute: float = Field(default=1e-9, ge=0, allow_inf_nan=False)
    """Largest difference that still counts as right."""

    def score(self, output: str, answer: Any) -> float:
        given = expression_value(output)
        gold = exact_gold(answer)
        if given is None or gold is None:
            return 0.0
        # Exact arithmetic on what was written: 0.1 means one tenth, not the nearest binary number.
        return float(abs(given - gold) <= Fraction(str(self.absolute)))

    def readable(self, output: str) -> bool:
        return expression_value(output) is not None


def expression_value(text: str) -> Fraction | None:
    """The exact value of an expression, or None where it is none, too long or divides by zero."""
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    text = text.partition("=")[0].translate(_SPELLINGS)
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text).strip().rstrip(".")
    tokens = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return None
        tokens.append(match[1])
        at = match.end()
    if not tokens or len(tokens) > _MOST_TOKENS:
        return None
    parser = _Parser(tokens)
    try:
        value = parser.sum(0)
    except (_NotAnExpression, ZeroDivisionError):
        return None
    return value if parser.done else None


class _NotAnExpression(Exception):
    """The tokens do not fit the grammar."""


class _Parser:
    """Recursive descent over a list of tokens."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at == len(self._tokens)

    def sum(self, depth: int) -> Fraction:
        value = self._product(depth)
        while (sign := self._take("+", "-")) is not None:
            other = self._product(depth)
            value = value + other if sign == "+" else value - other
        return value

    def _product(self, depth: int) -> Fraction:
        value = self._signed(depth)
        while (sign := self._take("*", "/")) is not None:
            other = self._signed(depth)
            value = value * other if sign == "*" else value / other
        return value

    def _signed(self, depth: int) -> Fraction:
        if depth > _DEEPEST or self.done:
            raise _NotAnExpression
        if self._take("-"):
            return -self._signed(depth + 1)
        if self._take("("):
            value = self.sum(depth + 1)
            if not self._take(")"):
                raise _NotAnExpression
            return value
        token = self._tokens[self._at]
        if token in "+-*/()":
            raise _NotAnExpression
        self._at += 1
        return Fraction(token)

    def _take(self, *wanted: str) -> str | None:
        if self.done or self._tokens[self._at] not in wanted:
            return None
        self._at += 1
        return self._tokens[self._at - 1]


def exact_gold(answer: Any) -> Fraction | None:
    """The exact value of a gold number, or of the expression it is written as; else None."""
    if isinstance(answer, str):
        return expression_value(answer)
    if isinstance(answer, bool) or not isinstance(answer, (int, float)):
        return None
    try:
        return Fraction(str(answer))
    except (ValueError, ZeroDivisionError):
        return None
