"""Overlap of words and word n-grams, exact: sets for small comparisons, an index for many."""

import re
import unicodedata
from collections.abc import Iterator, Sequence, Set

import numpy as np
from numpy.typing import NDArray

from coursewright.similarity.join import Sets, run_sets, similar_pairs, word_sets

_WORD = re.compile(r"[^\W_]+|[^\s\w]")
_SIGN = r"[-+*/%<>=!~^&|\[\](){}]"
_WORD_OR_SIGN = re.compile(rf"[^\W_]+|{_SIGN}")
_BETWEEN_SIGNS = re.compile(rf"(?<={_SIGN}) (?={_SIGN})")
_DIGITS = re.compile(r"\d+")


def normalised(text: str) -> str:
    """Lower-case words and numbers with single spaces: what stays when layout and marks go.

    Signs of operation and comparison stay too, for without them different programs look the same.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _BETWEEN_SIGNS.sub("", " ".join(_WORD_OR_SIGN.findall(folded)))


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


def group_by_overlap(
    texts: Sequence[str], threshold: float, known: Sequence[int] = ()
) -> list[int]:
    """For each text the index of the first text of its group.

    Two texts whose digit-masked words overlap by at least ``threshold`` (Jaccard) share a group,
    and so does whatever resembles either of them. Texts with the same number in ``known`` are of
    one group from the start and are not compared.
    """
    words = [sorted(masked_words(text)) for text in texts]
    sets = _known_groups(len(texts), known)
    blank = [at for at, found in enumerate(words) if not found]
    for at in blank[1:]:
        sets.join(blank[0], at)
    join_similar(sets, word_sets(words), threshold)
    return [sets.find(at) for at in range(len(texts))]


def group_by_runs(
    texts: Sequence[str], threshold: float, known: Sequence[int] = (), size: int = 3
) -> list[int]:
    """The same for the runs of ``size`` words, numbers included; blank texts stay alone."""
    sets = _known_groups(len(texts), known)
    join_similar(sets, run_sets(texts, size), threshold)
    return [sets.find(at) for at in range(len(texts))]


def _known_groups(size: int, known: Sequence[int]) -> DisjointSets:
    sets = DisjointSets(size)
    first: dict[int, int] = {}
    for at, number in enumerate(known):
        sets.join(first.setdefault(number, at), at)
    return sets


def join_similar(groups: DisjointSets, sets: Sets, threshold: float) -> None:
    """Join whatever overlaps by ``threshold``; members of one group are not compared again."""
    kinds = np.array([groups.find(at) for at in range(len(sets))], dtype=np.int64)
    for left, right, _ in similar_pairs(sets, threshold, kinds):
        for one, other in zip(left.tolist(), right.tolist(), strict=True):
            groups.join(one, other)
        kinds[:] = [groups.find(at) for at in range(len(sets))]


def near_duplicates(
    texts: Sequence[str], threshold: float, size: int = 3, kinds: Sequence[int] | None = None
) -> Iterator[tuple[int, int, float]]:
    """Pairs ``(left, right, overlap)``, left < right, whose word n-grams overlap by ``threshold``.

    Exact for any threshold above zero. With ``kinds``, one number for each text, only pairs of
    different kinds are looked for.
    """
    marks = None if kinds is None else np.asarray(kinds, dtype=np.int64)
    seen: set[tuple[int, int]] = set()
    for left, right, overlap in similar_pairs(run_sets(texts, size), threshold, marks):
        for one, other, share in zip(left.tolist(), right.tolist(), overlap.tolist(), strict=True):
            if (one, other) not in seen:
                seen.add((one, other))
                yield one, other, share


def repeated(members: Sequence[Sequence[str]], threshold: float) -> NDArray[np.bool_]:
    """Which sets overlap an earlier one by ``threshold`` (Jaccard); an empty set never does."""
    marks = np.zeros(len(members), dtype=bool)
    for _, right, _ in similar_pairs(word_sets(members), threshold):
        marks[right] = True
    return marks
