"""CRUXEval-O: what a function returns, as a literal between `[ANSWER]` tags.

Official rule: the repository facebookresearch/cruxeval, `inference/tasks/output_prediction.py` and
`evaluation/utils_general.py`. The official code runs `assert gold == answer`; here the answer must
be a literal.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict

from coursewright.scoring.assertion import claimed, equal, python_literal
from coursewright.scoring.policy import Policy

_TAGGED = re.compile(r"\[ANSWER\](.*?)(?:\[/ANSWER\]|\Z)", re.DOTALL | re.IGNORECASE)
_END = re.compile(r"\[/ANSWER\]", re.IGNORECASE)


class CruxEval(BaseModel):
    """Gold: the output as the text of a Python literal (`"[(4, 1), (2, 3)]"`), or its value.

    `official` cuts at `[/ANSWER]`, takes what follows `[ANSWER]` and then the first `==`, and holds
    an answer with the call `f(` for wrong; so a gold that itself holds `==` cannot be met.
    `repaired` parses the assertion, does without tags, and counts the last answer given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: Policy = "repaired"

    def score(self, output: str, answer: Any) -> float:
        gold = python_literal(answer) if isinstance(answer, str) else (answer,)
        given = self._given(output)
        if gold is None or given is None:
            return 0.0
        if self.policy == "official" and "f(" in _official_text(output) and "f(" not in str(answer):
            return 0.0
        return float(equal(given[0], gold[0]))

    def readable(self, output: str) -> bool:
        return self._given(output) is not None

    def written(self, answer: Any) -> str:
        return f"[ANSWER]{answer if isinstance(answer, str) else repr(answer)}[/ANSWER]"

    def _given(self, output: str) -> tuple[Any] | None:
        if self.policy == "official":
            return python_literal(_official_text(output))
        tagged = _TAGGED.findall(output)
        return claimed(tagged[-1] if tagged else _END.split(output)[0], python_literal)


def _official_text(output: str) -> str:
    text = output.split("[/ANSWER]")[0]  # where the official generation stops
    if "[ANSWER]" in text:
        text = text.split("[ANSWER]")[1]
    if "==" in text:
        text = text.split("==")[1]
    return text.strip()
