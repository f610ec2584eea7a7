"""The method library: known ways to make training data, each a card and a program that runs.

A card is `methods/NAME.md`, its program `methods/NAME.py.txt`. Prompts offer them in rotation, so
that drafts differ in kind.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from coursewright.seeding import derive

FAMILIES: dict[str, tuple[str, ...]] = {
    "breadth": ("self-instruct", "persona-driven", "seed-rewriting"),
    "checking": ("self-consistency-voting", "execution-verified", "backtranslation"),
    "difficulty": ("difficulty-ladder", "evolve-instruct", "student-frontier"),
    "contrast": ("contrastive-mistakes",),
    "patching": ("targeted-top-up",),
}
"""Cards by what they vary: which questions are asked, how answers are checked, how hard they are,
what they are set against, and what earlier rows lack."""
_NEED_ROWS = ("targeted-top-up",)
_NEED_STUDENT = ("student-frontier",)


@dataclass(frozen=True)
class Card:
    """One method."""

    name: str
    text: str
    """Idea, use and pitfalls, in Markdown."""
    program: str
    """A whole program that works on any task whose description lists topics."""


@cache
def load_cards() -> tuple[Card, ...]:
    """Return all cards, by name."""
    folder = files("coursewright.agents").joinpath("methods")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".md"))
    return tuple(
        Card(
            name=name.removesuffix(".md"),
            text=folder.joinpath(name).read_text(encoding="utf-8"),
            program=folder.joinpath(f"{name.removesuffix('.md')}.py.txt").read_text(
                encoding="utf-8"
            ),
        )
        for name in names
    )


def draft_families(*, asks_student: bool) -> dict[str, tuple[str, ...]]:
    """Return the methods that a first draft can follow, by family.

    `asks_student` says whether programs may ask the base student.
    """
    left_out = (*_NEED_ROWS, *(() if asks_student else _NEED_STUDENT))
    fitting = {
        family: tuple(name for name in names if name not in left_out)
        for family, names in FAMILIES.items()
    }
    return {family: names for family, names in fitting.items() if names}


def card_named(name: str) -> Card | None:
    """Return the card of this name; None if there is none."""
    return next((card for card in load_cards() if card.name == name), None)


def cards_in_turn(seed: int, number: int, count: int) -> tuple[Card, ...]:
    """Return the cards for round `number` of the run with this seed.

    Every card is offered before any is offered again; the order is the run's own.
    """
    order = list(load_cards())
    random.Random(derive(seed, "methods")).shuffle(order)
    return tuple(order[(number * count + n) % len(order)] for n in range(min(count, len(order))))
