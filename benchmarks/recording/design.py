"""Which data sets are trained on: training number N of a design is always the same.

A search moves through data sets that no list could hold, so the recorded ones have to pin down a
smooth surface over all of them. Numbers come in blocks of twenty, each with all kinds in the same
shares, so that a table that breaks off early is a small design, not half of one:

- 8 mixes of several methods, spread over the whole simplex from nearly one method to all of them,
  and from nearly one topic to all: what rows of a method are worth when others stand beside them;
- 3 of one method, each method in turn: the corners that drafts begin in;
- 3 patchworks, a method of its own for each topic: what merges lead to, and the only points that
  tell a method's worth on a topic from its worth at large;
- 2 pairs of a mix and the same without one topic or one method, all else equal: what an ablation
  measures, with the luck of rows and training taken out;
- 1 repetition of the block's first mix with another training seed, and 1 with other rows of the
  same kinds: the two kinds of luck.

Sizes are on a log scale, since what a row is worth falls with their number; they follow a sequence
that fills the scale evenly however early a table breaks off (multiples of the golden ratio).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coursewright.seeding import derive

Counts = NDArray[np.int64]
"""Rows by method and topic, (methods, topics)."""
Kind = Literal["mix", "single", "patchwork", "without topic", "without method", "again", "redrawn"]

FEWEST, MOST = 100, 2000
"""Rows of a data set; where the pool has fewer of a kind, the data set is smaller."""
BLOCK: tuple[Kind, ...] = (
    *("mix",) * 8,
    *("single",) * 3,
    *("patchwork",) * 3,
    *("mix", "without topic"),
    *("mix", "without method"),
    *("again", "redrawn"),
)
GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Point:
    """A training to be made."""

    number: int
    kind: Kind
    counts: Counts
    draw: int
    """Number of the training that first drew these rows from the pool."""
    seed: int
    """Number that the training seed is derived from."""


def point(
    number: int, pool: Counts, *, seed: int = 0, sizes: Sequence[int] = (FEWEST, MOST)
) -> Point:
    """Return training `number` of the design for a pool with so many rows, by method and topic.

    `sizes` are fewest and most rows of a data set.
    """
    block, place = divmod(number, len(BLOCK))
    kind = BLOCK[place]
    if kind in ("again", "redrawn"):
        first = point(block * len(BLOCK), pool, seed=seed, sizes=sizes)
        draw = number if kind == "redrawn" else first.draw
        return replace(first, number=number, kind=kind, draw=draw, seed=number)
    if kind in ("without topic", "without method"):
        whole = point(number - 1, pool, seed=seed, sizes=sizes)
        left = _without(whole.counts, kind, np.random.default_rng(derive(seed, "design", number)))
        return replace(whole, number=number, kind=kind, counts=left)
    rng = np.random.default_rng(derive(seed, "design", number))
    low, high = np.log(sizes)
    total = round(float(np.exp(low + (high - low) * (number * GOLDEN % 1))))
    shares = _shares(kind, pool, 3 * block + place, rng)
    counts = np.minimum(_rounded(total, shares), pool)
    return Point(number=number, kind=kind, counts=counts, draw=number, seed=number)


def _shares(kind: Kind, pool: Counts, turn: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Shares of a data set's rows by method and topic; they sum up to 1."""
    methods, topics = pool.shape
    shares = np.zeros((methods, topics))
    if kind == "single":
        shares[turn % methods] = _mixed(topics, 6.0, rng)
    elif kind == "patchwork":
        shares[rng.integers(methods, size=topics), np.arange(topics)] = _mixed(topics, 6.0, rng)
    else:
        few = rng.permutation(methods)[: rng.integers(min(2, methods), methods + 1)]
        # From data sets of nearly one topic to even ones.
        even = rng.choice([0.5, 2.0, 8.0])
        for method, share in zip(few, _mixed(len(few), 1.0, rng), strict=True):
            shares[method] = share * _mixed(topics, even, rng)
    return shares


def _mixed(count: int, even: float, rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.dirichlet(np.full(count, even))


def _rounded(total: int, shares: NDArray[np.float64]) -> Counts:
    """Whole numbers in these shares that sum up to the total: the largest remainders gain."""
    exact = total * shares / shares.sum()
    counts = np.floor(exact).astype(np.int64)
    left = total - int(counts.sum())
    order = np.argsort((counts - exact).ravel(), kind="stable")[:left]
    counts.ravel()[order] += 1
    return counts


def _without(whole: Counts, kind: Kind, rng: np.random.Generator) -> Counts:
    """Leave out one topic, or one method; one that has rows, and is not all there is."""
    axis = 1 if kind == "without topic" else 0
    sums = whole.sum(axis=1 - axis)
    found = np.flatnonzero(sums)
    if len(found) < 2:
        return whole
    left = whole.copy()
    chosen = rng.choice(found, p=sums[found] / sums.sum())
    if axis == 0:
        left[chosen] = 0
    else:
        left[:, chosen] = 0
    return left
