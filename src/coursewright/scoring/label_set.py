"""Several labels at once: the same set, or F1."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from coursewright.scoring.label import plain_label
from coursewright.scoring.listing import gold_texts, listed_texts
from coursewright.scoring.spans import Measure, bag_f1

_NONE = frozenset(("", "none", "no label", "no labels"))
"""What stands for no label at all, in golds and answers."""


class LabelSet(BaseModel):
    """Gold: a list of labels, or one; `none` where no label holds.

    An answer gives labels as a JSON list, one a line, or separated by `,`, `;` or `|`; case, spaces
    and marks around them do not count, nor does their order, and saying one twice says it once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: tuple[str, ...] = ()
    """All labels there are. If given, an answer with any other counts as unreadable."""
    measure: Measure = "f1"
    """`exact`: the same set or nothing; `f1`: harmonic mean of precision and recall."""

    def score(self, output: str, answer: Any) -> float:
        given, texts = _labels(output), gold_texts(answer)
        if given is None or not texts:
            return 0.0
        gold = _plain(texts)
        return float(given == gold) if self.measure == "exact" else bag_f1(given, gold)

    def readable(self, output: str) -> bool:
        given = _labels(output)
        return given is not None and (not self.labels or given <= _plain(self.labels))

    def written(self, answer: Any) -> str:
        return ", ".join(gold_texts(answer))


def _labels(output: str) -> frozenset[str] | None:
    """The labels of an answer; None if it is blank."""
    texts = listed_texts(output, ",;|")
    return _plain(texts) if texts or output.strip() == "[]" else None


def _plain(texts: Any) -> frozenset[str]:
    return frozenset(map(plain_label, texts)) - _NONE
