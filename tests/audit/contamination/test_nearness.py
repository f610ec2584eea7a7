"""Which items resemble one that could be looked at."""

from __future__ import annotations

import pytest

from coursewright.audit import near_items
from coursewright.records import Item

SEEN = "Tom drives 30 km in 2 hours along the river. How fast does his old van go?"


def item(number: int, question: str) -> Item:
    return Item(id=f"i{number}", question=question, answer="1")


@pytest.mark.parametrize(
    ("question", "near"),
    [
        (SEEN, True),
        ("Mia drives 75 km in 5 hours along the river. How fast does her old van go?", True),
        ("Which gas do green leaves give off while the sun shines on them?", False),
        ("How many neutrons does an atom of carbon hold beside its six protons?", False),
    ],
)
def test_other_names_and_numbers_leave_an_item_near(question: str, near: bool) -> None:
    found = near_items([item(1, question)], [item(0, SEEN), item(9, "What is 2 + 2?")])
    assert found == ({"i1"} if near else set())


def test_nothing_is_near_to_nothing() -> None:
    assert near_items([], [item(0, SEEN)]) == near_items([item(0, SEEN)], []) == frozenset()
