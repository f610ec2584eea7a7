"""Invented questions: stories with little in common, and a template of which all are alike."""

from random import Random

from coursewright.records import Item, TracedRow
from tests.audit.calls import INSTRUCTION

_SYLLABLES = [first + last for first in "bdfgklmnprstv" for last in "aeiou"]
_JOINTS = ("and then", "while", "before", "after that", "because", "so that", "until", "though")


def words(rng: Random, count: int) -> list[str]:
    """Invented words out of a few thousand."""
    return ["".join(rng.choices(_SYLLABLES, k=2)) for _ in range(count)]


def story(rng: Random) -> str:
    """A question of about 25 words, unlike any other."""
    name = rng.choice(("Anna", "Bo", "Carla", "Dirk", "Ella", "Finn"))
    told = words(rng, 12)
    number = rng.randint(2, 99)
    joint = rng.choice(_JOINTS)
    return (
        f"{name} had {number} {' '.join(told[:5])} {joint} {name} lost {rng.randint(2, 9)} "
        f"{' '.join(told[5:10])}. How many {' '.join(told[10:])} are left?"
    )


def sum_of(rng: Random) -> str:
    """A question of one template."""
    name = rng.choice(("Anna", "Bo", "Carla", "Dirk", "Ella", "Finn"))
    one, other = rng.randint(100, 9999), rng.randint(100, 9999)
    return (
        f"{name} counts {one} steps on the way to the market and {other} steps on the way back "
        "home. How many steps did they count in all?"
    )


def items(questions: list[str], prefix: str) -> list[Item]:
    """Exam items of these questions."""
    return [Item(id=f"{prefix}{n}", question=q, answer=n) for n, q in enumerate(questions)]


def rows(questions: list[str]) -> list[TracedRow]:
    """Training rows of these questions."""
    return [TracedRow(instruction=INSTRUCTION, input=q, output="1") for q in questions]


def swapped(text: str, rng: Random, keep: float = 0.8) -> str:
    """The same text with some words changed."""
    return " ".join(w if rng.random() < keep else words(rng, 1)[0] for w in text.split())
