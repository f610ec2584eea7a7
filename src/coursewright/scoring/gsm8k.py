"""GSM8K: the number behind `####`.

Official rule: the repository openai/grade-school-math, `dataset.py`.
"""

from __future__ import annotations

import math
import re
from typing import Any

from pydantic import BaseModel, ConfigDict

from coursewright.scoring.marked_up import marked_up_number
from coursewright.scoring.numeric import last_number
from coursewright.scoring.policy import Policy

_MARKED = re.compile(r"#### (-?[0-9.,]+)")
_LONGEST = 1000
"""Characters that are read behind a mark."""


class Gsm8k(BaseModel):
    """Gold: the number, as number or text, or the data set's whole solution with its `####`.

    `official` compares the first `#### number` with the gold as text, commas dropped: `18.` and
    `18.0` are not `18`. `repaired` compares values, takes the last mark, reads `$` and units, and
    without a mark the last number of the text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: Policy = "repaired"

    def score(self, output: str, answer: Any) -> float:
        if self.policy == "official":
            marked = _official(output)
            return float(marked is not None and marked == _official_gold(answer))
        gold, given = _value(_as_text(answer)), _value(output)
        close = gold is not None and given is not None
        return float(close and math.isclose(given or 0.0, gold or 0.0, rel_tol=1e-9, abs_tol=1e-9))

    def readable(self, output: str) -> bool:
        found = _official(output) if self.policy == "official" else _value(output)
        return found is not None

    def written(self, answer: Any) -> str:
        text = _as_text(answer)
        return text if "####" in text else f"#### {text.strip()}"


def _official(output: str) -> str | None:
    match = _MARKED.search(output)
    return match[1].replace(",", "") if match else None


def _official_gold(answer: Any) -> str | None:
    text = _as_text(answer)
    return _official(text) if "####" in text else text.replace(",", "").strip()


def _as_text(answer: Any) -> str:
    """The gold as text; a whole number that JSON made a float is written without its `.0`."""
    if isinstance(answer, float) and answer.is_integer():
        return str(int(answer))
    return str(answer)


def _value(text: str) -> float | None:
    _, mark, tail = text.rpartition("####")
    number = marked_up_number(tail[:_LONGEST].strip().split("\n")[0]) if mark else None
    return last_number(text) if number is None else number
