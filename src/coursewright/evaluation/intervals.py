"""95 % intervals of scores and of gains over items, for items that come in groups.

Of what: the expected value over items of this kind, for the students at hand. A plain bootstrap
over groups holds it too seldom at 40 groups (91 to 93 % where answers are mostly right or group
sizes differ), and Student's t does at accuracies near 0 or 1. So both ideas are joined, as survey
statistics does (Korn and Graubard 1998): the variance between groups says how many independent
items the exam is worth, and an interval made for counts is computed from that many.

`python -m benchmarks.exam_statistics` measures the coverage.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coursewright.evaluation.statistics import group_sums
from coursewright.evaluation.student_t import t_quantile
from coursewright.power import Z_ALPHA

LEAST_RIGHT = 10
"""Right base answers below which a gain in percent is a ratio to nothing."""
PSEUDO_TIES = 2
"""Items without change that are added where the share of losses is estimated (as the two pseudo
observations of Agresti and Coull 1998). Without them the interval is too wide where nearly every
item was won: an exam that saw no tie would expect losses in their place."""
_HALVINGS = 45

Floats = NDArray[np.float64]
Interval = tuple[float, float]


def interval(values: Sequence[float], groups: Sequence[str]) -> Interval:
    """Return the 95 % interval of the mean of scores in [0, 1]; (0, 1) for a single group."""
    sums, sizes = group_sums(values, groups)
    if len(sizes) < 2:
        return 0.0, 1.0
    low, high = mean_limits(sums, sizes, whole=_whole(values, sizes))
    return float(low), float(high)


def gain_intervals(
    base: Sequence[float], final: Sequence[float], groups: Sequence[str]
) -> tuple[Interval, Interval | None]:
    """Return 95 % intervals of the gain in points (0-100) and in percent of the base score.

    The percent interval is None where base or final have under `LEAST_RIGHT` right answers: a
    ratio to nothing has no interval. For a single group of items the points are (-100, 100).
    """
    base_sums, sizes = group_sums(base, groups)
    final_sums, _ = group_sums(final, groups)
    if len(sizes) < 2:
        return (-100.0, 100.0), None
    differences = np.subtract(final, base)
    won, _ = group_sums(np.maximum(differences, 0).tolist(), groups)
    lost, _ = group_sums(np.maximum(-differences, 0).tolist(), groups)
    low, high = gain_limits(won, lost, sizes, whole=_whole([*base, *final], sizes))
    points = (100 * float(low), 100 * float(high))
    if min(base_sums.sum(), final_sums.sum()) < LEAST_RIGHT:
        return points, None
    low, high = ratio_limits(base_sums, final_sums, sizes)
    return points, (100 * float(low) - 100, 100 * float(high) - 100)


def _whole(values: Sequence[float], sizes: Floats) -> bool:
    """Whether items are independent and right or wrong: then counts say all about variance."""
    return bool((sizes == 1).all() and np.isin(values, (0.0, 1.0)).all())


# ------------------------------------------------- for arrays: groups along the last axis


def gain_limits(won: Floats, lost: Floats, sizes: Floats, *, whole: bool) -> tuple[Floats, Floats]:
    """Return the 95 % limits of the mean difference, in [-1, 1].

    `won` and `lost` are the sums over each group's items of the positive and of the negative
    parts of the difference, `sizes` its number of items; all of shape (..., groups). Limits are
    Tango's (1998) for paired proportions, for as many items as the groups are worth.
    """
    items = sizes.sum(axis=-1)
    up, down = won.sum(axis=-1) / items, lost.sum(axis=-1) / items
    plain = up + down - (up - down) ** 2
    worth, quantile = _worth(won - lost, sizes, plain, whole)
    return score_limits(up * worth, down * worth, worth, quantile)


def mean_limits(sums: Floats, sizes: Floats, *, whole: bool) -> tuple[Floats, Floats]:
    """Return the 95 % limits of the mean score, in [0, 1], after Wilson (1927).

    Shapes as in `gain_limits`; for as many items as the groups are worth.
    """
    mean = sums.sum(axis=-1) / sizes.sum(axis=-1)
    worth, quantile = _worth(sums, sizes, mean * (1 - mean), whole)
    squared = quantile**2
    centre = (mean + squared / (2 * worth)) / (1 + squared / worth)
    spread = np.sqrt(mean * (1 - mean) / worth + squared / (4 * worth**2))
    half = quantile * spread / (1 + squared / worth)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def ratio_limits(base: Floats, final: Floats, sizes: Floats) -> tuple[Floats, Floats]:
    """Return the 95 % limits of final over base, from the linearised variance of its logarithm.

    Shapes as in `gain_limits`; every total must be above 0.
    """
    totals = final.sum(axis=-1), base.sum(axis=-1)
    off = final / totals[0][..., None] - base / totals[1][..., None]
    share = sizes / sizes.sum(axis=-1, keepdims=True)
    error = np.sqrt((off**2 / (1 - share)).sum(axis=-1))
    reach = np.exp(_t_of(sizes) * error)
    ratio = totals[0] / totals[1]
    return ratio / reach, ratio * reach


def kept_limits(whole: Floats, part: Floats, sizes: Floats) -> Interval | None:
    """Return the 95 % limits of the share that one gain is of another, on the same items.

    `whole` and `part` are the sums of both gains over each group's items, `sizes` its number of
    items; all of shape (groups,). Those shares k are kept for which part - k * whole is not told
    from 0 (Fieller 1954), by the variance between groups as in `_worth`. None where the whole gain
    itself is not told from 0: then every share fits.
    """
    if len(sizes) < 2:
        return None
    share = sizes / sizes.sum()
    gains = np.stack([whole, part])
    totals = gains.sum(axis=1)
    off = gains - np.outer(totals, share)
    reach = float(_t_of(sizes)) ** 2 * (off / (1 - share)) @ off.T
    square = totals[0] ** 2 - reach[0, 0]
    if totals[0] <= 0 or square <= 0:
        return None
    middle = totals[0] * totals[1] - reach[0, 1]
    root = np.sqrt(max(0.0, middle**2 - square * (totals[1] ** 2 - reach[1, 1])))
    return float((middle - root) / square), float((middle + root) / square)


def _worth(
    sums: Floats, sizes: Floats, plain: Floats, whole: bool
) -> tuple[Floats, Floats | float]:
    """How many independent items the groups are worth, and the quantile to go with it.

    `plain` is the variance that one independent item would have. The variance of the mean is that
    between groups, linearised for groups of unequal size, each deviation corrected for its pull on
    the mean (Bell and McCaffrey 2002). Where it is 0, groups that agree in everything are counted.
    """
    if whole:
        return sizes.sum(axis=-1), Z_ALPHA
    items = sizes.sum(axis=-1, keepdims=True)
    share = sizes / items
    off = sums / items - sums.sum(axis=-1, keepdims=True) / items * share
    variance = (off**2 / (1 - share)).sum(axis=-1)
    known = (variance > 1e-18) & (plain > 0)
    worth = np.where(known, plain / np.where(known, variance, 1.0), equal_groups(sizes))
    return worth, _t_of(sizes)


def equal_groups(sizes: Floats) -> Floats:
    """Return how many groups of equal size these groups are worth (Kish 1965)."""
    worth: Floats = sizes.sum(axis=-1) ** 2 / (sizes**2).sum(axis=-1)
    return worth


def _t_of(sizes: Floats) -> Floats:
    """Student's t quantile for so many groups; degrees rounded, for tables of it are kept."""
    degrees = np.round(np.maximum(equal_groups(sizes) - 1, 1.0), 1)
    levels, at = np.unique(degrees, return_inverse=True)
    return np.array([t_quantile(float(level)) for level in levels])[at.reshape(degrees.shape)]


def score_limits(
    won: Floats, lost: Floats, items: Floats, quantile: Floats | float
) -> tuple[Floats, Floats]:
    """Return Tango's (1998) limits of (won - lost) / items; counts need not be whole.

    Those differences that a score test does not reject: its variance is that of the difference
    asked about, the share of losses being the likeliest one for it.
    """
    found = (won - lost) / items

    def limit(sign: float) -> Floats:
        inside, outside = found.astype(np.float64), np.full_like(found, sign)
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            far = np.abs(_score(won, lost, items, middle)) > quantile
            inside, outside = np.where(far, inside, middle), np.where(far, middle, outside)
        return inside

    return limit(-1.0), limit(1.0)


def _score(won: Floats, lost: Floats, items: Floats, difference: Floats) -> Floats:
    counted = items + PSEUDO_TIES
    linear = (2 * counted - won + lost) * difference - won - lost
    constant = -lost * difference * (1 - difference)
    root = np.sqrt(np.maximum(linear**2 - 8 * counted * constant, 0.0))
    losses = (root - linear) / (4 * counted)
    variance = items * (2 * losses + difference * (1 - difference))
    score: Floats = (won - lost - items * difference) / np.sqrt(np.maximum(variance, 1e-30))
    return score
