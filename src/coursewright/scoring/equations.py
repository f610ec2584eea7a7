"""Equations that stand in a text, such as `12 * 7 = 84`: found and worked out, never evaluated."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import islice, pairwise

from coursewright.scoring.expression import expression_value

_LONGEST, _MOST = 4000, 40
_LEFT = re.compile(r"[\d.,\s+\-*/×÷−()]+$")
_RIGHT = re.compile(
    r"\s*\$?\s*(-?\d{1,15}(?:,\d{3})*(?:\.\d{1,15})?)(?![\w%^]|\s*[*/+×÷−(^]|\s*-\s*\d)"
)
_OPERATION = re.compile(r"[\d)]\s*[-+*/×÷−]\s*[\d(.]")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def false_equations(text: str) -> tuple[int, int]:
    """How many equations of numbers a text holds, and how many of them are false.

    Left of the sign is plain arithmetic, right of it one number. A result may be rounded to the
    decimals it shows, and to a whole number. What has units or letters inside is passed over.
    """
    text = text[:_LONGEST].replace("$", " ").replace("<<", ";").replace(">>", ";")
    held = false = 0
    parts = text.split("=")
    for left, right in islice(pairwise(parts), _MOST):
        found, stated = _LEFT.search(left), _RIGHT.match(right)
        if found is None or stated is None:
            continue
        written = found.group()
        if not (written[0].isspace() or written[0] == ",") and left[: found.start()][-1:] not in (
            "",
            ";",
            ":",
        ):
            continue  # part of a name or of a term that is no plain number
        # A list of steps puts a comma before the next one: `20 - 8 = 12, 12 / 4`.
        written = re.split(r"[,.]\s+", written.strip())[-1].lstrip(",;").strip()
        if not _OPERATION.search(written):
            continue
        value = expression_value(written)
        if value is None:
            continue
        held += 1
        false += not _is(value, stated[1].replace(",", ""))
    return held, false


def _is(value: Fraction, stated: str) -> bool:
    given = Fraction(stated)
    decimals = len(stated.partition(".")[2])
    if not decimals:
        return value == given if value.denominator == 1 else abs(value - given) < 1
    return abs(value - given) <= Fraction(6, 10 ** (decimals + 1))


def numbers_in(text: str) -> set[Fraction]:
    """The values of all unsigned numbers of a text."""
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text[:_LONGEST])
    return {Fraction(found[:40]) for found in _NUMBER.findall(plain)}
