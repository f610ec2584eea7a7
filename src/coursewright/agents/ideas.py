"""Ideas from outside the current search, for rounds that have stopped gaining.

Two kinds, one of each at a time: topics from the neighbourhood of what the task names
(`fields/*.md`, lists of what belongs to a field), and a method of the library that this run has
not been offered. Nothing here knows a task: the task's own words choose the fields.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from coursewright.agents.library import cards_in_turn, load_cards
from coursewright.agents.topics import Entry, alike, clean, entries_in, read_topics, stems_of
from coursewright.records import Brief

TOPICS = 6
"""Topics that one idea names: few enough that each gets rows."""
_KNOWN = 0.8
"""Likeness of names from which a topic is one that the task names already."""
_BY_NAME = 3.0
"""Topics of a field that a task has to name before their number says what is near."""
_NEAR, _ALIKE = 0.1, 0.6
"""Share of the nearest field's score from which a field is a neighbour, by names and by words."""
_HEADING = "Topics nearby that nobody has named"
_METHOD = "A method that this run has not tried"


@dataclass(frozen=True)
class Field:
    """A field of knowledge, and what is taught in it."""

    name: str
    topics: tuple[Entry, ...]


@cache
def load_fields() -> tuple[Field, ...]:
    """Return all fields, by name."""
    folder = files("coursewright.agents").joinpath("fields")
    fields = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".md"):
            text = entry.read_text(encoding="utf-8")
            heading = text.partition("\n")[0].removeprefix("# ")
            fields.append(Field(heading, entries_in(text)))
    return tuple(fields)


class IdeaLibrary:
    """Meets `protocols.Ideas`."""

    def __init__(self, seed: int) -> None:
        """`seed` is the run's: it orders the methods."""
        self._seed = seed

    def next(self, brief: Brief, given: Sequence[str], offered: frozenset[str]) -> tuple[str, ...]:
        """Return the next ideas after those `given`; none when the library is at its end.

        `offered` are names of method cards that the run's agent was shown. A pure function.
        """
        ideas = []
        told = "\n".join(given)
        if topics := self._topics(brief, told)[:TOPICS]:
            lines = [f"- **{name}**: {about}" for name, about in topics]
            ideas.append("\n".join([f"# {_HEADING}", "", *lines]))
        if card := self._method(told, offered):
            ideas.append(f"# {_METHOD}\n\n{card}")
        return tuple(ideas)

    def _topics(self, brief: Brief, told: str) -> list[Entry]:
        """Topics of the nearest fields, taken from the fields in turn by how near they are."""
        near = [
            (score, field.name, [e for e in field.topics if e[0] not in told])
            for score, field in neighbours(brief)
        ]
        order = [
            ((n + 1) / score, name, n, entry)
            for score, name, entries in near
            for n, entry in enumerate(entries)
        ]
        return [entry for *_, entry in sorted(order)]

    def _method(self, told: str, offered: frozenset[str]) -> str | None:
        for card in cards_in_turn(self._seed, 0, len(load_cards())):
            # Every card begins with a heading of its own.
            if card.name not in offered and card.text.partition("\n")[0] not in told:
                return card.text.strip()
        return None


def neighbours(brief: Brief) -> list[tuple[float, Field]]:
    """Return the fields nearest to the task, nearest first, less the topics that it names.

    A field is near by how many of its topics the task names; words in common decide between
    equals, and alone where the task names next to none.
    """
    named = {text for topic in read_topics(brief) for text in (topic.name, topic.key) if text}
    asked = " ".join(f"{item.topic or ''} {item.question}" for item in brief.visible)
    bag = stems_of(f"{brief.summary} {brief.description} {asked}")
    fields = load_fields()
    spread = Counter(stem for field in fields for stem in _words(field))
    by_name: list[tuple[float, Field]] = []
    by_words: list[tuple[float, Field]] = []
    for field in fields:
        fresh = tuple(e for e in field.topics if not any(_same(e[0], other) for other in named))
        # Words that many fields use say little.
        shared = sum(1 / spread[stem] ** 2 for stem in _words(field) & bag) / len(_words(field))
        rest = Field(field.name, fresh)
        by_words.append((shared, rest))
        by_name.append((hits + shared if (hits := len(field.topics) - len(fresh)) else 0.0, rest))
    # One name or two may be met by chance.
    found = by_name if max(score for score, _ in by_name) >= _BY_NAME else by_words
    nearest = max(score for score, _ in found)
    least = nearest * (_NEAR if found is by_name else _ALIKE)
    near = [
        (score, field) for score, field in found if field.topics and score > 0 and score >= least
    ]
    return sorted(near, key=lambda pair: (-pair[0], pair[1].name))


def topics_named(texts: Sequence[str]) -> tuple[Entry, ...]:
    """Topics that notes and ideas name: list entries, or what stands after `topics:`."""
    found: dict[str, Entry] = {}
    for text in texts:
        entries = list(entries_in(text))
        for line in text.splitlines():
            listed = re.match(r"\W*(?:further |more )?topics?\s*:\s*(?P<names>.+)", line, re.I)
            names = re.split(r"[;,]", listed["names"]) if listed else []
            entries += [(clean(name.strip(" .*"), 80), "") for name in names if name.strip(" .*")]
        for name, about in entries:
            found.setdefault(name.casefold(), (name, about))
    return tuple(found.values())


def _words(field: Field) -> frozenset[str]:
    text = f"{field.name} " + " ".join(f"{name} {about}" for name, about in field.topics)
    return frozenset(stems_of(text))


def _same(name: str, other: str) -> bool:
    short, long = sorted((_letters(name), _letters(other)), key=len)
    return alike(name, other) >= _KNOWN or (len(short) > 4 and short in long)


def _letters(name: str) -> str:
    """A name without blanks and marks: `lookup` is `look-up`."""
    return "".join(filter(str.isalnum, name.casefold()))
