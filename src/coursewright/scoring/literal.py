"""Python literals, compared by value. Text is parsed, never evaluated."""

from __future__ import annotations

import ast
import warnings
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Literal(BaseModel):
    """Right if the output is a Python literal equal to the gold one.

    Equality is Python's, as LiveCodeBench has it: `1 == 1.0 == True`, but a tuple is not a list.
    A gold answer given as text is itself a literal; one given as JSON is taken as it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    longest: int = Field(default=4000, ge=1, le=100_000)
    """Characters an answer may have."""
    deepest: int = Field(default=20, ge=1, le=50)
    """Brackets an answer may nest."""

    def score(self, output: str, answer: Any) -> float:
        given = parse_literal(output, self.longest, self.deepest)
        gold = (
            parse_literal(answer, self.longest, self.deepest)
            if isinstance(answer, str)
            else (answer,)
        )
        return float(given is not None and gold is not None and _equal(given[0], gold[0]))

    def readable(self, output: str) -> bool:
        return parse_literal(output, self.longest, self.deepest) is not None


def parse_literal(text: str, longest: int, deepest: int) -> tuple[Any] | None:
    """The value of a literal in a one-tuple, for None is a value too; None if it is not one."""
    text = text.strip()
    if not text or len(text) > longest or nesting(text) > deepest:
        return None
    try:
        with warnings.catch_warnings():
            # Odd escapes in a model's answer would otherwise warn on standard error.
            warnings.simplefilter("ignore")
            return (ast.literal_eval(text),)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def nesting(text: str, signs_of: str = "+-~") -> int:
    """An upper bound of the depth of a parse tree: open brackets, or signs in a row."""
    depth = deepest = signs = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        signs = signs + 1 if character in signs_of else signs * (character == " ")
        deepest = max(deepest, depth, signs)
    return deepest


def _equal(left: Any, right: Any) -> bool:
    try:
        return bool(left == right)
    except RecursionError:
        return False
