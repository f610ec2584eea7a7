"""JSON objects, compared field by field."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from itertools import product, zip_longest
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from coursewright.scoring.literal import nesting

_LONGEST = 100_000
_DEEPEST = 20
_MOST = 5000
"""Fields that are compared; more count as none of them right."""
_FENCED = re.compile(r"```[a-zA-Z]*(?>\s*\n)(.*?)```", re.DOTALL)
_MOST_TRIED = 40_000
"""Fields of one list times those of another, up to which unequal elements are tried in all pairs;
past it they are paired in the order of their text."""
_ABSENT = object()
"""Stands for what the other side has nothing for."""


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
    """Whether the order of lists counts. If not, elements are held against those they fit best."""
    strict: bool = False
    """Compare text character by character."""

    def score(self, output: str, answer: Any) -> float:
        given = _object(output)
        if given is None or not isinstance(answer, dict):
            return 0.0
        if max(_size(given), _size(answer)) > _MOST:
            return 0.0
        right, fields = self._compared(given, answer)
        share = right / fields
        return share if self.measure == "share" else float(share == 1.0)

    def readable(self, output: str) -> bool:
        return _object(output) is not None

    def written(self, answer: Any) -> str:
        return json.dumps(answer, ensure_ascii=False)

    def _compared(self, given: Any, gold: Any) -> tuple[int, int]:
        """How many fields are right, of how many that stand on either side."""
        if given and gold and isinstance(given, dict) and isinstance(gold, dict):
            keys = given.keys() | gold.keys()
            pairs = [(given.get(key, _ABSENT), gold.get(key, _ABSENT)) for key in keys]
        elif given and gold and isinstance(given, list) and isinstance(gold, list):
            pairs = (_in_order if self.ordered else self._matched)(given, gold)
        elif _is_leaf(given) and _is_leaf(gold):
            return int(self._same(given, gold)), 1
        else:
            return 0, _size(given) + _size(gold)
        counts = [self._compared(*pair) for pair in pairs]
        return sum(right for right, _ in counts), sum(fields for _, fields in counts)

    def _matched(self, given: list[Any], gold: list[Any]) -> list[tuple[Any, Any]]:
        """Elements with their partners: equal ones first, then pairs with the most fields right."""
        waiting: dict[str, list[Any]] = {}
        for element in given:
            waiting.setdefault(self._key(element), []).append(element)
        pairs, missed = [], []
        for element in sorted(gold, key=self._key):
            equal = waiting.get(self._key(element))
            if equal:
                pairs.append((equal.pop(), element))
            else:
                missed.append(element)
        left = [element for key in sorted(waiting) for element in waiting[key]]
        few = _size(left) * _size(missed) <= _MOST_TRIED
        return pairs + (self._best_first if few else _in_order)(left, missed)

    def _best_first(self, given: list[Any], gold: list[Any]) -> list[tuple[Any, Any]]:
        tried = []
        for (at, one), (to, other) in product(enumerate(given), enumerate(gold)):
            right, fields = self._compared(one, other)
            tried.append((-right, fields, at, to))
        pairs = []
        free_given, free_gold = dict(enumerate(given)), dict(enumerate(gold))
        for _, _, at, to in sorted(tried):
            if at in free_given and to in free_gold:
                pairs.append((free_given.pop(at), free_gold.pop(to)))
        return pairs + _in_order([*free_given.values()], [*free_gold.values()])

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


def _in_order(given: list[Any], gold: list[Any]) -> list[tuple[Any, Any]]:
    return list(zip_longest(given, gold, fillvalue=_ABSENT))


def _is_leaf(value: Any) -> bool:
    """Whether a value is one field; an empty list or object is."""
    return value is not _ABSENT and not (isinstance(value, (dict, list)) and value)


def _size(value: Any) -> int:
    """How many fields a value has; counting ends past the most that are compared."""
    found = 0
    waiting = [value]
    while waiting and found <= _MOST:
        part = waiting.pop()
        if _is_leaf(part):
            found += 1
        elif part is not _ABSENT:
            waiting += part.values() if isinstance(part, dict) else part
    return found


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
