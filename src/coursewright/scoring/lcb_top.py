"""LiveCodeBench, test output prediction: the right side of an assertion equals the gold output.

Official rule: the repository LiveCodeBench/LiveCodeBench, `extraction_utils.py` and
`compute_test_output_prediction_metrics.py`. The official code evaluates the right side; here it
must be a literal.
"""

from __future__ import annotations

import ast
from typing import Any

from pydantic import BaseModel, ConfigDict

from coursewright.scoring.assertion import (
    any_literal,
    claimed,
    equal,
    listed,
    parse_json,
    parse_statements,
    python_literal,
    right_side,
)
from coursewright.scoring.policy import Policy


class LcbTop(BaseModel):
    """Gold: the output as JSON text (`"[1, 2]"`), or the value itself.

    `official` takes the last line that begins with `assert`, else the first code block; `repaired`
    finds the assertion wherever it stands, reads a bare literal, JSON's `true`, and a tuple as the
    list it is in JSON.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: Policy = "repaired"

    def score(self, output: str, answer: Any) -> float:
        gold = self._gold(answer)
        given = self._given(output)
        return float(gold is not None and given is not None and equal(given[0], gold[0]))

    def readable(self, output: str) -> bool:
        return self._given(output) is not None

    def written(self, answer: Any) -> str:
        gold = self._gold(answer)
        return "" if gold is None else f"assert solution() == {gold[0]!r}"

    def _given(self, output: str) -> tuple[Any] | None:
        if self.policy == "repaired":
            return claimed(output, any_literal)
        return python_literal(_official_text(output))

    def _gold(self, answer: Any) -> tuple[Any] | None:
        if self.policy == "repaired":
            return any_literal(answer) if isinstance(answer, str) else (listed(answer),)
        return parse_json(answer) if isinstance(answer, str) else (answer,)


def _official_text(output: str) -> str:
    """The text that the official code evaluates; empty where it finds none."""
    code = _official_code(output)
    lines = code.splitlines()
    if len(lines) > 1:
        code = next((line for line in lines if "assert" in line and not line.startswith("#")), code)
    code = code.strip()
    if "assert" not in code:
        return code
    statements = parse_statements(code)
    if not statements or not isinstance(statements[0], ast.Assert):
        return ""
    return right_side(statements[0].test, code) or ""


def _official_code(output: str) -> str:
    """The last line that begins with `assert`, else the first block, one of Python first."""
    lines = output.split("\n")
    asserts = [line for line in lines if line.startswith("assert")]
    if asserts:
        return asserts[-1]
    fences = [at for at, line in enumerate(lines) if "```" in line]
    opening = [at for at in fences if "```python" in lines[at] or "```Python" in lines[at]]
    if opening:
        fences = [at for at in fences if at >= opening[0]]
    return "\n".join(lines[fences[0] + 1 : fences[1]]) if len(fences) > 1 else ""
