"""SVAMP: within 0.1 of the gold number."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from pydantic import BaseModel, ConfigDict

from coursewright.scoring.expression import exact_gold, expression_value
from coursewright.scoring.marked_up import marked_up_number
from coursewright.scoring.numeric import last_number
from coursewright.scoring.policy import Policy

_WITHIN = Fraction(1, 10)
"""The official tolerance, both ends included, on the numbers as they are written."""


class Svamp(BaseModel):
    """Gold: a number.

    `official` reads the whole answer as an arithmetic expression; what follows an `=` is not
    looked at. `repaired` reads prose too, and of a calculation its result: the last number behind
    the last `=`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: Policy = "repaired"

    def score(self, output: str, answer: Any) -> float:
        gold, given = exact_gold(answer), self._given(output)
        return float(gold is not None and given is not None and abs(given - gold) <= _WITHIN)

    def readable(self, output: str) -> bool:
        return self._given(output) is not None

    def _given(self, output: str) -> Fraction | None:
        if self.policy == "repaired" and ("=" in output or expression_value(output) is None):
            number = last_number(output)
            if number is None:
                number = marked_up_number(output[-1000:])
            return None if number is None else Fraction(str(number))
        return expression_value(output)
