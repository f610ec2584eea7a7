"""FinanceReasoning: a number within 0.2 % of the gold, or a truth value.

Official rule: the repository of the benchmark, `utils/evaluation_utils.py`, which goes back to
FinanceMath. There another model first cuts the final answer out of the text; here it is what
follows the last "therefore, the answer is", else the last line. The official code evaluates that
text as Python before it cleans it: so `1,234` is the pair (1, 234), of which the first counts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from coursewright.scoring.marked_up import marked_up_number
from coursewright.scoring.numeric import last_number
from coursewright.scoring.policy import Policy
from coursewright.scoring.python_value import python_value

_TOLERANCE = 0.002
"""Of |gold|, both ends included; so a gold of zero wants zero."""
_LONGEST = 400
"""Characters of a final answer."""
_LEAD = re.compile(r"therefore,? the answer is:?", re.IGNORECASE)
_WORDS = ("£", "€", "¥", "million", "billion", "thousand", "us", "usd", "rmb")
"""Dropped wherever they stand, in this order: of `usd` a `d` is left, which goes as a unit."""
_DIGITS = r"[\d,]*\.*\d+"
_UNITS = (
    rf"([-+]?{_DIGITS}) [^0-9 ]+$",
    rf"[^0-9 ]+ ([-+]?{_DIGITS})$",
    rf"([-+]?{_DIGITS})[^\d]{{1,2}}$",
    rf"[^-+\d]{{1,2}}({_DIGITS})$",
)
"""One word behind the number, one before it, one or two marks behind it, one or two before it."""
_GROUPED = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})*|\d+)(?:\.\d+)?$")
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_TRUTH = {"yes": True, "true": True, "no": False, "false": False}


class FinanceReasoning(BaseModel):
    """Gold: a number, or `true` / `false` written as text.

    Under `repaired` commas group digits, powers of ten and LaTeX are read, and a number with a
    scale word (`3.2 million`) is right as 3.2 or as 3,200,000, for golds have either.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: Policy = "repaired"

    def score(self, output: str, answer: Any) -> float:
        if self.policy == "official":
            return float(_official(final_answer(output), _official_gold(answer)))
        gold = _gold(answer)
        if isinstance(gold, bool):
            return float(_truth(output) is gold)
        return float(gold is not None and any(_near(one, gold) for one in _numbers(output)))

    def readable(self, output: str) -> bool:
        if self.policy == "official":
            value = official_value(final_answer(output))
            return isinstance(value, (bool, int, float))
        return bool(_numbers(output)) or _truth(output) is not None

    def written(self, answer: Any) -> str:
        return f"Therefore, the answer is {answer}."


def final_answer(output: str) -> str:
    """What follows the last "therefore, the answer is" on its line, else the last line."""
    leads = list(_LEAD.finditer(output))
    if leads:
        rest = output[leads[-1].end() :].strip()
        return rest.split("\n", 1)[0].strip()
    lines = output.strip().rsplit("\n", 1)
    return lines[-1].strip()


def official_value(text: str) -> Any:
    """The official reading: Python first, then the cleaned text as Python again; None if none."""
    if len(text) > _LONGEST:
        return None
    found = python_value(text) or python_value(_cleaned(text) or "None")
    value = found[0] if found else None
    if isinstance(value, tuple):
        value = value[0] if value else None
    return value


def _official(text: str, gold: bool | float | None) -> bool:
    value = official_value(text)
    if gold is None or not isinstance(value, (bool, int, float)):
        return False
    if isinstance(gold, bool) or isinstance(value, bool):
        return bool(value == gold)
    allowed = abs(gold) * _TOLERANCE
    return bool(gold - allowed <= value <= gold + allowed)


def _cleaned(text: str) -> str:
    """The official normalisation, step by step in its order."""
    text = text.strip().lower().rstrip(".")
    for word in _WORDS:
        text = text.replace(word, "")
    for sign in "=≈":
        if sign in text:
            text = text.rpartition(sign)[2].strip()
    text = re.sub("[`%$°]", "", text)
    if text in _TRUTH:
        return str(_TRUTH[text])
    if "true" in text or "false" in text:
        return "True" if "true" in text else "False"
    if "approximately" in text:
        text = text.replace("approximately", "").strip()
    text = text.split(" or ")[0]
    for pattern in _UNITS:
        if match := re.match(pattern, text):
            text = match[1]
    # The official code writes `math.pow` here without importing `math`: powers of ten are wrong.
    text = re.sub(r"10\^(-?\d+)", r"math.pow(10, \1)", text)
    text = text.replace(" x ", "*").replace(" × ", "*")
    return text.replace(",", "") if _GROUPED.match(text) else text


def _official_gold(answer: Any) -> bool | float | None:
    """The gold as the number or truth value that the official code insists on."""
    if isinstance(answer, str):
        text = answer.strip()
        if text.lower() in _TRUTH:
            return _TRUTH[text.lower()]
        try:
            return float(text)
        except ValueError:
            return None
    # The tolerance is a float: a whole number beyond those has none.
    return answer if isinstance(answer, (bool, int, float)) and abs(answer) < 1e300 else None


def _gold(answer: Any) -> bool | float | None:
    if isinstance(answer, str):
        plain = answer.strip().rstrip(".").lower()
        return _TRUTH[plain] if plain in _TRUTH else marked_up_number(answer)
    return answer if isinstance(answer, (bool, int, float)) else None


def _numbers(output: str) -> Sequence[float]:
    """What number the answer may mean, with and without its scale word; none if it has none."""
    tail = final_answer(output)[-_LONGEST:]
    number = marked_up_number(tail) if _LEAD.search(output) else None
    number = last_number(output) if number is None else number
    if number is None:
        return []
    scale = next((_SCALES[word] for word in reversed(_lower_words(tail)) if word in _SCALES), 1.0)
    return [number, number * scale]


def _truth(output: str) -> bool | None:
    """The first word of truth of the final answer, whatever numbers it gives as reasons."""
    words = _lower_words(final_answer(output)[-_LONGEST:])
    return next((_TRUTH[word] for word in words if word in _TRUTH), None)


def _lower_words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


def _near(given: float, gold: float) -> bool:
    try:
        allowed = abs(gold) * _TOLERANCE * (1 + 1e-9)
        return math.isfinite(given) and abs(given - gold) <= allowed
    except OverflowError:
        return False
