"""Right rows drawn from a family, in training phrasings: what a faultless teacher would write."""

from __future__ import annotations

from random import Random

from coursewright.chat import item_body
from coursewright.families import Family
from coursewright.records import TracedRow

TRIES = 50
"""Draws of known questions in a row after which a family counts as exhausted."""

FAMILY_OF = {
    "science-mini": "science",
    "code-mini": "code",
    "finance-mini": "finance",
    "word-problems": "words",
}
"""Which family a built-in task is drawn from."""


def draw_rows(family: Family, instruction: str, count: int, rng: Random) -> list[TracedRow]:
    """Return `count` distinct rows, skills in turn; fewer where the family has no more."""
    rows: dict[str, TracedRow] = {}
    stale = 0
    while len(rows) < count and stale < TRIES * len(family.skills):
        sample = family.skills[len(rows) % len(family.skills)].sample(rng)
        body = item_body(sample.question, sample.context or None)
        stale = stale + 1 if body in rows else 0
        rows[body] = TracedRow(instruction=instruction, input=body, output=sample.worked)
    return list(rows.values())
