"""What a gain is made of, by form and by likeness to visible items; and the luck of a seed."""

from __future__ import annotations

from collections.abc import Sequence, Set

import numpy as np

from coursewright.evaluation.intervals import Interval, gain_intervals
from coursewright.evaluation.statistics import group_sums, scores_of
from coursewright.records import Answered, Evaluation, NearVisible


def gain_parts(base: Evaluation, final: Evaluation) -> dict[str, float]:
    """Split the gain, in points (0-100), into "format" and "ability"; they sum to the gain.

    Format is what changed on items whose answer became readable to the scorer, or stopped being
    so. Ability is what changed on all others: both answers can be read, and one is right. So
    format is the most that form alone can account for: an answer that is newly readable may be
    newly known as well.
    """
    parts = {"format": 0.0, "ability": 0.0}
    for was, now in zip(base.results, final.results, strict=True):
        part = "format" if was.readable != now.readable else "ability"
        parts[part] += 100 * (now.score - was.score) / len(base.results)
    return parts


def near_visible(base: Evaluation, final: Evaluation, near: Set[str]) -> NearVisible:
    """Tell the gain on the items named in `near` from that on all others.

    Two subsets of one exam: what each adds to the gain depends on its size, what is gained on it
    does not. A gain that lies on near items alone may be no more than knowledge of the visible.
    """
    pairs = list(zip(base.results, final.results, strict=True))
    close = [(was, now) for was, now in pairs if was.id in near]
    apart = [(was, now) for was, now in pairs if was.id not in near]
    points, interval = _gained(close)
    others, others_interval = _gained(apart)
    return NearVisible(
        items=len(close),
        others=len(apart),
        part_points=(points or 0.0) * len(close) / len(pairs),
        gain_points=points,
        gain_points_ci95=interval,
        others_gain_points=others,
        others_gain_points_ci95=others_interval,
    )


def _gained(pairs: Sequence[tuple[Answered, Answered]]) -> tuple[float | None, Interval | None]:
    """Points gained on these items, with the interval; None for no items."""
    if not pairs:
        return None, None
    was, now = ([pair[side].score for pair in pairs] for side in (0, 1))
    interval, _ = gain_intervals(was, now, [one.group for one, _ in pairs])
    return 100 * (sum(now) - sum(was)) / len(pairs), interval


def training_seed_sd(students: Sequence[Evaluation]) -> float | None:
    """Return how far training seeds alone move the expected score, as a standard deviation (0-1).

    `students` are trainings of one data set on different seeds, scored on the same items. Their
    scores also differ because each gets other single items right: that part, known from how
    their differences vary between groups of items, is taken off (analysis of variance, seeds
    crossed with groups; 0 where nothing is left). None for fewer than two students or groups.
    """
    if len(students) < 2:
        return None
    groups = [result.group for result in students[0].results]
    stacked = [group_sums(scores_of(one), groups) for one in students]
    sums, sizes = np.array([one for one, _ in stacked]), stacked[0][1]
    count = len(sizes)
    if count < 2:
        return None
    means = sums.sum(axis=1) / sizes.sum()
    off = sums - sums.mean(axis=0) - np.outer(means - means.mean(), sizes)
    by_items = (off**2).sum() / (len(students) - 1) * count / (count - 1) / sizes.sum() ** 2
    return float(np.sqrt(max(0.0, means.var(ddof=1) - by_items)))
