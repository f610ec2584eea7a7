"""Spans of text: exact match, or F1 of their words, after the usual normalisation."""

from __future__ import annotations

import json
import re
import string
from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from coursewright.scoring.listing import gold_texts, listed_texts

_GROUPS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_PUNCTUATION = re.compile(
    # Points within numbers and minus signs before them stay: 1.3 is not 13, nor -5 the same as 5.
    r"(?<!\d)\.|\.(?!\d)|-(?!\d)|(?<=\S)-|"
    + f"[{re.escape(string.punctuation.replace('.', '').replace('-', ''))}]"
)
_ARTICLES = re.compile(r"\b(a|an|the)\b")
Measure = Literal["exact", "f1"]


class Spans(BaseModel):
    """Gold: one text, or a list of texts, all of which are wanted; their order is free.

    Compared without case, punctuation and articles. An answer gives several spans as a JSON list,
    one a line, or separated by `|` or `;`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    measure: Measure = "f1"
    """`exact`: the same spans or nothing; `f1`: harmonic mean of the shares of words right."""

    def score(self, output: str, answer: Any) -> float:
        gold = [plain_span(text) for text in gold_texts(answer)]
        if not gold:
            return 0.0
        # A single gold span may itself hold a mark that separates spans.
        ways = [listed_texts(output, "|;"), [output.strip()[:20_000]]]
        return max(self._compare([plain_span(text) for text in way], gold) for way in ways)

    def _compare(self, given: list[str], gold: list[str]) -> float:
        if self.measure == "exact":
            return float(Counter(filter(None, given)) == Counter(filter(None, gold)))
        return bag_f1(" ".join(given).split(), " ".join(gold).split())

    def readable(self, output: str) -> bool:
        return bool(listed_texts(output, "|;"))

    def written(self, answer: Any) -> str:
        texts = gold_texts(answer)
        return texts[0] if len(texts) == 1 else json.dumps(texts, ensure_ascii=False)


def plain_span(text: str) -> str:
    """Lower case, without punctuation and articles, blanks collapsed; numbers keep their value."""
    bare = _PUNCTUATION.sub("", _GROUPS.sub("", text.lower()))
    return " ".join(_ARTICLES.sub(" ", bare).split())


def bag_f1(given: Iterable[str], gold: Iterable[str]) -> float:
    """F1 of two bags of words; 1 if both are empty."""
    left, right = Counter(given), Counter(gold)
    if not left or not right:
        return float(left == right)
    shared = (left & right).total()
    return 2 * shared / (left.total() + right.total())
