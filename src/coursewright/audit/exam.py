"""What the visible items are like: the measure that rows are held against.

A set of rows is neither varied nor narrow by itself; it is so beside the exam that it trains
for. Nothing here reads a hidden item.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from coursewright.chat import item_body
from coursewright.records import Item, TracedRow
from coursewright.similarity import (
    TopicGuesser,
    commonest_wordings,
    entropy,
    evenly,
    hashed_ngrams,
    vendi,
)

FEWEST_ITEMS = 30
"""Visible items below which an exam tells too little of how varied rows ought to be."""
FEWEST_TOPICS = 6
"""With fewer topics a shift between two of them looks like a collapse."""
AGREEMENT = 0.4
"""Cohen's kappa of guessed and true topics of visible items below which no topic is guessed."""
SPREAD_TEXTS = 150
WORDING_TEXTS = 300
GUESSED_TEXTS = 1000
_ITEMS = 1000
_CHARACTERS = 2000


class Exam:
    """Visible items as texts."""

    def __init__(self, visible: Sequence[Item]) -> None:
        self._items = evenly(visible, _ITEMS)

    @property
    def speaks(self) -> bool:
        """Whether there are enough items to compare with."""
        return len(self._items) >= FEWEST_ITEMS

    @cached_property
    def guesser(self) -> TopicGuesser | None:
        """Guesses topics of rows; None where that cannot be done well enough."""
        known = [item for item in self._items if item.topic]
        if not self.speaks or len({item.topic for item in known}) < FEWEST_TOPICS:
            return None
        guesser = TopicGuesser(
            [item_body(item.question, item.context) for item in known],
            [item.topic or "" for item in known],
            [item.group or item.id for item in known],
        )
        return guesser if guesser.agreement >= AGREEMENT else None

    @cached_property
    def topics(self) -> float:
        """Effective number of topics of the items, as they are: they are no sample of topics."""
        return float(2 ** entropy(item.topic for item in self._items if item.topic))

    @cached_property
    def wordings(self) -> float:
        """Share of items that the five commonest wordings cover, variants of one item once."""
        first: dict[str, Item] = {}
        for item in self._items:
            first.setdefault(item.group or item.id, item)
        texts = [item_body(item.question, item.context) for item in first.values()]
        return sum(commonest_wordings(evenly(texts, WORDING_TEXTS)))

    def topics_of(self, texts: Sequence[str]) -> list[str]:
        """The guessed topic of each text of a sample; none where topics cannot be guessed."""
        if self.guesser is None:
            return []
        names = self.guesser.topics
        return [names[number] for number in self.guesser.guess(evenly(texts, GUESSED_TEXTS))]

    def spread_of(self, texts: Sequence[str]) -> float:
        """Vendi score of texts over that of as many items; 1.0 where items are too few."""
        size = min(len(texts), len(self._items), SPREAD_TEXTS)
        if not self.speaks or size < FEWEST_ITEMS:
            return 1.0
        items = [item_body(item.question, item.context) for item in evenly(self._items, size)]
        return _vendi(evenly(texts, size)) / max(_vendi(items), 1.0)


def questions(rows: Sequence[TracedRow]) -> list[str]:
    """What each row asks, with its context: as `Exam` reads items."""
    asked = (row.asked for row in rows)
    return [
        item_body(question, context) or row.instruction
        for row, (question, context) in zip(rows, asked, strict=True)
    ]


def _vendi(texts: Sequence[str]) -> float:
    return vendi(hashed_ngrams([text[:_CHARACTERS] for text in texts]))
