"""Whether two students on the same items differ at all.

Everything here is paired and clustered: items of one group (context, template, source
problem) are one observation, because a student that gets one of them right tends to get all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coursewright.records import Evaluation

RESAMPLES = 10_000
FEW_GROUPS = 40
"""Below this many groups no coverage is promised."""

Floats = NDArray[np.float64]


def scores_of(evaluation: Evaluation) -> list[float]:
    """Return the score of each item, in order."""
    return [result.score for result in evaluation.results]


def group_sums(values: Sequence[float], groups: Sequence[str]) -> tuple[Floats, Floats]:
    """Return (sum of values, number of items) per group, both of shape (groups,)."""
    _, index = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    sums = np.bincount(index, weights=np.asarray(values, dtype=float)).astype(np.float64)
    return sums, np.bincount(index).astype(np.float64)


def paired_p_value(
    base: Sequence[float], final: Sequence[float], groups: Sequence[str], seed: int = 0
) -> float:
    """Return the two-sided p-value of "both students are equally good".

    Exact McNemar where every group is one item and every score is 0 or 1; else a sign-flip
    test over the groups' summed differences, with `RESAMPLES` random flips.
    """
    differences, sizes = group_sums(np.subtract(final, base).tolist(), groups)
    if (sizes == 1).all() and np.isin(differences, (-1.0, 0.0, 1.0)).all():
        return mcnemar(int((differences > 0).sum()), int((differences < 0).sum()))
    differences = differences[differences != 0]
    if not len(differences):
        return 1.0
    kept = np.random.default_rng(seed).integers(0, 2, (RESAMPLES, len(differences)), np.int8)
    observed = differences.sum()
    flipped = 2 * (kept @ differences) - observed
    # The observed labelling is one of the flips: count it, so that p is never 0.
    return float((1 + (np.abs(flipped) >= abs(observed) - 1e-9).sum()) / (1 + RESAMPLES))


def mcnemar(won: int, lost: int) -> float:
    """Return the exact two-sided binomial p-value of `won` against `lost` changed items."""
    changed = won + lost
    if changed == 0:
        return 1.0
    tail = sum(math.comb(changed, k) for k in range(min(won, lost) + 1))
    return min(1.0, float(2 * tail / 2**changed))
