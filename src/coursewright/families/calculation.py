"""Skills whose answer is a short calculation, and the mistakes people make in them."""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from random import Random

from coursewright.families import Difficulty, Sample, Skill

Fields = Mapping[str, object]
Drawn = tuple[Fields, str]
"""What one draw gives: values for the slots of a template, and the worked answer."""

_STEP = re.compile(r"(-?\d+) ([-+*/]) (\d+) = (-?\d+)$")


def between(
    rng: Random,
    level: Difficulty,
    easy: tuple[int, int],
    medium: tuple[int, int],
    hard: tuple[int, int],
) -> int:
    """A whole number from the range of that difficulty, both ends included."""
    return rng.randint(*{"easy": easy, "medium": medium, "hard": hard}[level])


def factor(rng: Random, level: Difficulty) -> int:
    """An operand of the times tables: at most 12, never 1 (which would need a singular)."""
    return between(rng, level, (2, 7), (2, 10), (3, 12))


def last_number(worked: str) -> str:
    """The result a worked calculation ends with, as text."""
    return worked.rpartition("=")[2].strip()


def template_skill(
    name: str,
    title: str,
    description: str,
    hints: str,
    wordings: Mapping[str, str],
    heldout: Mapping[str, str],
    draw: Callable[[Random, Difficulty], Drawn],
) -> Skill:
    """A skill that fills question templates.

    ``hints`` is a comma-separated list; ``wordings`` and ``heldout`` map phrasing id -> template.
    """
    templates = {**wordings, **heldout}

    def fill(rng: Random, phrasing: str, difficulty: Difficulty) -> Sample:
        fields, worked = draw(rng, difficulty)
        question = templates[phrasing].format(**fields)
        return Sample(
            name,
            phrasing,
            question[0].upper() + question[1:],
            str(fields.get("table", "")),
            last_number(worked),
            worked,
        )

    return Skill(
        name=name,
        title=title,
        description=description,
        hints=tuple(hint.strip() for hint in hints.split(",")),
        phrasings=tuple(wordings),
        heldout=tuple(heldout),
        draw=fill,
        spoil=spoil_calculation,
    )


def spoil_calculation(sample: Sample, rng: Random) -> str:
    """A plausible wrong calculation: a wrong operation, or a slip in the result."""
    right = int(sample.answer)
    step = _STEP.search(sample.worked)
    if step is None:
        return str(_miscount(right, rng))
    left, sign, other = int(step[1]), step[2], int(step[3])
    head = sample.worked[: step.start()]
    # In the middle of a longer sum another sign would change what the terms before it mean.
    if rng.random() < 0.6 and head[-2:] in ("", ", "):
        signs = [other_sign for other_sign in "+-*/" if other_sign != sign]
        rng.shuffle(signs)
        for wrong in signs:
            value = _apply(left, wrong, other)
            if value is not None and value != right:
                return f"{head}{left} {wrong} {other} = {value}"
    return f"{sample.worked[: sample.worked.rindex('=')]}= {_miscount(right, rng)}"


def _apply(left: int, sign: str, right: int) -> int | None:
    """The value of one step, or None where it is not a whole number."""
    if sign == "/":
        value = Fraction(left, right) if right else Fraction(1, 2)
        return value.numerator if value.denominator == 1 else None
    return {"+": left + right, "-": left - right, "*": left * right}[sign]


def _miscount(value: int, rng: Random) -> int:
    """A result near the right one, never equal to it."""
    return value + rng.choice((-10, -2, -1, 1, 2, 10))
