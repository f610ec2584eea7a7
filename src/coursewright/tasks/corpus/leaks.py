"""Finds passages of a corpus that hold what the exam asks: its questions, with or without answers.

Every item's question, and its context, is looked for in every passage, word by word in their
normal form: in full, or with nine tenths of its runs of three words. Short questions, and those
about a context, are asked of many things; they count only with their answer beside them. Candidates
are found by *anchors*, runs of six words every few words of an item's text, so the work grows with
the words of the corpus and not with items times passages: a text with nine tenths of its runs
has at most one word in thirty changed, and an anchor every fifteenth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from coursewright.records import Item, Passage
from coursewright.similarity import normalised

NEAR = 0.9
"""Shared word 3-grams, of the shorter text's, from which on a text stands in another."""
NEAR_WORDS = 12
"""Shorter texts differ in one word and are still two."""
TELLING = 6
"""Words from which on a question in a passage is no coincidence, whatever its answer."""
SHORTEST = 3
LONG_CONTEXT = 30
"""Words from which on an equal context is no coincidence."""
_STEP = 15
_ANCHORS = 8
_TAIL = 200
"""Words of the passage before that are read with a passage."""

Words: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Leak:
    """A passage that holds what an item asks."""

    passage: Passage
    item: Item
    what: str
    """In words: the question, question and answer, or the context."""


@dataclass(frozen=True)
class _Text:
    item: Item
    words: Words
    is_context: bool = False
    needs_answer: bool = False


def leaks(passages: Iterable[Passage], items: Iterable[Item]) -> Iterator[Leak]:
    """Yield passages that hold an item's question or context, in the order of the passages.

    A question may begin in the passage before: each is read with that one's last words.
    """
    index = _Index([text for item in items for text in _texts(item)])
    document: str = ""
    tail: Words = ()
    told: set[tuple[str, bool]] = set()
    for passage in passages:
        if passage.document != document:
            document, tail, told = passage.document, (), set()
        own = tuple(normalised(passage.text).split())
        now: set[tuple[str, bool]] = set()
        for text in index.candidates(tail + own):
            key = (text.item.id, text.is_context)
            what = _judged(text, own if text.is_context else tail + own)
            if what is not None and key not in now:
                now.add(key)
                if key not in told:
                    yield Leak(passage, text.item, what)
        tail, told = own[-_TAIL:], now


def _texts(item: Item) -> Iterator[_Text]:
    question = tuple(normalised(item.question).split())
    if len(question) >= SHORTEST:
        alone = len(question) >= TELLING and not item.context
        yield _Text(item, question, needs_answer=not alone)
    context = tuple(normalised(item.context or "").split())
    if len(context) >= LONG_CONTEXT:
        yield _Text(item, context, is_context=True)


class _Index:
    """Item texts by their anchors."""

    def __init__(self, texts: Sequence[_Text]) -> None:
        self._sizes: defaultdict[int, defaultdict[Words, list[_Text]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for text in texts:
            size = min(TELLING, len(text.words))
            for start in _starts(len(text.words) - size + 1):
                self._sizes[size][text.words[start : start + size]].append(text)

    def candidates(self, words: Words) -> list[_Text]:
        """Return the texts that share an anchor with a passage's words, in a steady order."""
        found: dict[int, _Text] = {}
        for size, anchors in sorted(self._sizes.items()):
            for run in zip(*(words[at:] for at in range(size)), strict=False):
                if run in anchors:
                    found.update((id(text), text) for text in anchors[run])
        return list(found.values())


def _starts(places: int) -> Iterable[int]:
    """Where anchors begin among so many places: every fifteenth, or at least eight of them."""
    step = max(1, min(_STEP, places // _ANCHORS))
    return range(0, places, step)


def _judged(text: _Text, words: Words) -> str | None:
    """What of an item a passage holds, in words; None if it is not enough."""
    if text.is_context:
        shorter, longer = sorted((text.words, words), key=len)
        same = len(shorter) >= LONG_CONTEXT and _share(shorter, longer) >= NEAR
        return "the context" if same else None
    whole = _stands_in(text.words, words)
    if not whole and (len(text.words) < NEAR_WORDS or _share(text.words, words) < NEAR):
        return None
    what = "the question" if whole else "nearly the question"
    if _answer_beside(text, words):
        return f"{what} and its answer"
    return None if text.needs_answer else what


def _answer_beside(text: _Text, words: Words) -> bool:
    """Whether the gold answer stands in a passage from which the question is taken out."""
    answer = text.item.answer
    said = tuple(normalised(answer if isinstance(answer, str) else repr(answer)).split())
    rest = f" {' '.join(words)} ".replace(f" {' '.join(text.words)} ", " ¶ ")
    return bool(said) and f" {' '.join(said)} " in rest


def _stands_in(needle: Words, words: Words) -> bool:
    return f" {' '.join(needle)} " in f" {' '.join(words)} "


def _share(needle: Words, words: Words) -> float:
    """Share of the needle's runs of three words that are the other's, too."""
    runs = set(zip(needle, needle[1:], needle[2:], strict=False))
    return len(runs & set(zip(words, words[1:], words[2:], strict=False))) / max(1, len(runs))
