"""Which sets of a large collection overlap, exactly, without comparing all pairs.

A set similarity join after Bayardo et al. (2007, prefix filter), with length filter and a bitmap
filter (Sandes et al. 2020): two sets can only overlap by a share `t` if they have one of their
few rarest members in common, similar sizes, and few differing bits in hashed bitmaps. What passes
is compared exactly. All of it in numpy, in pieces of bounded size.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
_PIECE = 400_000
"""Candidate pairs held at a time."""
_WORDS = 4
"""64-bit words of a bitmap."""
_WORD = re.compile(r"[^\W_]+|[^\s\w]")
_LOOSE = 1e-9
_LARGEST = 2**62


@dataclass(frozen=True)
class Sets:
    """Sets of whole numbers, one after the other; members ordered from the rarest."""

    starts: Ints
    """Where each set begins in `members`; one more entry than sets."""
    members: Ints

    @property
    def sizes(self) -> Ints:
        return np.diff(self.starts)

    def __len__(self) -> int:
        return len(self.starts) - 1


def run_sets(texts: Sequence[str], size: int) -> Sets:
    """For each text the set of its runs of `size` words and marks.

    A text with fewer words is one run; one without words is the empty set.
    """
    numbers: dict[str, int] = {}
    words: list[Ints] = []
    for text in texts:
        found = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
        codes = [numbers.setdefault(word, len(numbers) + 1) for word in found]
        codes += [0] * (size - len(codes)) if codes else []
        words.append(np.array(codes, dtype=np.int32))
    counts = np.array([max(0, len(codes) - size + 1) for codes in words], dtype=np.int64)
    if not counts.sum():
        return Sets(np.zeros(len(texts) + 1, dtype=np.int64), np.zeros(0, dtype=np.int64))
    runs, span = _windows(words, 0, size), len(numbers) + 1
    largest = span
    for at in range(1, size):
        if largest > _LARGEST // span:
            # Ranks keep the numbers small, so that runs of any size stay exact.
            distinct, runs = np.unique(runs, return_inverse=True)
            largest = len(distinct)
        runs = runs * span + _windows(words, at, size)
        largest *= span
    return _ordered(np.repeat(np.arange(len(texts)), counts), runs, len(texts))


def word_sets(texts: Sequence[Sequence[str]]) -> Sets:
    """For each list of words the set of them."""
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(word, len(numbers)) for words in texts for word in words]
    owners = np.repeat(np.arange(len(texts)), [len(words) for words in texts])
    return _ordered(owners.astype(np.int64), np.array(codes, dtype=np.int64), len(texts))


def similar_pairs(
    sets: Sets, threshold: float, kinds: Ints | None = None
) -> Iterator[tuple[Ints, Ints, NDArray[np.float64]]]:
    """Pieces `(left, right, overlap)` of all pairs whose Jaccard overlap reaches `threshold`.

    Left is below right. With `kinds`, only pairs of different kinds count; the caller may change
    that array between two pieces. A pair may come more than once; empty sets never come.
    """
    bitmaps = _bitmaps(sets)
    sizes = sets.sizes
    for left, right in _candidates(sets, threshold, kinds):
        both = sizes[left] + sizes[right]
        differing = np.bitwise_count(bitmaps[left] ^ bitmaps[right]).sum(axis=1, dtype=np.int64)
        needed = threshold / (1 + threshold) * both
        passed = (both - differing) / 2 >= needed - _LOOSE
        left, right, both = left[passed], right[passed], both[passed]
        if not len(left):
            continue
        low, high = np.minimum(left, right), np.maximum(left, right)
        shared = _shared(sets, low, high)
        overlap = shared / (both - shared)
        good = overlap >= threshold - _LOOSE
        if good.any():
            yield low[good], high[good], overlap[good]


def _windows(words: list[Ints], at: int, size: int) -> Ints:
    parts = [codes[at : len(codes) - size + 1 + at] for codes in words if len(codes)]
    return np.concatenate(parts).astype(np.int64)


def _ordered(owners: Ints, members: Ints, count: int) -> Sets:
    """Members once per set, renumbered so that the rarest of all sets have the lowest numbers."""
    if not len(members):
        return Sets(np.zeros(count + 1, dtype=np.int64), np.zeros(0, dtype=np.int64))
    order = np.argsort(members, kind="stable")
    members, owners = members[order], owners[order]
    changed = np.r_[True, members[1:] != members[:-1]]
    # Owners came in order and the sort is stable: a member's repeats in one set are neighbours.
    once = changed | np.r_[True, owners[1:] != owners[:-1]]
    ranks, owners = (np.cumsum(changed) - 1)[once], owners[once]
    frequency = np.bincount(ranks)
    distinct = len(frequency)
    rarity = np.empty(distinct, dtype=np.int64)
    rarity[np.argsort(frequency, kind="stable")] = np.arange(distinct)
    keys = owners * distinct + rarity[ranks]
    keys.sort()
    starts = np.searchsorted(keys // distinct, np.arange(count + 1))
    return Sets(starts.astype(np.int64), keys % distinct)


def _bitmaps(sets: Sets) -> NDArray[np.uint64]:
    maps = np.zeros((len(sets), _WORDS), dtype=np.uint64)
    owners = np.repeat(np.arange(len(sets)), sets.sizes)
    # Fibonacci hashing: neighbouring numbers land far apart.
    mixed = (sets.members.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(56)
    word, bit = (mixed >> np.uint64(6)).astype(np.int64), mixed & np.uint64(63)
    np.bitwise_or.at(maps, (owners, word), np.uint64(1) << bit)
    return maps


def _candidates(sets: Sets, threshold: float, kinds: Ints | None) -> Iterator[tuple[Ints, Ints]]:
    """Pieces of pairs that share a rare member and have sizes that allow the overlap."""
    sizes = sets.sizes
    needed = np.ceil(threshold * sizes - _LOOSE).astype(np.int64)
    prefix = np.where(sizes > 0, sizes - needed + 1, 0)
    owners = np.repeat(np.arange(len(sets)), prefix)
    inside = np.arange(len(owners)) - np.repeat(np.cumsum(prefix) - prefix, prefix)
    tokens = sets.members[sets.starts[owners] + inside]
    order = np.lexsort((owners, sizes[owners], tokens))
    tokens, owners = tokens[order], owners[order]
    width = int(sizes.max(initial=0)) + 2
    keys = tokens * width + sizes[owners]
    # Partners stand behind: same member, size up to size / threshold.
    widest = np.minimum(np.floor(sizes[owners] / threshold + _LOOSE), width - 1).astype(np.int64)
    ends = np.searchsorted(keys, tokens * width + widest, side="right")
    counts = ends - np.arange(len(owners)) - 1
    first = 0
    totals = np.cumsum(counts)
    while first < len(owners):
        done = int(totals[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(totals, done + _PIECE, side="right")))
        number = counts[first:last]
        at = np.repeat(np.arange(first, last), number)
        step = np.arange(len(at)) - np.repeat(np.cumsum(number) - number, number) + 1
        left, right = owners[at], owners[at + step]
        if kinds is not None and len(left):
            apart = kinds[left] != kinds[right]
            left, right = left[apart], right[apart]
        if len(left):
            yield left, right
        first = last


def _shared(sets: Sets, left: Ints, right: Ints) -> Ints:
    """How many members the sets of each pair have in common."""
    found = np.zeros(len(left), dtype=np.int64)
    span = int(sets.members.max(initial=0)) + 1
    room = np.cumsum(sets.sizes[left] + sets.sizes[right])
    first = 0
    while first < len(left):
        done = int(room[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(room, done + 8 * _PIECE, side="right")))
        pairs = np.arange(first, last)
        keys = np.concatenate(
            [
                _members(sets, left[first:last], pairs, span),
                _members(sets, right[first:last], pairs, span),
            ]
        )
        keys.sort()
        twice = keys[1:][keys[1:] == keys[:-1]] // span
        found += np.bincount(twice, minlength=len(left))
        first = last
    return found


def _members(sets: Sets, chosen: Ints, pairs: Ints, span: int) -> Ints:
    sizes = sets.sizes[chosen]
    inside = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    members: Ints = sets.members[np.repeat(sets.starts[chosen], sizes) + inside]
    return np.repeat(pairs, sizes) * span + members
