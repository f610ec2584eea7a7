"""What may be said of a student, or of the best of many, when items are few and looks are many.

The test gates claims, never the search: which round is improved upon needs no significance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coursewright.evaluation.intervals import gain_intervals
from coursewright.evaluation.statistics import group_sums, paired_p_value
from coursewright.records import Claim

FOLDS, REPEATS = 5, 40
"""A fifth of the groups is left out of each choice, and every group 40 times."""
CHANGED = 0.25
"""Share of items on which two equally good students of one base are taken to differ."""


@dataclass(frozen=True)
class Comparison:
    """One student against another on the same items."""

    verdict: Claim
    p_value: float
    """Two-sided: how easily two equally good students would differ as much."""
    difference_points: float
    """`other` minus `base`, 0-100."""
    ci95: tuple[float, float]
    """95 % interval of the expected difference over items, in points."""


def compare(
    base: Sequence[float],
    other: Sequence[float],
    groups: Sequence[str],
    alpha: float,
    seed: int = 0,
) -> Comparison:
    """Test `other` against `base`: scores in [0, 1] of the same items, in the same order.

    `alpha` is the two-sided level of this one test; `spread_alpha` gives it where there are
    several. "improved" and "worse" need the test and a 95 % interval on one side of 0.

    Raises:
        ValueError: no items, or not one score and one group for each.
    """
    if not base or not len(base) == len(other) == len(groups):
        raise ValueError(f"{len(base)} and {len(other)} scores in {len(groups)} groups of items")
    p_value = paired_p_value(base, other, groups, seed)
    low, high = gain_intervals(base, other, groups)[0]
    verdict: Claim = "inconclusive"
    if p_value < alpha and (low > 0 or high < 0):
        verdict = "improved" if low > 0 else "worse"
    difference = 100 * float(np.mean(other) - np.mean(base))
    return Comparison(verdict, p_value, difference, (low, high))


def corrected_score(
    per_item: Sequence[Sequence[float]], groups: Sequence[str], chosen: int, seed: int = 0
) -> float:
    """Return the score (0-1) of the chosen candidate, corrected for having been chosen.

    `per_item[candidate][item]` are scores in [0, 1] on one set of items. The choice is made
    again on four fifths of the groups and scored on the fifth left out, so that no item is on
    both sides; the mean over all parts of many partitions is returned. Chosen is, in each part,
    who stands where `chosen` stands on all items: the best, as a rule, and the earliest of equals.

    Choosing on halves instead judges a choice made on half the items: simulated, that is 0.8
    points too low where candidates differ by a few points. With a single group nothing can be
    left out: the plain mean is returned.
    """
    stacked = [group_sums(scores, groups) for scores in per_item]
    sums, sizes = np.array([one for one, _ in stacked]), stacked[0][1]
    if len(sizes) < 2:
        return float(sums[chosen].sum() / sizes.sum())
    place = int(np.flatnonzero(_ranking(sums.sum(axis=1)[None])[0] == chosen)[0])
    left_out = _parts(len(sizes), np.random.default_rng(seed))
    held_sums, held_sizes = left_out @ sums.T, left_out @ sizes
    kept_means = (sums.sum(axis=1) - held_sums) / (sizes.sum() - held_sizes)[:, None]
    choices = _ranking(kept_means)[:, place]
    # Items weigh alike, whatever the size of the part they fell into.
    return float(held_sums[np.arange(len(choices)), choices].sum() / held_sizes.sum())


def _ranking(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Candidates from best to worst in each row, the earlier of equals first."""
    ranked: NDArray[np.int64] = np.argsort(-scores, axis=1, kind="stable")
    return ranked


def _parts(groups: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Which groups are left out, shape (parts, groups); each of them once per repeat."""
    folds = min(FOLDS, groups)
    fold = np.argsort(rng.random((REPEATS, groups)), axis=1) % folds
    parts: NDArray[np.bool] = fold[:, None, :] == np.arange(folds)[None, :, None]
    return parts.reshape(REPEATS * folds, groups).astype(np.float64)


def spread_alpha(alpha: float, queries: int) -> float:
    """Return the level of each of `queries` tests that keeps any false claim under `alpha`.

    Bonferroni's bound. It also covers a claim about the best of so many candidates, because it
    holds whichever of the tests is looked at.
    """
    return alpha / max(1, queries)


def ladder_step(noise_sd: float, items: int) -> float:
    """Return the smallest rise of a score (0-1) that is worth releasing.

    One standard deviation of what two equally good data sets differ by: by training noise
    (`noise_sd`, of one training's score, 0-1, on these items), and by the items themselves
    (`CHANGED` of them turn right or wrong). The larger counts, for the noise measured on the items
    holds part of the second. After the Ladder of Blum and Hardt (2015), whose step for a paired
    difference is its standard error.
    """
    return max(math.sqrt(2) * noise_sd, math.sqrt(CHANGED / max(1, items)))
