"""Probes of the generated tasks: a private item drawn anew, or in other words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from coursewright.families import Family, Sample, Skill
from coursewright.similarity import normalised

PER_SKILL = 12
"""Private items of each skill that have a renumbered and a rephrased twin."""
SIBLINGS = 150

Line = dict[str, Any]
Answer = Callable[[Sample], object]


@dataclass(frozen=True)
class Source:
    """A private item, and the state of the generator from which it was drawn."""

    line: Line
    skill: Skill
    state: object


def sources(family: Family, private: list[Line], seed: int, heldout: int) -> Iterator[Source]:
    """The private items that get twins, spread evenly over each skill.

    Their states are found by drawing the split once more, as `make_tasks` did.
    """
    for skill in family.skills:
        lines = {_key(line): line for line in private if line["topic"] == skill.name}
        rng, found = Random(f"{seed}/private/{skill.name}"), []
        while len(found) < len(lines):
            last = len(found) - (len(lines) - heldout)
            pool, at = (skill.heldout, last) if last >= 0 else (skill.phrasings, len(found))
            state = rng.getstate()
            sample = skill.sample(rng, pool[at % len(pool)])
            line = lines.get(normalised(f"{sample.context}\n{sample.question}"))
            if line is not None and all(line is not other.line for other in found):
                found.append(Source(line, skill, state))
        step = len(found) / PER_SKILL
        yield from (found[int(number * step)] for number in range(PER_SKILL))


def renumbered(source: Source, taken: set[str], rng: Random) -> Sample:
    """A new draw of the same skill in the same phrasing."""
    sample = source.skill.sample(rng, source.line["meta"]["phrasing"])
    while (key := normalised(f"{sample.context}\n{sample.question}")) in taken:
        sample = source.skill.sample(rng, source.line["meta"]["phrasing"])
    taken.add(key)
    return sample


def rephrased(source: Source, number: int, taken: set[str], rng: Random) -> Sample:
    """The same draw in another phrasing: every second time in one that only tests have."""
    skill, own = source.skill, source.line["meta"]["phrasing"]
    pool = skill.heldout if number % 2 else skill.phrasings
    for phrasing in rng.sample([p for p in pool if p != own], len(pool) - (own in pool)):
        drawing = Random()
        drawing.setstate(source.state)  # type: ignore[arg-type]
        sample = skill.sample(drawing, phrasing)
        key = normalised(f"{sample.context}\n{sample.question}")
        if key not in taken:
            taken.add(key)
            return sample
    raise ValueError(f"no other phrasing of {source.line['id']} is free")


def siblings(skills: tuple[Skill, ...], taken: set[str], rng: Random) -> Iterator[Sample]:
    """Questions of the neighbouring skills, in turn."""
    for number in range(SIBLINGS):
        skill = skills[number % len(skills)]
        phrasing = skill.phrasings[number // len(skills) % len(skill.phrasings)]
        sample = skill.sample(rng, phrasing)
        while (key := normalised(f"{sample.context}\n{sample.question}")) in taken:
            sample = skill.sample(rng, phrasing)
        taken.add(key)
        yield sample


def _key(line: Line) -> str:
    return normalised(f"{line.get('context', '')}\n{line['question']}")
