"""`rounded`: the teacher's numbers, with fewer digits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from coursewright.audit.claims import Claim, Part
from coursewright.audit.response import composed_of

_NUMBER = re.compile(r"(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:e[-+]?\d{1,2})?(?![\d.]*\d)")
_LONGEST = 40
"""Digits of a number that is looked at."""


def rounded(claim: Claim) -> Sequence[Part] | None:
    """The answer whose numbers, rounded as in the row, make the row's output."""
    evidence = claim.calls[0]
    wanted = numbers_in(claim.output)
    for values in evidence.given(claim.question):
        for ways in values:
            for way in ways:
                near = respelled(way, wanted)
                if near != way and composed_of(((near,),), claim.output):
                    return [Part(evidence, claim.question, way)]
    return None


def numbers_in(text: str) -> list[str]:
    """The numbers of a folded text as they are written, without their signs."""
    return [found for found in _NUMBER.findall(text) if len(found) <= _LONGEST]


def respelled(text: str, wanted: Sequence[str]) -> str:
    """Write every number of a text as the first of the wanted ones that is a rounding of it."""

    def instead(found: re.Match[str]) -> str:
        number = found[0]
        return next((other for other in wanted if is_rounding(other, number)), number)

    return _NUMBER.sub(instead, text)


def is_rounding(short: str, long: str) -> bool:
    """Whether a number as written is another with fewer digits, ties in either direction.

    1200 is a rounding of 1234 and of 1199.6; 1000 is one of 1000.4 alone, for of a rounded number
    two digits at least have to be left, or all before its point.
    """
    if max(len(short), len(long)) > _LONGEST:
        return False
    near, exact = (Decimal(text.replace(",", "")) for text in (short, long))
    step = Decimal(1).scaleb(int(near.as_tuple().exponent))
    fine = Decimal(1).scaleb(int(exact.as_tuple().exponent))
    digits = "".join(map(str, near.as_tuple().digits)).lstrip("0")
    zeros = len(digits) - len(digits.rstrip("0")) if step >= 1 else 0
    spare = max(0, min(zeros, len(digits) - 2))
    for unit in (step.scaleb(extra) for extra in range(spare + 1)):
        if fine < unit and abs(near - exact) <= unit / 2:
            return True
    return False
