"""Solves questions of a family that were put in its training phrasings.

A skill says how to draw a question, not how to read one. So reading is learned from a few dozen
draws of each phrasing: the words they all share, in order, are its *frame*; and each number of
the worked answer is traced to where it always comes from: the last number but one of the
question, the cell where the named row meets the named column, a constant, the step before. What
cannot be traced is not solved. Programs are read step by step (`program_reading`), stories by
their notation (`words_reading`).

Nothing in a question is ever executed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

from coursewright.families import Family, Sample, Skill, words_reading
from coursewright.families.program_reading import Unreadable, result_of
from coursewright.families.tracing import Plan, Reading, learn_plan

_DRAWS = 20
_FRAME_DRAWS = 5
_TOKEN = re.compile(r"[A-Za-z]+(?:'[a-z]+)?|\d+(?:\.\d+)?|[^\w\s]")
_LONGEST = 4000
"""Characters of a question that are read at all."""


@dataclass(frozen=True)
class _Phrasing:
    """One phrasing of a skill, as learned from draws."""

    skill: Skill
    name: str
    frame: tuple[str, ...]
    words: frozenset[str]
    filler: int
    """Most tokens a question may have beside the frame."""
    numbers: frozenset[int]
    """How many numbers a question may hold."""
    plan: Plan | None


class Solver:
    """Knows the training phrasings of some families. Learns them at first use."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._families = tuple(families)

    def solve(self, text: str) -> Sample | None:
        """The solved question that stands in `text`, or None.

        The text is a question with the context above it, perhaps between other lines.
        """
        for context, question in readings(text[:_LONGEST]):
            if solved := self._solve(question, context):
                return solved
        return self._solve_program(text[:_LONGEST])

    def _solve(self, question: str, context: str) -> Sample | None:
        for phrasing in self._matching(question):
            if phrasing.plan and (worked := phrasing.plan.follow(Reading(question, context))):
                skill = phrasing.skill.name
                return Sample(skill, phrasing.name, question, context, result(worked), worked)
        if not context and any(family.name == "words" for family in self._families):
            return words_reading.solve(question)
        return None

    def _solve_program(self, text: str) -> Sample | None:
        for source in programs(text):
            try:
                value = result_of(source)
            except Unreadable:
                continue
            return Sample("", "", source, "", value, value)
        return None

    def recognise(self, text: str) -> tuple[Skill, str] | None:
        """The skill and phrasing of a question that stands in `text`, solved or not."""
        for _, question in readings(text[:_LONGEST]):
            for phrasing in self._matching(question):
                return phrasing.skill, phrasing.name
        return None

    def skill(self, name: str) -> Skill | None:
        """The skill of that name, in whichever family."""
        return next((s for f in self._families for s in f.skills if s.name == name), None)

    # ------------------------------------------------------------ learned phrasings

    def _matching(self, question: str) -> list[_Phrasing]:
        """Phrasings whose frame the question fills, the closest first."""
        tokens = tokenise(question)
        words, count = frozenset(tokens), tokens.count("#")
        found = [
            phrasing
            for phrasing in self._phrasings
            if phrasing.words <= words
            and count in phrasing.numbers
            and len(tokens) - len(phrasing.frame) <= phrasing.filler
            and _holds(tokens, phrasing.frame)
        ]
        return sorted(found, key=lambda phrasing: -len(phrasing.frame))

    @cached_property
    def _phrasings(self) -> list[_Phrasing]:
        return [
            learned
            for family in self._families
            for skill in family.skills
            for name in skill.phrasings
            if (learned := _learn(skill, name)) is not None
        ]


def _learn(skill: Skill, name: str) -> _Phrasing | None:
    """What all draws of a phrasing have in common; None if that is next to nothing."""
    rng = Random(f"{skill.name}/{name}")
    samples = [skill.sample(rng, name) for _ in range(_DRAWS)]
    token_lists = [tokenise(sample.question) for sample in samples]
    frame = tuple(token_lists[0])
    for tokens in token_lists[1:_FRAME_DRAWS]:
        known = set(tokens)
        frame = _common([token for token in frame if token in known], tokens)
    # Draws that shared a slot by luck would make the frame too narrow.
    while not all(_holds(tokens, frame) for tokens in token_lists):
        for tokens in token_lists:
            frame = _common(frame, tokens)
    telling = {token for token in frame if token.isalpha()} - {"how", "many", "much", "is", "the"}
    if len(telling) < 2 and not samples[0].context:
        return None
    return _Phrasing(
        skill,
        name,
        frame,
        frozenset(frame),
        max(map(len, token_lists)) - len(frame) + 4,
        frozenset(tokens.count("#") for tokens in token_lists),
        learn_plan(samples),
    )


def tokenise(text: str) -> list[str]:
    """Lower-case words and marks in order; every number is `#`."""
    return ["#" if token[0].isdigit() else token.lower() for token in _TOKEN.findall(text)]


def _holds(tokens: Sequence[str], frame: Iterable[str]) -> bool:
    """Whether the frame stands in the tokens, in order."""
    rest = iter(tokens)
    return all(token in rest for token in frame)


def _common(left: Sequence[str], right: Sequence[str]) -> tuple[str, ...]:
    """A longest common subsequence."""
    best = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in reversed(range(len(left))):
        for j in reversed(range(len(right))):
            same = left[i] == right[j]
            best[i][j] = best[i + 1][j + 1] + 1 if same else max(best[i + 1][j], best[i][j + 1])
    i = j = 0
    shared = []
    while i < len(left) and j < len(right):
        if left[i] == right[j]:
            shared.append(left[i])
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return tuple(shared)


def result(worked: str) -> str:
    """What a calculation comes to."""
    return worked.rpartition("=")[2].strip()


# ---------------------------------------------------------------- finding the question in a text


def readings(text: str) -> Iterator[tuple[str, str]]:
    """(context, question) pairs that a text may hold, the likeliest first."""
    lines = [line.strip() for line in text.strip().splitlines()]
    table = [i for i, line in enumerate(lines) if line.count("|") >= 1]
    if table:
        context = "\n".join(lines[i] for i in table)
        after = [line for line in lines[table[-1] + 1 :] if line]
        before = [line for line in lines[: table[0]] if line]
        for question in (*after, *reversed(before)):
            yield context, _unlabelled(question)
        return
    full = [line for line in lines if line]
    yield "", _unlabelled(" ".join(full))
    if len(full) > 1:
        for line in sorted(full, key=len, reverse=True)[:6]:
            yield "", _unlabelled(line)


def _unlabelled(line: str) -> str:
    return re.sub(r"^\W*(?:question|problem|q)\s*\d*\s*[:.)]\s*", "", line, flags=re.I).strip(
        ' "“”'
    )


def programs(text: str) -> Iterator[str]:
    """Stretches of lines that may be a program ending in a call."""
    fenced = re.findall(r"```(?:python)?\n(.*?)```", text, re.S)
    for piece in (*fenced, text):
        lines = [line for line in piece.rstrip().splitlines() if line.strip()]
        for start, line in enumerate(lines[:12]):
            if re.match(r"(?:def \w|\w+ = lambda|(?:import|from) )", line):
                for end in range(len(lines), max(start + 1, len(lines) - 6), -1):
                    yield "\n".join(lines[start:end])
