"""How items and rows are put side by side: one text each, and that text in coarser forms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from coursewright.chat import item_body
from coursewright.records import Item, Seed, TracedRow
from coursewright.similarity import normalised

_NUMBER_WORDS = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|"
    "fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|"
    "ninety|hundred|thousand|million|half|double|twice|triple"
)
_NUMBER = re.compile(rf"\d[\d.,]*\d|\d|\b(?:{_NUMBER_WORDS})\b", re.IGNORECASE)
_CAPITAL = re.compile(r"\b[A-Z][^\W\d_]*")
_SMALL = re.compile(r"\b[a-z][^\W\d_]*")


def text_of(item: Item | Seed) -> str:
    """Context and question, as a row would hold them."""
    return item_body(item.question, item.context)


def text_of_row(row: TracedRow, instructions: Sequence[str]) -> str:
    """All that a row asks, without the task's own instruction."""
    question, context = row.asked
    own = {text.strip() for text in instructions}
    instruction = "" if row.instruction.strip() in own else row.instruction
    return "\n".join(part.strip() for part in (instruction, context, question) if part)


def names_in(texts: Iterable[str]) -> frozenset[str]:
    """Words that are capitalised wherever they stand in these texts, in lower case."""
    capital: set[str] = set()
    small: set[str] = set()
    for text in texts:
        capital.update(_CAPITAL.findall(text))
        small.update(_SMALL.findall(text))
    return frozenset(word.casefold() for word in capital) - small


def masked(text: str, names: frozenset[str]) -> str:
    """The normal form of a text with one mark for all numbers and another for all names."""
    named = _CAPITAL.sub(
        lambda found: " Nn " if found.group().casefold() in names else found.group(), text
    )
    return normalised(_NUMBER.sub(" 0 ", named))
