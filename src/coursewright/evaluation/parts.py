"""What a gain is made of: form and ability; and what of it is the luck of a training seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coursewright.evaluation.statistics import group_sums
from coursewright.records import Evaluation


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
    stacked = [group_sums([r.score for r in one.results], groups) for one in students]
    sums, sizes = np.array([one for one, _ in stacked]), stacked[0][1]
    count = len(sizes)
    if count < 2:
        return None
    means = sums.sum(axis=1) / sizes.sum()
    off = sums - sums.mean(axis=0) - np.outer(means - means.mean(), sizes)
    by_items = (off**2).sum() / (len(students) - 1) * count / (count - 1) / sizes.sum() ** 2
    return float(np.sqrt(max(0.0, means.var(ddof=1) - by_items)))
