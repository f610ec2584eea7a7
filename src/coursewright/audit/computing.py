"""`executed`: the row's output is what something in its response comes to when it is computed.

What can be computed is what the safe readers of this package follow, without running anything:
sums of numbers (`scoring.expression`), short Python expressions (`scoring.python_value`), and small
Python programs of plain data whose last line is a call (`families.program_reading`). Programs
beyond that cannot be checked, so their rows are refused.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from coursewright.audit.claims import Claim, Part
from coursewright.audit.reading import fold, same_value, stands_in
from coursewright.audit.response import Evidence, composed_of, without
from coursewright.audit.rounding import is_rounding, numbers_in
from coursewright.families.program_reading import Unreadable, result_of
from coursewright.scoring.expression import expression_value
from coursewright.scoring.python_value import python_value

STEPS = 4_000
"""Of one program: a submission may hold thousands of them."""
_TEXTS = 12
"""Of one exercise that are tried, alone and in pairs of a program and its call."""
_LONGEST = 4_000

_FENCE = re.compile(r"```[\w-]*\s*\n(.*?)```", re.DOTALL)
_STEP = re.compile(r"[,;]\s+|\n+")
_CALL = re.compile(r"[A-Za-z_]\w*\(.*\)", re.DOTALL)


def executed(claim: Claim) -> Sequence[Part] | None:
    """What of the response comes to the row's output."""
    evidence = claim.calls[0]
    for source in _sources(evidence, claim.question):
        if comes_to(source, claim.output):
            return [Part(evidence, claim.question, fold(source))]
    # A question that is a program itself, as in predicting what it returns: of the teacher's
    # making, or the row would hold nothing of the teacher's.
    if (
        any(stands_in(claim.question, text) for text in evidence.response)
        or any(without(values, claim.question) is not None for values in evidence.objects)
    ) and comes_to(claim.raw_question, claim.output):
        return [Part(evidence, claim.question, claim.question)]
    return None


def _sources(evidence: Evidence, question: str) -> Iterator[str]:
    """Texts of the question's exercise that may be computed, and programs with their call."""
    exercises = [
        each
        for each, values in zip(evidence.found, evidence.objects, strict=True)
        if without(values, question) is not None
    ]
    if exercises:
        for exercise in exercises:
            yield from _of_texts(
                [
                    text
                    for text in _texts_in(exercise)
                    if not same_value(question, fold(text)) and len(text) <= _LONGEST
                ]
            )
    elif any(stands_in(question, text) for text in evidence.request):
        number = evidence.ordinal(question)
        if number is not None and evidence.in_order and number <= len(evidence.found) > 1:
            yield from _of_texts(list(_texts_in(evidence.found[number - 1])))
        elif len(evidence.found) <= 1:
            inside = [text for each in evidence.found for text in _texts_in(each)]
            yield from _of_texts([evidence.said, *_FENCE.findall(evidence.said), *inside])


def _of_texts(texts: list[str]) -> Iterator[str]:
    bare = [_FENCE.sub(r"\1", text).strip() for text in texts[:_TEXTS]]
    yield from bare
    for program, call in itertools.permutations(bare, 2):
        if "def " in program and len(call) < 400 and _CALL.fullmatch(call):
            yield f"{program}\n{call}"


def _texts_in(value: dict[str, Any], depth: int = 0) -> Iterator[str]:
    """The texts of an object; an only object inside counts as its own, as in `reading.leaves`."""
    inner = [part for part in value.values() if isinstance(part, dict)]
    for part in value.values():
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict) and len(inner) == 1 and depth < 20:
            yield from _texts_in(part, depth + 1)


def comes_to(source: str, output: str) -> bool:
    """Whether a text, computed, gives a folded output: the bare value, or its steps with values."""
    if (value := _value_of(source)) is not None and _says(value, output):
        return True
    return _steps_come_true(source, output)


def _steps_come_true(source: str, output: str) -> bool:
    """Whether an output writes a calculation's steps out with their right results."""
    told = [step.partition("=") for step in _STEP.split(output.strip()) if step.strip()]
    given = [step.partition("=")[0] for step in _STEP.split(fold(source)) if step.strip()]
    if not told or len(told) != len(given):
        return False
    for (left, equals, right), expression in zip(told, given, strict=True):
        value = expression_value(left)
        if not equals or value is None or not same_value(left.strip(), expression.strip()):
            return False
        if not _says(value, right.strip()):
            return False
    return True


def _says(value: Fraction | str, output: str) -> bool:
    """Whether an output is this value, alone or amid words that label it."""
    if isinstance(value, str):
        return composed_of(((fold(value),),), output)
    spellings = {spelled for spelled in numbers_in(output) if _spells(value, spelled)}
    sign = "-" if value < 0 else ""
    return any(composed_of(((f"{sign}{spelled}",),), output) for spelled in spellings)


def _spells(value: Fraction, spelled: str) -> bool:
    if Fraction(Decimal(spelled.replace(",", ""))) == abs(value):
        return True
    return is_rounding(spelled, f"{Decimal(abs(value.numerator)) / Decimal(value.denominator):f}")


@lru_cache(maxsize=512)
def _value_of(source: str) -> Fraction | str | None:
    """A number exactly, anything else as Python writes it; None where nothing is computed."""
    source = source.strip()
    if len(source) > _LONGEST or re.fullmatch(r"[-+.\d,$%\s]*", source):
        return None  # nothing to compute in a plain number
    if (value := expression_value(source)) is not None:
        return value
    if (found := python_value(source)) is not None:
        (plain,) = found
        if isinstance(plain, (int, float)) and not isinstance(plain, bool):
            return _fraction(plain)
        # A text or a bare word is no computation: it says itself.
        return repr(plain) if isinstance(plain, (bool, tuple)) else None
    try:
        result = result_of(source, STEPS)
    except Unreadable:
        return None
    return result


def _fraction(number: float) -> Fraction | None:
    try:
        return Fraction(str(number))
    except (ValueError, OverflowError):
        return None
