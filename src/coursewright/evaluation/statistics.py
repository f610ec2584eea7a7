"""How sure a difference between two students on the same items is.

Everything here is paired and clustered: items of one group (context, template, source
problem) are one observation, because a student that gets one of them right tends to get all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
FEW_GROUPS = 40
"""Below this many groups no coverage is promised."""

Floats = NDArray[np.float64]


def group_sums(values: Sequence[float], groups: Sequence[str]) -> tuple[Floats, Floats]:
    """Return (sum of values, number of items) per group, both of shape (groups,)."""
    _, index = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    sums = np.bincount(index, weights=np.asarray(values, dtype=float)).astype(np.float64)
    return sums, np.bincount(index).astype(np.float64)


def interval(values: Sequence[float], groups: Sequence[str], seed: int = 0) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of the mean, resampling whole groups."""
    sums, sizes = group_sums(values, groups)
    draws = _draws(len(sums), seed)
    means = draws @ sums / (draws @ sizes)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def gain_intervals(
    base: Sequence[float], final: Sequence[float], groups: Sequence[str], seed: int = 0
) -> tuple[tuple[float, float], tuple[float, float] | None]:
    """Return 95 % intervals of the gain in points (0-100) and in percent of the base score.

    The percent interval is None where a resample may hold no right base answer (base under
    10 right): a ratio to nothing has no interval.
    """
    base_sums, sizes = group_sums(base, groups)
    final_sums, _ = group_sums(final, groups)
    draws = _draws(len(sizes), seed)
    totals = draws @ sizes
    base_means, final_means = draws @ base_sums / totals, draws @ final_sums / totals
    points = np.quantile((final_means - base_means) * 100, [0.025, 0.975])
    gain_points = (float(points[0]), float(points[1]))
    if sum(base) < 10 or not base_means.all():
        return gain_points, None
    percent = np.quantile((final_means / base_means - 1) * 100, [0.025, 0.975])
    return gain_points, (float(percent[0]), float(percent[1]))


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
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), size=(RESAMPLES, len(differences)))
    observed = abs(differences.sum())
    # The observed labelling is one of the flips: count it, so that p is never 0.
    return float((1 + (np.abs(signs @ differences) >= observed - 1e-9).sum()) / (1 + RESAMPLES))


def mcnemar(won: int, lost: int) -> float:
    """Return the exact two-sided binomial p-value of `won` against `lost` changed items."""
    changed = won + lost
    if changed == 0:
        return 1.0
    tail = sum(math.comb(changed, k) for k in range(min(won, lost) + 1))
    return min(1.0, float(2 * tail / 2**changed))


def _draws(groups: int, seed: int) -> Floats:
    """Return bootstrap multiplicities of shape (resamples, groups)."""
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(groups, np.full(groups, 1 / groups), size=RESAMPLES)
    return counts.astype(float)
