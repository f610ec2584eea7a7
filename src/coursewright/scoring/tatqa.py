"""TAT-QA: questions on tables with text; spans, numbers and their scale.

Official rule: the repository NExTplusplus/TAT-QA, `tatqa_metric.py` and `tatqa_utils.py`.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from pydantic import BaseModel, ConfigDict

from coursewright.scoring.listing import LONGEST, MOST, listed_texts
from coursewright.scoring.literal import nesting
from coursewright.scoring.policy import Policy
from coursewright.scoring.spans import Measure, bag_f1, plain_span
from coursewright.scoring.tatqa_official import official_scores

_SCALES = {"": 1.0, "percent": 0.01, "thousand": 1e3, "million": 1e6, "billion": 1e9}
_SCALED = re.compile(
    r"([(\-−+$€£¥]*[\d.,]*\d[)%]*) (thousand|million|billion|percent)s?\.?", re.IGNORECASE
)
_NUMBER = re.compile(
    # Possessive gaps: gaps that could share a run of blanks would try every split of it.
    r"(?P<open>\()?\s*+(?P<sign>[-+−]?)\s*+[$€£¥]?\s*+(?P<sign2>[-+−]?)"
    r"(?P<digits>\d{1,3}(?:,\d{3}){1,20}(?:\.\d{1,40})?|\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})"
    r"\s*+(?P<percent>%?)\s*+\)?\s*+(?P<percent2>%?)\s*+"
    r"(?P<scale>thousand|million|billion|percent)?(?(scale)(?:\s+[a-z]{1,20})?)\.?",
    re.IGNORECASE,
)


class TatQa(BaseModel):
    """Gold: `{"answer": ["592"], "scale": "thousand", "type": "span"}`.

    `answer` is a text, a number or a list of texts; `scale` is empty, thousand, million, billion
    or percent; `type` is span, multi-span (or spans), arithmetic or count. An answer is JSON of
    the same form, or plain: `592 thousand`, `12.5 %`, several spans one a line or separated by `|`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: Policy = "repaired"
    measure: Measure = "exact"
    """`f1`: words right, for spans; a number is right or wrong."""

    def score(self, output: str, answer: Any) -> float:
        gold, scale, kind = _gold(answer)
        if not gold:
            return 0.0
        pairs = [self._compare(*way, gold, scale) for way in read_answer(output) if way[0]]
        exact, f1 = max(pairs, default=(0.0, 0.0))
        return exact if self.measure == "exact" or kind in ("arithmetic", "count") else f1

    def _compare(
        self, given: list[str], given_scale: str, gold: list[str], scale: str
    ) -> tuple[float, float]:
        """Exact match and F1 of one reading of the answer."""
        if self.policy == "official":
            return official_scores(given, given_scale, gold, scale)
        exact = _same_all(given, given_scale, gold, scale)
        return exact, max(exact, bag_f1(_words(given), _words(gold)))

    def readable(self, output: str) -> bool:
        return any(texts for texts, _ in read_answer(output))

    def written(self, answer: Any) -> str:
        if not isinstance(answer, dict):
            return json.dumps({"answer": answer}, ensure_ascii=False)
        said = {"answer": answer.get("answer"), "scale": answer.get("scale", "")}
        return json.dumps(said, ensure_ascii=False)


def read_answer(output: str) -> list[tuple[list[str], str]]:
    """The ways to read an answer as texts and scale: one for JSON.

    A plain `12.5 million` is read as 12.5 with a scale, and as it stands.
    """
    text = output.strip()[:LONGEST]
    if text.startswith("{") and nesting(text, signs_of="") <= 3:
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            said = None
        if isinstance(said, dict) and "answer" in said:
            return [(_texts(said["answer"]), str(said.get("scale") or "").lower())]
    plain = (listed_texts(text, "|"), "")
    scaled = _SCALED.fullmatch(text)
    return [plain] if scaled is None else [([scaled[1]], scaled[2].lower()), plain]


def _gold(answer: Any) -> tuple[list[str], str, str]:
    if not isinstance(answer, dict):
        return _texts(answer), "", "span"
    kind = str(answer.get("type", ""))
    texts = _texts(answer.get("answer"))
    return texts, str(answer.get("scale") or "").lower(), kind


def _texts(value: Any) -> list[str]:
    parts = value if isinstance(value, list) else [value]
    return [str(part) for part in parts if part is not None][:MOST]


def _words(texts: list[str]) -> list[str]:
    return " ".join(map(plain_span, texts)).split()


def _same_all(given: list[str], given_scale: str, gold: list[str], scale: str) -> float:
    """Whether each text of one side has a partner on the other; blank texts are left out."""
    left, right = ([text for text in side if text.strip()] for side in (given, gold))
    if len(left) != len(right):
        return 0.0
    waiting = list(left)
    for text in right:
        partner = next((one for one in waiting if _same(one, given_scale, text, scale)), None)
        if partner is None:
            return 0.0
        waiting.remove(partner)
    return 1.0


def _same(given: str, given_scale: str, gold: str, scale: str) -> bool:
    """Equal as numbers, to half a unit of the gold's second decimal; else as normalised text."""
    left, right = _value(given, given_scale), _value(gold, scale)
    if left is None or right is None:
        # A text that merely holds the number says nothing of its scale.
        return plain_span(given) == plain_span(gold) and not (right is not None and scale)
    rounding = 0.005 * _SCALES.get(scale, 1.0)
    return abs(left - right) <= rounding + 1e-9 * abs(right)


def _value(text: str, scale: str) -> float | None:
    """The number a text is, scale included; None if it is no number. `(1,234)` is negative."""
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        return None
    value = float(match["digits"].replace(",", ""))
    minus = (match["sign"] in "-−" and match["sign"]) or (match["sign2"] in "-−" and match["sign2"])
    value = -value if minus or match["open"] else value
    said = (match["scale"] or "").lower()
    if match["percent"] or match["percent2"]:
        said = "percent"
    value *= _SCALES.get(said or scale, 1.0)
    return value if math.isfinite(value) else None
