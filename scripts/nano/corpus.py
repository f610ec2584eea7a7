"""The mixture nano is trained on: which drill, how often, and what it may know of each task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from coursewright.chat import item_body, layout
from coursewright.families import Family, load_family
from nano import arithmetic, gsm8k, literals, reading

Pair = tuple[str, str]
Drill = Callable[[Random], Pair]

KNOWN: dict[str, dict[str, tuple[str, ...]]] = {
    "science": {
        "distance": ("direct", "given"),
        "kelvin": ("lab",),
        "force": ("story", "direct"),
        "series-resistance": ("given", "quiz"),
    },
    "code": {
        "reverse-list": ("slice",),
        "sum-list": ("builtin", "loop"),
        "largest": ("sorted",),
        "count-value": ("method",),
    },
    "finance": {
        "cell-lookup": ("terse", "direct"),
        "profit": ("direct", "terse"),
        "growth": ("terse",),
    },
}
"""What the base model meets of each task: a few skills in a few training phrasings."""


class TaskShare:
    """Questions of one family, of the known skills and phrasings only."""

    def __init__(self, family: Family, known: dict[str, tuple[str, ...]]) -> None:
        self.family = family
        self.choices = [(family.skill(s), p) for s, ps in known.items() for p in ps]
        for skill, phrasing in self.choices:
            if phrasing not in skill.phrasings:
                raise ValueError(f"{family.name}/{skill.name}: {phrasing} is not for training")

    def __call__(self, rng: Random) -> Pair:
        skill, phrasing = rng.choice(self.choices)
        sample = skill.sample(rng, phrasing)
        body = item_body(sample.question, sample.context or None)
        return layout(self.family.instruction, body), sample.worked


def mixture(gsm8k_train: Path) -> list[tuple[str, float, Drill]]:
    """Name, weight and drill; weights count documents and need not add up to one."""
    problems = gsm8k.load(gsm8k_train)
    human = gsm8k.Drills(problems)
    read = reading.Drills(gsm8k.names(problems), gsm8k.nouns(problems))
    drills: list[tuple[str, float, Drill]] = [
        ("step", 16, arithmetic.step),
        ("chain", 6, arithmetic.chain),
        ("compare", 2, arithmetic.compare),
        ("first-step", 14, human.first_step),
        ("solution", 6, human.solution),
        ("numbers", 6, human.numbers),
        ("whose", 5, read.whose),
        ("join", 6, read.join),
        ("differ", 4, read.differ),
        ("order", 3, read.order),
        ("table", 8, read.table),
        ("copy", 4, read.copy),
        ("lists", 12, literals.lists),
        ("two-lists", 2, literals.two_lists),
        ("dictionaries", 3, literals.dictionaries),
        ("text", 1, literals.text),
        ("repeat", 2, literals.repeat),
    ]
    for name, known in KNOWN.items():
        drills.append((f"task:{name}", 2.5, TaskShare(load_family(name), known)))
    return drills


def documents(drills: list[tuple[str, float, Drill]], rng: Random) -> Iterator[Pair]:
    """An endless mixture, a pure function of the state of `rng`."""
    functions = [drill for _, _, drill in drills]
    weights = [weight for _, weight, _ in drills]
    while True:
        yield from (drill(rng) for drill in rng.choices(functions, weights, k=64))
