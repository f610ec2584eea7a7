"""What the embedded students met of each family before they were students of anything.

Their pretraining held these skills in these phrasings (`scripts/make_nano.py`). So this is what a
fine-tuning may make them forget, and what replay rows are drawn from.
"""

from __future__ import annotations

from random import Random

from coursewright.chat import item_body
from coursewright.families import Sample, Skill, load_family
from coursewright.records import TracedRow

KNOWN: dict[str, dict[str, tuple[str, ...]]] = {
    "science": {
        "distance": ("direct", "given"),
        "kelvin": ("lab", "direct"),
        "force": ("story", "direct"),
        "series-resistance": ("given", "quiz"),
    },
    "code": {
        "reverse-list": ("slice", "builtin"),
        "sum-list": ("builtin", "loop"),
        "largest": ("sorted", "builtin"),
        "count-value": ("method",),
        "sort-list": ("builtin", "method"),
        "first-items": ("slice",),
        "keep-above": ("comprehension",),
    },
    "finance": {
        "cell-lookup": ("terse", "direct"),
        "profit": ("direct", "terse"),
        "growth": ("terse", "direct"),
        "budget-left": ("direct", "terse"),
        "column-total": ("terse", "direct"),
    },
    "words": {
        "subtraction": ("left-over",),
        "addition": ("together",),
        "multiplication": ("equal-groups",),
    },
}
"""Family -> skill -> phrasings."""


def known_skills(family: str) -> list[tuple[Skill, str]]:
    """The skills of a family that the students have met, each with the phrasing they met."""
    loaded = load_family(family)
    return [(loaded.skill(s), p) for s, phrasings in KNOWN[family].items() for p in phrasings]


def draw_known(
    family: str, count: int, rng: Random, taken: frozenset[str] = frozenset()
) -> list[Sample]:
    """Return `count` distinct questions of what they have met of a family, skills in turn."""
    choices = known_skills(family)
    drawn: dict[str, Sample] = {}
    while len(drawn) < count:
        skill, phrasing = choices[len(drawn) % len(choices)]
        sample = skill.sample(rng, phrasing)
        body = item_body(sample.question, sample.context or None)
        if body not in taken:
            drawn.setdefault(body, sample)
    return list(drawn.values())


def past_rows(
    count: int, without: str | None, rng: Random, taken: frozenset[str] = frozenset()
) -> list[TracedRow]:
    """Return `count` rows of the students' past, families in equal parts.

    `without` is the family of the task that is being taught: its right answers would be a course,
    not a memory. `taken` are questions of exams, which no row may hold.
    """
    families = [name for name in KNOWN if name != without]
    rows: list[TracedRow] = []
    for at, name in enumerate(families):
        share = (count - at + len(families) - 1) // len(families)
        instruction = load_family(name).instruction
        rows += [
            TracedRow(
                instruction=instruction,
                input=item_body(sample.question, sample.context or None),
                output=sample.worked,
            )
            for sample in draw_known(name, share, rng, taken)
        ]
    return rows
