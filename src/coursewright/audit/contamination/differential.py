"""The differential audit: is a submission closer to some items than to others of the same kind?

Items were dealt to the splits by chance, so who has not seen the visible ones comes as close to
the hidden ones. Whether it comes closer to the visible ones than chance allows is asked of many
statistics at once: of each measure its mean, and how many of the closest items are visible, among
the closest 1, 2, 4 and 8 %. Groups of items are dealt anew many times, and the largest of all
standardised statistics is compared with the largest of each deal (Westfall and Young 1993,
max-T), so the number of statistics costs no validity. A group stays together, and stays within
its topic where every group has one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coursewright.audit.contamination.evidence import Measure

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

DEALS = 1999
CLOSEST = (0.01, 0.02, 0.04, 0.08)
_BATCH = 250
_TINY = 1e-9


@dataclass(frozen=True)
class Comparison:
    """What one comparison found."""

    p_value: float
    """That chance alone makes the chosen items look so close, one-sided."""
    least: float
    """The smallest p-value that so many groups and deals can give."""
    measure: Measure
    """The one that shows it most."""
    excess: float
    """By how many items the chosen ones exceed their share among the closest, at most."""


def compare(
    measures: Sequence[Measure], chosen: Bools, others: Bools, groups: Ints, strata: Ints
) -> Comparison:
    """Compare the chosen items with the others, of all that were measured; groups go whole.

    `groups` numbers each item's group, `strata` each item's topic. The deals are the same for the
    same items, so that nobody can try again until a verdict pleases.
    """
    among = chosen | others
    picks = chosen[among]
    groups = np.unique(groups[among], return_inverse=True)[1]
    names, values = _statistics(measures, among)
    count = int(groups.max()) + 1
    sums = np.stack([np.bincount(groups, v, minlength=count) for v in values], 1).astype(float)
    sizes = np.bincount(groups, minlength=count).astype(float)
    picked = np.zeros(count, dtype=bool)
    picked[groups[picks]] = True
    stratum = np.zeros(count, dtype=np.int64)
    stratum[groups] = strata[among]
    rng = np.random.default_rng(0)
    observed = _differences(picked[None, :], sums, sizes)[0]
    dealt = np.concatenate(
        [
            _differences(_deal(picked, stratum, min(_BATCH, DEALS - done), rng), sums, sizes)
            for done in range(0, DEALS, _BATCH)
        ]
    )
    middle, spread = dealt.mean(axis=0), dealt.std(axis=0)
    usable = spread > _TINY
    scale = np.where(usable, spread, 1.0)
    standing = np.where(usable, (observed - middle) / scale, 0.0)
    largest = np.where(usable, (dealt - middle) / scale, 0.0).max(axis=1)
    top = int(standing.argmax())
    reached = int((largest >= standing[top] - _TINY).sum())
    best = next(one for one in measures if one.name == names[top])
    return Comparison(
        p_value=(1 + reached) / (1 + DEALS),
        least=max(1 / (1 + DEALS), math.exp(-_log_deals(picked, stratum))),
        measure=best,
        excess=_excess(best.values[among], picks),
    )


def _statistics(measures: Sequence[Measure], among: Bools) -> tuple[list[str], list[Floats]]:
    names: list[str] = []
    columns: list[Floats] = []
    for one in measures:
        values = one.values[among]
        closest = [top.astype(float) for top in _closest(values)]
        columns += [values, *closest]
        names += [one.name] * (1 + len(closest))
    return names, columns


def _closest(values: Floats) -> list[Bools]:
    """Which items are the closest, for each share; without those that are the same."""
    order = np.sort(values)[::-1]
    found: list[Bools] = []
    for share in CLOSEST:
        least = order[max(1, round(share * len(values))) - 1]
        among = (values >= least) & (values > 0)
        if among.any() and not any(np.array_equal(among, other) for other in found):
            found.append(among)
    return found


def _excess(values: Floats, picks: Bools) -> float:
    """How many picked items are among the closest beyond the share that the others have there."""
    return max(
        (float(top[picks].sum() - top[~picks].mean() * picks.sum()) for top in _closest(values)),
        default=0.0,
    )


def _differences(picked: Bools, sums: Floats, sizes: Floats) -> Floats:
    """Mean of the picked items less the mean of the others: (deals, statistics)."""
    inside = picked.astype(float)
    held = inside @ sizes
    total, all_sizes = sums.sum(axis=0), sizes.sum()
    one = inside @ sums
    return np.asarray(
        one / np.maximum(held, 1)[:, None]
        - (total[None, :] - one) / np.maximum(all_sizes - held, 1)[:, None]
    )


def _deal(picked: Bools, stratum: Ints, deals: int, rng: np.random.Generator) -> Bools:
    """Deal the groups anew: of each stratum as many are picked as were."""
    dealt = np.zeros((deals, len(picked)), dtype=bool)
    for number in np.unique(stratum):
        at = np.flatnonzero(stratum == number)
        wanted = int(picked[at].sum())
        if wanted:
            order = np.argsort(rng.random((deals, len(at))), axis=1)[:, :wanted]
            dealt[np.arange(deals)[:, None], at[order]] = True
    return dealt


def _log_deals(picked: Bools, stratum: Ints) -> float:
    """Logarithm of how many different deals there are."""
    total = 0.0
    for number in np.unique(stratum):
        at = stratum == number
        n, k = int(at.sum()), int(picked[at].sum())
        total += math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return total
