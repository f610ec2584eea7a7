"""Overlap of words and word n-grams, exact: sets for small comparisons, an index for many."""

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set

_WORD = re.compile(r"[^\W_]+|[^\s\w]")
_SPACED = re.compile(r"[\W_]+")
_DIGITS = re.compile(r"\d+")


def normalised(text: str) -> str:
    """Lower-case words and numbers with single spaces: what stays when layout and marks go.

    Signs of operation and comparison stay too, for without them different programs look the same.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_SPACED.sub(lambda gap: _signs(gap.group()), folded).split())


def _signs(gap: str) -> str:
    kept = "".join(sign for sign in gap if sign in "+-*/%<>=!~^&|[](){}")
    return f" {kept} " if kept else " "


def masked_words(text: str) -> frozenset[str]:
    """The set of lower-case words of a text, its numbers left out."""
    return frozenset(re.findall(r"\w+", _DIGITS.sub(" ", text.casefold())))


def jaccard(left: Set[object], right: Set[object]) -> float:
    """Shared share of two sets; 1.0 for two empty ones."""
    shared = len(left & right)
    union = len(left) + len(right) - shared
    return shared / union if union else 1.0


def word_ngrams(text: str, size: int = 3) -> frozenset[tuple[str, ...]]:
    """The set of runs of ``size`` words; the whole text as one run where it is shorter."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    if len(words) <= size:
        return frozenset([tuple(words)]) if words else frozenset()
    return frozenset(tuple(words[at : at + size]) for at in range(len(words) - size + 1))


class DisjointSets:
    """Union-find over ``range(size)``."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def find(self, member: int) -> int:
        """The smallest member of the set that ``member`` is in."""
        root = member
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[member] != root:
            self._parent[member], member = root, self._parent[member]
        return root

    def join(self, left: int, right: int) -> None:
        """Make one set of the two."""
        first, second = sorted((self.find(left), self.find(right)))
        self._parent[second] = first


def group_by_overlap(texts: Sequence[str], threshold: float) -> list[int]:
    """For each text the index of the first text of its group.

    Two texts whose digit-masked words overlap by at least ``threshold`` (Jaccard) share a group,
    and so does whatever resembles either of them. Compares all pairs: meant for a few thousand.
    """
    words = [masked_words(text) for text in texts]
    sets = DisjointSets(len(texts))
    for right, right_words in enumerate(words):
        for left in range(right):
            if jaccard(words[left], right_words) >= threshold:
                sets.join(left, right)
    return [sets.find(at) for at in range(len(texts))]


def near_duplicates(
    texts: Sequence[str], threshold: float, size: int = 3
) -> Iterator[tuple[int, int, float]]:
    """Pairs ``(left, right, overlap)``, left < right, whose word n-grams overlap by ``threshold``.

    Exact for any threshold above zero, by prefix filtering: two sets can only overlap that much
    if they share one of the few rarest n-grams of each.
    """
    grams = [word_ngrams(text, size) for text in texts]
    frequency: defaultdict[tuple[str, ...], int] = defaultdict(int)
    for gram_set in grams:
        for gram in gram_set:
            frequency[gram] += 1
    index: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for right, gram_set in enumerate(grams):
        ordered = sorted(gram_set, key=lambda gram: (frequency[gram], gram))
        # That many n-grams must be shared, so one of them is among the rarest of either set.
        shared = math.ceil(threshold * len(ordered) - 1e-9)
        prefix = ordered[: len(ordered) - shared + 1]
        candidates = {left for gram in prefix for left in index[gram]}
        for left in sorted(candidates):
            overlap = jaccard(grams[left], gram_set)
            if overlap >= threshold:
                yield left, right, overlap
        for gram in prefix:
            index[gram].append(right)
