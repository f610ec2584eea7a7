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


def cards_in_turn(seed: int, number: int, count: int) -> tuple[Card, ...]:
    """Return the cards for round `number` of the run with this seed.

    Every card is offered before any is offered again; the order is the run's own.
    """
    order = list(load_cards())
    random.Random(derive(seed, "methods")).shuffle(order)
    return tuple(order[(number * count + n) % len(order)] for n in range(min(count, len(order))))
