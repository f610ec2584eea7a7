"""Who the simulated teacher can be: how often and in which way it errs, and its habits.

One upstream plays them all. `simulated` is careful with its format, slips now and then and obeys;
`simulated:hasty` answers fast, misreads figures, talks around its JSON, writes fewer questions
than asked, skips calculations, and leaves hard questions alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from coursewright.families import Difficulty, Sample

Careful = Callable[[Sample, Random], str]
"""A skill's own wrong answer: a wrong operation, or a small slip in the result."""
Slip = Callable[[Sample, Random, Careful], str]

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Profile:
    """One simulated teacher."""

    name: str
    wrong: float
    """Share of wrong answers."""
    broken: float
    """Share of JSON responses that cannot be read."""
    slip: Slip
    """How an answer goes wrong; never to one of the right value."""
    habit: float = 0.85
    """Share of questions in a favourite phrasing when nothing else is asked for."""
    obedience: float = 0.85
    """Share of questions that follow the style asked for."""
    taste: str = ""
    """Decides which phrasings are its favourites."""
    chatty: float = 0.0
    """Share of JSON responses with prose around them, beside the broken ones."""
    terse: float = 0.0
    """Share of worked answers of which it gives the result alone."""
    most: int = 10
    """Questions it writes in one response, however many are asked for."""
    declines: frozenset[Difficulty] = frozenset()
    """Difficulties that it does not write."""


def slip_carefully(sample: Sample, rng: Random, careful: Careful) -> str:
    """A skill's own slip."""
    return careful(sample, rng)


def misread(sample: Sample, rng: Random, careful: Careful) -> str:
    """The last figure read or written wrongly, or a list cut short; else a careful slip."""
    if sample.answer[:1] in "[({'\"":
        return _cut_short(sample.answer) or careful(sample, rng)
    figures = list(_NUMBER.finditer(sample.worked))
    # A figure that is multiplied with zero may be any, and so may a zero after a decimal point.
    if not figures or re.search(r"(?<!\d)0(?!\d)|\.", sample.worked):
        return careful(sample, rng)
    last = figures[-1]
    digits = last[0]
    ways = [digits + "0", digits[::-1], digits[:-1], digits[0] + digits]
    found = [way for way in ways if way.strip("0") and int(way) != int(digits)]
    return sample.worked[: last.start()] + str(int(rng.choice(found))) + sample.worked[last.end() :]


def _cut_short(literal: str) -> str | None:
    """A Python value without its last element; None where nothing is left to drop."""
    value = ast.literal_eval(literal)
    if isinstance(value, list | tuple | str) and value:
        return repr(value[:-1])
    return None


USUAL = Profile("simulated", wrong=0.12, broken=0.05, slip=slip_carefully)
HASTY = Profile(
    "hasty",
    wrong=0.25,
    broken=0.10,
    slip=misread,
    habit=0.95,
    obedience=0.5,
    taste="hasty",
    chatty=0.6,
    terse=0.2,
    most=3,
    declines=frozenset({"hard"}),
)
PROFILES: dict[str | None, Profile] = {None: USUAL, HASTY.name: HASTY}
"""By the model that the reference `simulated:MODEL` names."""
