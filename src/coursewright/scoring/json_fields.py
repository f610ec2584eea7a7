"""JSON objects, compared field by field."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from coursewright.scoring.literal import nesting

_LONGEST = 100_000
_DEEPEST = 20
_MOST = 5000
"""Fields that are compared; more count as none of them right."""
_FENCED = re.compile(r"```[a-zA-Z]*(?>\s*\n)(.*?)```", re.DOTALL)
Path = tuple[str, ...]


class JsonFields(BaseModel):
    """Gold: an object; nested objects and lists count by their innermost values.

    The score is the share of right fields among all that stand in the gold, in the answer or in
    both: what is missing, wrong or too much costs the same. Numbers are compared by value, text
    without case and spare blanks unless `strict`. The answer is JSON, alone or in a code block.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    measure: Literal["share", "exact"] = "share"
    """`exact`: every field right and none too much, or nothing."""
    absolute: float = Field(default=1e-9, ge=0, allow_inf_nan=False)
    """Largest difference between numbers that still counts as right."""
    ordered: bool = True
    """Whether the order of lists counts."""
    strict: bool = False
    """Compare text character by character."""

    def score(self, output: str, answer: Any) -> float:
        given = _object(output)
        if given is None or not isinstance(answer, dict):
            return 0.0
        left, right = self._fields(given), self._fields(answer)
        if max(len(left), len(right)) > _MOST:
            return 0.0
        hits = sum(key in left and self._same(left[key], right[key]) for key in right)
        share = hits / max(1, len(left.keys() | right.keys()))
        return share if self.measure == "share" else float(share == 1.0)

    def readable(self, output: str) -> bool:
        return _object(output) is not None

    def written(self, answer: Any) -> str:
        return json.dumps(answer, ensure_ascii=False)

    def _fields(self, value: Any) -> dict[Path, Any]:
        found: dict[Path, Any] = {}
        waiting: list[tuple[Path, Any]] = [((), value)]
        while waiting and len(found) <= _MOST:
            path, part = waiting.pop()
            if isinstance(part, dict) and part:
                waiting += [((*path, f".{key}"), inner) for key, inner in part.items()]
            elif isinstance(part, list) and part:
                order = part if self.ordered else sorted(part, key=self._key)
                waiting += [((*path, f"[{at}]"), inner) for at, inner in enumerate(order)]
            else:
                found[path] = part
        return found

    def _same(self, given: Any, gold: Any) -> bool:
        if isinstance(given, bool) or isinstance(gold, bool):
            return given is gold
        if isinstance(given, (int, float)) and isinstance(gold, (int, float)):
            try:
                return math.isclose(given, gold, rel_tol=1e-9, abs_tol=self.absolute)
            except OverflowError:
                return given == gold
        if isinstance(given, str) and isinstance(gold, str) and not self.strict:
            return _plain(given) == _plain(gold)
        return type(given) is type(gold) and bool(given == gold)

    def _key(self, value: Any) -> str:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False)
        return text if self.strict else _plain(text)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _object(output: str) -> dict[str, Any] | None:
    """The object of an answer: the whole, else the last code block, else its outermost braces."""
    if len(output) > _LONGEST:
        return None
    braces = output[output.find("{") : output.rfind("}") + 1]
    for text in (output, *_FENCED.findall(output)[-1:], braces):
        if nesting(text, signs_of="") > _DEEPEST:
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return None
