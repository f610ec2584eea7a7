"""Numbers in prose: the last one counts."""

from __future__ import annotations

import math
import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_LONGEST = 20_000
"""Characters read, from the end: an answer stands last."""
_GROUP = re.compile(r"(?<=\d)(?:,?\\!|\\,|\{,\}|[\u2009\u202f])(?=\d{3}(?!\d))")
"""What LaTeX and typesetters put between thousands."""


def raised(name: str) -> str:
    """A pattern of `^3`, `^{-3}` or `^{3.5}` whose exponent is the group `name`."""
    return rf"\s?\^\s?\{{?\s?(?P<{name}>[-+]?\s?\d{{1,4}}(?:[./]\d{{1,40}})?)\s?\}}?"


_GAP = r"(?:[^\S\n]|~|\\[,;: ]){0,4}+"
_NUMBER = re.compile(
    # A digit glued to a letter or a power (m/s2, x^2, x^{-2}) belongs to a unit or a name.
    r"(?<![\w.^])(?<!\^-)(?<!\^\{)(?<!\^\{-)"
    # A minus is a sign only where nothing stands before it that it could be subtracted from.
    r"(?P<sign>(?<![\w)\]])[-+](?:\\?[$€£¥]\s?)?)?"
    r"(?=\.?\d)(?P<whole>\d{1,3}(?:,\d{3}){1,40}(?!\d)|\d{1,400})?"
    r"(?P<rest>\.\d{1,400})?"
    r"(?:[eE](?P<e>[-+]?\d{1,3})(?!\w)"
    rf"|{_GAP}(?:[xX×*·⋅]|\\times|\\cdot){_GAP}10{raised('ten')}"
    rf"|{raised('alone')})?"
)


class Numeric(BaseModel):
    """Right within `absolute`, or within `relative` times the size of the gold answer.

    Reads the last number of the output, and only behind the last `=` if there is one. Commas
    between thousands are dropped, a Unicode minus is a minus.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    absolute: float = Field(default=1e-9, ge=0, allow_inf_nan=False)
    """Largest difference that still counts as right, both ends included."""
    relative: float = Field(default=0.0, ge=0, le=1, allow_inf_nan=False)
    """The same as a share of |gold|."""

    def score(self, output: str, answer: Any) -> float:
        gold = last_number(answer) if isinstance(answer, str) else _as_float(answer)
        given = last_number(output)
        if gold is None or given is None:
            return 0.0
        # Decimal fractions are inexact in binary: 0.3 - 0.2 must still be within 0.1.
        allowed = max(self.absolute, self.relative * abs(gold)) * (1 + 1e-12)
        return float(abs(given - gold) <= allowed + 1e-12 * abs(gold))

    def readable(self, output: str) -> bool:
        return last_number(output) is not None


def last_number(text: str) -> float | None:
    """The last finite number of a text, behind its last `=`; None if there is none.

    Powers of ten are read (`1.5 × 10^3`, `10^{-4}`); another power (`2^{10}`) is no number, and
    none before it is taken in its place.
    """
    tail = ungrouped(text[-_LONGEST:]).replace("−", "-").rpartition("=")[2]
    numbers = list(_NUMBER.finditer(tail))
    if not numbers:
        return None
    found = numbers[-1]
    value = in_tens(found, (found["whole"] or "") + (found["rest"] or ""))
    if value is None or not math.isfinite(value):
        return None
    return -value if (found["sign"] or "").startswith("-") else value


def ungrouped(text: str) -> str:
    """The text without LaTeX's marks and thin spaces between thousands (`12{,}500`, `12\\,500`)."""
    return _GROUP.sub("", text)


def in_tens(match: re.Match[str], digits: str) -> float | None:
    """The value of digits and the power of ten behind them; None for any other power.

    The match has the exponent in its group `e` (`1e3`), `ten` (`1 × 10^3`) or `alone` (`10^3`).
    """
    digits = digits.replace(",", "")
    exponent = match["e"] or match["ten"] or "0"
    if match["alone"] is not None:
        if digits != "10":
            return None
        digits, exponent = "1", match["alone"]
    try:
        return float(f"{digits}e{exponent.replace(' ', '')}")
    except ValueError:  # no whole exponent
        return None


def _as_float(answer: Any) -> float | None:
    if isinstance(answer, bool) or not isinstance(answer, (int, float)):
        return None
    try:
        value = float(answer)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None
