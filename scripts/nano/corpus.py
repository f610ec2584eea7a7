"""The mixture nano is trained on: which drill, how often, and what it may know of each task."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

import coursewright
from coursewright.chat import item_body, layout
from coursewright.families import Family, load_family
from coursewright.families.past import KNOWN
from nano import arithmetic, formulas, gsm8k, literals, reading, stories

BUILTIN = Path(coursewright.__file__).parent / "tasks" / "builtin"

Pair = tuple[str, str]
Drill = Callable[[Random], Pair]


class TaskShare:
    """Questions of one family, of the known skills and phrasings only, and of no split."""

    def __init__(
        self,
        family: Family,
        known: dict[str, tuple[str, ...]],
        taken: frozenset[str] = frozenset(),
    ) -> None:
        self.taken = taken
        self.family = family
        self.choices = [(family.skill(s), p) for s, ps in known.items() for p in ps]
        for skill, phrasing in self.choices:
            if phrasing not in skill.phrasings:
                raise ValueError(f"{family.name}/{skill.name}: {phrasing} is not for training")

    def __call__(self, rng: Random) -> Pair:
        while True:
            skill, phrasing = rng.choice(self.choices)
            sample = skill.sample(rng, phrasing)
            body = item_body(sample.question, sample.context or None)
            if body not in self.taken:
                return layout(self.family.instruction, body), sample.worked


def split_questions() -> frozenset[str]:
    """Every question of every split and probe of the built-in tasks, which no document may hold."""
    found = set()
    for place in ("visible.jsonl", "scored.jsonl", "private.jsonl", "probes/*.jsonl"):
        for file in BUILTIN.glob(f"*/{place}"):
            for line in file.read_text(encoding="utf-8").splitlines():
                item = json.loads(line)
                found.add(item_body(item["question"], item.get("context")))
    return frozenset(found)


@dataclass(frozen=True)
class Part:
    """A drill and its share of the documents (shares need not add up to one)."""

    name: str
    share: float
    early: float
    """Its share at the beginning, while the model learns to copy and to count at all."""
    draw: Drill


def mixture(gsm8k_train: Path) -> list[Part]:
    """All drills with their shares."""
    problems = gsm8k.load(gsm8k_train)
    names, things = gsm8k.names(problems), gsm8k.nouns(problems)
    human = gsm8k.Drills(problems)
    read = reading.Drills(names, things)
    told = stories.Drills(names, things)
    parts = [
        Part("step", 14, 15, arithmetic.step),
        Part("chain", 4, 0, arithmetic.chain),
        Part("compare", 2, 2, arithmetic.compare),
        Part("formula", 6, 4, lambda rng: formulas.one_step(rng, things)),
        Part("formulas", 3, 0, lambda rng: formulas.two_steps(rng, things)),
        Part("first-step", 12, 0, human.first_step),
        Part("solution", 0.5, 0, human.solution),
        Part("numbers", 3, 0, human.numbers),
        Part("whose", 2, 4, read.whose),
        Part("join", 2, 2, read.join),
        Part("differ", 2, 0, read.differ),
        Part("one", 4, 6, told.one),
        Part("two", 7, 0, told.two),
        Part("order", 3, 5, read.order),
        Part("table", 20, 3, read.table),
        Part("echo", 3, 30, read.echo),
        Part("copy", 2, 10, read.copy),
        Part("lists", 10, 6, literals.lists),
        Part("python", 14, 6, literals.python),
        Part("two-lists", 3, 0, literals.two_lists),
        Part("dictionaries", 2, 2, literals.dictionaries),
        Part("text", 0.5, 0, literals.text),
        Part("repeat", 3, 0, literals.repeat),
    ]
    taken = split_questions()
    shares = {"science": 5, "code": 8, "finance": 16, "words": 1}
    for name, known in KNOWN.items():
        drill = TaskShare(load_family(name), known, taken)
        parts.append(Part(f"task:{name}", shares[name], 0, drill))
    return parts


def vocabulary_texts(parts: list[Part], rng: Random) -> Iterator[str]:
    """What the tokenizer learns its words from: the mixture, and every training phrasing.

    A vocabulary knows no answers; with the tasks' words in it, fine-tuning takes fewer tokens.
    """
    for question, answer in islice(documents(parts, rng), 24_000):
        yield question
        yield answer
    for name in KNOWN:
        for skill in load_family(name).skills:
            for _ in range(150):
                sample = skill.sample(rng)
                yield item_body(sample.question, sample.context or None)


def documents(parts: list[Part], rng: Random, early: bool = False) -> Iterator[Pair]:
    """An endless mixture, a pure function of the state of `rng`."""
    shares = [part.early if early else part.share for part in parts]
    while True:
        yield from (part.draw(rng) for part in rng.choices(parts, shares, k=64))
