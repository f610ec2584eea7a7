"""Rows in an order of which every beginning is a small data set of its own.

Shares are kept after Adams' method of apportionment (every part has a seat before any has two, and
from then on seats follow size); within a part rows are chosen to differ, by best candidate
(Mitchell 1991): of a few, the one least like those already taken. The least alike of *all* rows
would be taken by farthest-first traversal (Gonzalez 1985), which begins with a data set's oddest
rows; those are, of a teacher's rows, the wrong ones too often.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from coursewright.similarity import hashed_ngrams

CANDIDATES = 16
"""Rows that are looked at for one place, evenly spread over those that are left."""
FINEST = 1.15
"""Factor between two sizes, at least: nobody can tell sizes closer than that apart."""
_DIGITS = 3
"""Of a likeness: what is beyond may differ from one machine to the next."""

Label = tuple[Hashable, Hashable]
"""Topic of a row, and whatever else it should be balanced by."""


def grid(minimum: int, rows: int, count: int) -> list[int]:
    """Return at most `count` sizes from `minimum` up, each larger by one factor, all under `rows`.

    `rows` itself would be the next. None where there is no room below `rows`.
    """
    if minimum >= rows or count < 1:
        return []
    steps = max(1, min(count, int(math.log(rows / minimum) / math.log(FINEST))))
    sizes = (round(minimum * (rows / minimum) ** (step / steps)) for step in range(steps))
    return sorted({size for size in sizes if size < rows})


def balanced_order(labels: Sequence[Label], texts: Sequence[str], most: int) -> list[int]:
    """Return the numbers of the first `most` rows of the order; the same for the same rows.

    Of a topic with n of all N rows, the first s hold at most one more than s * n / N; each topic is
    among the first as soon as there are as many rows as topics. Within a topic the same holds of
    the second part of the labels.
    """
    topics = _members([topic for topic, _ in labels])
    turns = apportioned([len(members) for members in topics], most)
    queues = [
        iter(_within([labels[row][1] for row in members], [texts[row] for row in members], count))
        for members, count in zip(topics, (turns.count(t) for t in range(len(topics))), strict=True)
    ]
    return [topics[topic][next(queues[topic])] for topic in turns]


def apportioned(sizes: Sequence[int], most: int) -> list[int]:
    """Return which part has each of the first `most` places, the larger part first where equal."""
    places = sorted(
        (place / size, -size, part) for part, size in enumerate(sizes) for place in range(size)
    )
    return [part for _, _, part in places[:most]]


def _members(labels: Sequence[Hashable]) -> list[list[int]]:
    """Numbers of the rows of each label, in the order in which labels first occur."""
    members: dict[Hashable, list[int]] = {}
    for row, label in enumerate(labels):
        members.setdefault(label, []).append(row)
    return list(members.values())


def _within(cells: Sequence[Hashable], texts: Sequence[str], count: int) -> list[int]:
    """The first `count` rows of one topic."""
    vectors = hashed_ngrams(texts).astype(np.float32)
    left = _members(cells)
    closest = np.full(len(texts), -1.0, dtype=np.float32)
    """Likeness to the most alike row that is taken."""
    taken = []
    for cell in apportioned([len(rows) for rows in left], count):
        row = left[cell].pop(_least_alike(left[cell], closest))
        taken.append(row)
        closest = np.maximum(closest, np.round(vectors @ vectors[row], _DIGITS))
    return taken


def _least_alike(rows: Sequence[int], closest: NDArray[np.float32]) -> int:
    """Place in `rows` of the best candidate, the first of equals."""
    count = min(CANDIDATES, len(rows))
    places = [at * len(rows) // count for at in range(count)]
    return min(places, key=lambda place: float(closest[rows[place]]))
