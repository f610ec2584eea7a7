"""Which known text each text of a long list resembles most, and the other way round.

All pairs are looked at, in pieces of bounded size, so that the answers are exact; only the best
of each text is kept. Three likenesses are offered: shared words, where rare ones weigh more; the
cosine of hashed character n-grams, which needs no word boundaries; the cosine of given vectors.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coursewright.similarity.diversity import hashed_ngrams

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Pieces = Iterator[tuple[int, Floats]]
"""Number of a piece's first text, and its likeness to all known texts: (texts, known)."""

_CELLS = 1_500_000
"""Pairs of texts held at a time."""
_COMMON = 16
"""A word that more than one in so many known texts has is added as a column, not pair by pair."""
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Nearest:
    """The most alike of each text among the known ones, and of each known one among the texts."""

    known: Ints
    """Of each text, the known text it resembles most."""
    first: Floats
    """How much, from 0 to 1."""
    second: Floats
    """How much it resembles the best known text of another kind."""
    text: Ints
    """Of each known text, the text that resembles it most."""
    best: Floats
    """How much."""
    crowd: Ints
    """How many texts are at least `close` to each known text."""


def words_of(text: str) -> list[str]:
    """Lower-case words and numbers; the second "the" of a text is another word than the first."""
    seen: dict[str, int] = {}
    found = []
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        count = seen[word] = seen.get(word, 0) + 1
        found.append(word if count == 1 else f"{word} {count}")
    return found


def nearest(
    pieces: Pieces, texts: int, kinds: Ints, own: Ints | None = None, close: float = 1.0
) -> Nearest:
    """Keep the best of all pairs; `kinds` holds a number for each known text.

    `own` numbers the kinds of the texts themselves: pairs of one kind do not count.

    Raises:
        ValueError: there is no known text.
    """
    count = len(kinds)
    if not count:
        raise ValueError("there is no known text")
    known = np.zeros(texts, dtype=np.int64)
    first, second = np.zeros(texts, dtype=np.float32), np.zeros(texts, dtype=np.float32)
    text, best = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.float32)
    crowd = np.zeros(count, dtype=np.int64)
    alone = len(np.unique(kinds)) == count
    for start, piece in pieces:
        rows = np.arange(len(piece))
        here = slice(start, start + len(piece))
        if own is not None:
            piece[own[here][:, None] == kinds[None, :]] = 0
        crowd += (piece >= close).sum(axis=0)
        top = piece.argmax(axis=0)
        value = piece[top, np.arange(count)]
        better = value > best
        text[better], best[better] = start + top[better], value[better]
        known[here] = at = piece.argmax(axis=1)
        first[here] = piece[rows, at]
        if alone:
            piece[rows, at] = 0
        else:
            piece[kinds[at][:, None] == kinds[None, :]] = 0
        second[here] = piece.max(axis=1)
    return Nearest(known, first, second, text, best, crowd)


def word_likeness(known: Iterable[Sequence[str]], texts: Iterable[Sequence[str]]) -> Pieces:
    """Shared over all words of two lists of different words (Jaccard), weighted by their rarity.

    A word weighs log(1 + N / n) where n of all N lists hold it (inverse document frequency).
    Each list is read once, so that of many texts only numbers are held.
    """
    numbers: dict[str, int] = {}
    mine = _coded(known, numbers)
    vocabulary = len(numbers)
    theirs = _coded(texts, numbers)
    frequency = np.bincount(np.concatenate([mine.members, theirs.members]), minlength=len(numbers))
    weight = np.log1p((len(mine) + len(theirs)) / np.maximum(1, frequency))
    held = mine.sums(weight)
    total = theirs.sums(weight)
    postings = _Postings(mine, vocabulary, len(mine))
    step = max(1, _CELLS // max(1, len(mine)))
    for start in range(0, len(theirs), step):
        shared = postings.shared(theirs, start, min(start + step, len(theirs)), weight)
        union = held[None, :] + total[start : start + len(shared), None] - shared
        yield start, (shared / np.maximum(union, 1e-9)).astype(np.float32)


def character_likeness(known: Sequence[str], texts: Sequence[str]) -> Pieces:
    """Cosine of hashed character n-grams, where it is positive (see `hashed_ngrams`).

    What all texts have in common is taken out first: the mean of the known texts.
    """
    mine = hashed_ngrams(known).astype(np.float32)
    middle = mine.mean(axis=0, keepdims=True)
    mine = _unit(mine - middle)
    step = max(1, _CELLS // max(1, len(known), mine.shape[1]))
    for start in range(0, len(texts), step):
        theirs = hashed_ngrams(texts[start : start + step]).astype(np.float32)
        yield start, np.maximum(_unit(theirs - middle) @ mine.T, 0)


def vector_likeness(known: NDArray[np.floating], texts: NDArray[np.floating]) -> Pieces:
    """Cosine of vectors that somebody made of the texts, where it is positive.

    `known` and `texts` have one row for each text: (known, d) and (texts, d). What all known
    texts have in common is taken out first, as embeddings of one exam lie in a narrow cone.
    """
    middle = known.mean(axis=0, keepdims=True)
    mine = _unit((known - middle).astype(np.float32))
    step = max(1, _CELLS // max(1, len(known), known.shape[1]))
    for start in range(0, len(texts), step):
        theirs = (texts[start : start + step] - middle).astype(np.float32)
        yield start, np.maximum(_unit(theirs) @ mine.T, 0)


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


@dataclass(frozen=True)
class _Lists:
    """Lists of whole numbers, one after the other."""

    starts: Ints
    members: Ints

    def __len__(self) -> int:
        return len(self.starts) - 1

    def sums(self, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        summed = np.concatenate([[0.0], np.cumsum(weight[self.members])])
        return np.asarray(summed[self.starts[1:]] - summed[self.starts[:-1]])

    def owners(self, start: int, end: int) -> tuple[Ints, Ints]:
        """Members of some of the lists, and the number of each one's list, from 0."""
        sizes = np.diff(self.starts[start : end + 1])
        members = self.members[self.starts[start] : self.starts[end]]
        return members, np.repeat(np.arange(end - start), sizes)


def _coded(lists: Iterable[Sequence[str]], numbers: dict[str, int]) -> _Lists:
    members = array("q")
    starts = array("q", [0])
    for words in lists:
        members.extend([numbers.setdefault(word, len(numbers)) for word in words])
        starts.append(len(members))
    return _Lists(np.array(starts, dtype=np.int64), np.array(members, dtype=np.int64))


class _Postings:
    """Which known texts hold a word: a list for a rare word, a whole row for a common one."""

    def __init__(self, lists: _Lists, vocabulary: int, count: int) -> None:
        members, owners = lists.owners(0, count)
        order = np.argsort(members, kind="stable")
        self._count, self._vocabulary = count, vocabulary
        self._owners = owners[order]
        sizes = np.bincount(members, minlength=vocabulary)
        self._starts = np.concatenate([[0], np.cumsum(sizes)])
        common = np.flatnonzero(sizes > count / _COMMON)
        self._place = np.full(vocabulary, -1, dtype=np.int64)
        self._place[common] = np.arange(len(common))
        self._rows = np.zeros((len(common), count), dtype=np.float32)
        for at, word in enumerate(common):
            self._rows[at, self._owners[self._starts[word] : self._starts[word + 1]]] = 1

    def shared(
        self, texts: _Lists, start: int, end: int, weight: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Weights of the words that some of the texts share with each known one."""
        words, owners = texts.owners(start, end)
        held = words < self._vocabulary
        words, owners = words[held], owners[held]
        place = self._place[words]
        rare, common = place < 0, place >= 0
        found = self._by_pairs(words[rare], owners[rare], end - start, weight)
        if common.any():
            wide = np.zeros((end - start, len(self._rows)), dtype=np.float32)
            wide[owners[common], place[common]] = weight[words[common]]
            found += wide @ self._rows
        return found

    def _by_pairs(
        self, words: Ints, owners: Ints, texts: int, weight: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        sizes = self._starts[words + 1] - self._starts[words]
        inside = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        known = self._owners[np.repeat(self._starts[words], sizes) + inside]
        cells = np.repeat(owners, sizes) * self._count + known
        weights = np.repeat(weight[words], sizes)
        flat = np.bincount(cells, weights=weights, minlength=texts * self._count)
        return flat.reshape(texts, self._count).astype(np.float64)
