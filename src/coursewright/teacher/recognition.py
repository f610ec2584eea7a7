"""Which skill a plain-language text is about, by the words it shares with what is known of skills.

Titles, descriptions and hints of all known skills are bags of word stems weighted by rarity; a
text is compared with each. Renamed and paraphrased descriptions still share enough words; a text
about something else does not reach the threshold.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from coursewright.families import Family, Skill

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+")
_STOP_WORDS = """
a about above all also an and any are as at be been being but by can could did do does each
every for from get given gives go has have how i if in into is it its just like make many may
more most much must new no not of off on one only or other our out over own per please question
questions right same should show skill so some student such task teach than that the their them
then there these they this those to too two up use uses using very was way were what when where
which while who will with word words would write you your answer answers example examples exam
item items problem problems exercise exercises number numbers
"""
STOP = frozenset(_STOP_WORDS.split())
_ENDINGS = (
    "ations",
    "ation",
    "ings",
    "ing",
    "edly",
    "ed",
    "ers",
    "er",
    "ies",
    "es",
    "ity",
    "ly",
    "s",
    "e",
    "y",
)
SURE = 0.24
"""Likeness from which a text is about a skill; found on paraphrases and on foreign tasks."""
_TITLE, _HINT, _ABOUT = 2.0, 1.5, 1.0


def stems(text: str) -> list[str]:
    """Word stems in order: crude, but the same for `divide`, `divided` and `dividing`."""
    return [_stem(word) for word in _WORD.findall(text.lower()) if word not in STOP]


def _stem(word: str) -> str:
    word = word.removesuffix("'s").replace("'", "")
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


@dataclass(frozen=True)
class Known:
    """A skill with the family it belongs to."""

    family: Family
    skill: Skill


@dataclass(frozen=True)
class _Portrait:
    known: Known
    weights: dict[str, float]
    norm: float
    phrases: tuple[tuple[str, ...], ...]


class SkillIndex:
    """All skills of some families, to be recognised in text."""

    def __init__(self, families: Sequence[Family]) -> None:
        known = [Known(family, skill) for family in families for skill in family.skills]
        counts = [_mentions(each.skill) for each in known]
        spread = Counter(stem for count in counts for stem in count)
        self._rarity = {
            stem: math.log((1 + len(known)) / (0.5 + many)) for stem, many in spread.items()
        }
        self._foreign = math.log(1 + len(known)) * 0.5
        self._portraits = [
            self._portrait(each, count) for each, count in zip(known, counts, strict=True)
        ]

    def _portrait(self, known: Known, count: dict[str, float]) -> _Portrait:
        weights = {stem: amount * self._rarity[stem] for stem, amount in count.items()}
        skill = known.skill
        phrases = {tuple(stems(text)) for text in (skill.title, *skill.hints)}
        norm = math.sqrt(sum(weight**2 for weight in weights.values())) or 1.0
        return _Portrait(known, weights, norm, tuple(p for p in phrases if p))

    def rank(self, text: str) -> list[tuple[float, Known]]:
        """All skills by their likeness to the text, best first; likeness 0 to about 2."""
        words = stems(text)
        bag = set(words)
        if not bag:
            return []
        rarity = {stem: self._rarity.get(stem, self._foreign) for stem in bag}
        length = math.sqrt(sum(value**2 for value in rarity.values()))
        line = f" {' '.join(words)} "
        ranked = []
        for portrait in self._portraits:
            shared = sum(rarity[s] * portrait.weights[s] for s in bag if s in portrait.weights)
            if not shared:
                continue
            # A rare phrase said in full tells more than its words apart.
            spoken = sum(
                len(p) for p in portrait.phrases if len(p) > 1 and f" {' '.join(p)} " in line
            )
            ranked.append(
                (shared / (portrait.norm * length) + 0.08 * min(spoken, 8), portrait.known)
            )
        return sorted(ranked, key=lambda pair: -pair[0])

    def named(self, text: str) -> list[Known]:
        """The skills a text is about: usually one, several if it lists several, or none."""
        pieces = [piece for piece in re.split(r"[;\n•]|\s-\s|,\s+and\s", text) if piece.strip()]
        best = self.rank(text)
        if not best or best[0][0] < SURE:
            return []
        found = [best[0][1]]
        if len(pieces) > 2:
            tops = [ranked[0] for piece in pieces if (ranked := self.rank(piece))]
            found += [known for likeness, known in tops if likeness >= 2 * SURE]
        return list({each.skill.name: each for each in found}.values())

    def families_named(self, text: str) -> list[Family]:
        """Families of which a text names most skills, line by line or all together."""
        counts: Counter[str] = Counter()
        named: dict[str, set[str]] = {}
        for piece in re.split(r"[;\n•,]|\.\s", text):
            for likeness, known in self.rank(piece)[:1]:
                if likeness >= SURE:
                    named.setdefault(known.family.name, set()).add(known.skill.name)
        for family, skills in named.items():
            counts[family] = len(skills)
        return [
            family
            for family in {p.known.family.name: p.known.family for p in self._portraits}.values()
            if counts[family.name] > len(family.skills) / 2
        ]

    def find(self, name: str) -> Known | None:
        """The skill of that name."""
        return next((p.known for p in self._portraits if p.known.skill.name == name), None)

    def any(self) -> Known:
        """Some skill, where any will do."""
        return self._portraits[0].known


def _mentions(skill: Skill) -> dict[str, float]:
    """Stems by which the skill is known, with the weight of the place they stand in."""
    count: dict[str, float] = {}
    for text, weight in (
        (skill.title, _TITLE),
        (" ".join(skill.hints), _HINT),
        (skill.description, _ABOUT),
    ):
        for stem in set(stems(text)):
            count[stem] = max(count.get(stem, 0.0), weight)
    return count


def likeness_of_vocabulary(family: Family, questions: Sequence[str]) -> float:
    """Share of the words in the questions that the family's own questions use, 0 to 1."""
    known = _vocabulary(family)
    words = [word for question in questions for word in _WORD.findall(question.lower())]
    plain = [word for word in words if word.isalpha()]
    return sum(word in known for word in plain) / max(1, len(plain))


@cache
def _vocabulary(family: Family) -> frozenset[str]:
    rng = Random(family.name)
    questions = (
        skill.sample(rng, phrasing).question
        for skill in family.skills
        for phrasing in skill.phrasings
        for _ in range(16)
    )
    return frozenset(word for question in questions for word in _WORD.findall(question.lower()))
