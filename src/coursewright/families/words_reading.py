"""Reads stories back: each line of the notation in `words` becomes patterns that find its numbers.

The generator joins facts, adds idle numbers and second kinds of things, and turns the last fact
into an if-clause. So a pattern is the facts in order with anything between them, and a thing that
is named twice must be the same both times: that tells the numbers of a story from idle ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from coursewright.families import Sample
from coursewright.families.words_numbers import put_numbers, value_of
from coursewright.families.words_stories import ADDITION, DIVISION, MULTIPLICATION
from coursewright.families.words_subtraction import STORIES as SUBTRACTION

_STORIES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "subtraction": SUBTRACTION,
    "addition": ADDITION,
    "multiplication": MULTIPLICATION,
    "division": DIVISION,
}
_PIECE = re.compile(r"\{(\w+)\}|(\[)|(\])|(\|)|([^][{}|]+)")
_COUNTED = re.compile(r"\{([xyzw])\} \{n\}")
_PHRASE = r"[a-z'-]+(?: [a-z'-]+){0,2}?"
_ANY_PHRASE = rf"(?:{_PHRASE})"
_TIME = r"(?:on|in|before|after|at) [a-z]+(?: [a-z]+){0,2}?"
_SLOTS = {"A": r"[a-z]+", "B": r"[a-z]+", "C": r"[a-z]+", "box": r"[a-z]+"} | dict.fromkeys(
    "tuv", _TIME
)
_FREE = frozenset(["he", "his", "him", "b_his"])
_LOOSE = frozenset(["lost", "lose", "b_lost", "got", "get", "left", "came", "made", "make"])
"""Doings: they change their form within a story, so nothing hangs on naming them twice."""
_LONGEST = 600


@dataclass(frozen=True)
class _Pattern:
    skill: str
    phrasing: str
    expression: str
    words: frozenset[str]
    """Words that stand in every telling: a quick way to rule a story out."""
    text: str


def solve(question: str) -> Sample | None:
    """The solved story, or None when it is none of ours. Never raises."""
    if len(question) > _LONGEST:
        return None
    told = " ".join(question.lower().split())
    words = frozenset(re.findall(r"[a-z']+", told))
    best: tuple[int, int, _Pattern, dict[str, str]] | None = None
    for pattern in _patterns():
        if not pattern.words <= words:
            continue
        match = _compiled(pattern.text).search(told)
        if match is None:
            continue
        said = match.groupdict()
        skipped = sum(len(text or "") for name, text in said.items() if name.startswith("gap"))
        skipped += match.start() + len(told) - match.end()
        if best is None or (skipped, -len(pattern.words)) < best[:2]:
            best = skipped, -len(pattern.words), pattern, said
    if best is None:
        return None
    _, _, pattern, said = best
    numbers = {letter: int(said[letter]) for letter in "xyzw" if said.get(letter)}
    worked = put_numbers(pattern.expression, numbers)
    try:
        value = value_of(worked)
    except ValueError:
        return None
    return Sample(pattern.skill, pattern.phrasing, question, "", value, worked)


@cache
def _patterns() -> tuple[_Pattern, ...]:
    return tuple(
        pattern
        for skill, phrasings in _STORIES.items()
        for phrasing, stories in phrasings.items()
        for story in stories
        for pattern in _read_story(skill, phrasing, story)
    )


@cache
def _compiled(text: str) -> re.Pattern[str]:
    return re.compile(text)


def _read_story(skill: str, phrasing: str, story: str) -> Iterator[_Pattern]:
    told, _, expression = story.partition(" => ")
    body, _, asked = told.partition(" ?? ")
    *rest, last = body.split(" ; ")
    for question in asked.split(" || "):
        for parts in ((*rest, last, question), (*rest, question, f"if {last}")):
            seen: set[str] = set()
            texts = [_pattern_of(part, seen, fact=part != question) for part in parts]
            joined = (
                r"(?<![a-z0-9$])"
                + texts[0]
                + "".join(
                    f"(?P<gap{at}>.{{0,90}}?)(?<![a-z0-9$]){text}"
                    for at, text in enumerate(texts[1:])
                )
            )
            words = frozenset(word for part in parts for word in _certain(part))
            yield _Pattern(skill, phrasing, expression, words, joined)


def _pattern_of(part: str, seen: set[str], *, fact: bool) -> str:
    """A regular expression for a fact or a question; `seen` are the slots named before it."""
    if fact:
        part = _COUNTED.sub(r"{pair_before}{\1} {n}{pair_after}", part)
    built, depth = "", 0
    for slot, opened, closed, bar, literal in _PIECE.findall(part):
        depth += bool(opened) - bool(closed)
        if slot:
            built += _slot(slot, seen, named=depth == 0 or slot in "xyzw")
        else:
            built += {"[": "(?:", "]": ")", "|": "|"}.get(opened or closed or bar) or re.escape(
                literal
            )
    # Beside a second kind of thing the generator says which of them it means.
    built = built.replace(r"of\ them", rf"(?:of\ them|of\ the\ {_ANY_PHRASE})")
    # A choice may be empty, which leaves no second blank behind.
    return re.sub(r"(?:\\ )+", r"\\s*", built) + r"(?![a-z0-9])"


def _slot(slot: str, seen: set[str], *, named: bool) -> str:
    """The pattern of a slot. What one branch of a choice finds (not `named`), nothing else may
    refer to: another branch may have been taken."""
    if slot == "pair_before":
        return rf"(?:\d+ {_ANY_PHRASE} and )?"
    if slot == "pair_after":
        return rf"(?: and \d+ {_ANY_PHRASE})?"
    if slot in _FREE:
        return r"(?:s?he|his|her|him)"
    if slot in _LOOSE:
        return _ANY_PHRASE
    if slot == "a_box":
        return f"an? {_slot('box', seen, named=named)}"
    if slot in seen:
        return rf"(?P={slot})"
    pattern = r"\d+" if slot in "xyzw" else _SLOTS.get(slot, _PHRASE)
    if not named:
        return f"(?:{pattern})"
    seen.add(slot)
    return f"(?P<{slot}>{pattern})"


def _certain(part: str) -> list[str]:
    """Words outside all slots and choices."""
    part = part.replace("of them", " ")
    while "[" in part:
        part = re.sub(r"\[[^][]*\]", " ", part)
    return re.findall(r"[a-z']+", re.sub(r"\{\w+\}'?s?|\$", " ", part).lower())
