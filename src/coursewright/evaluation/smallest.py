"""How much of the gain the smallest set keeps, on items that nothing was chosen by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from coursewright.evaluation.intervals import gain_intervals, kept_limits
from coursewright.evaluation.statistics import group_sums, scores_of
from coursewright.records import Evaluation, Outcome, Shrinking, SmallestSet


def weigh_smallest(outcome: Outcome) -> SmallestSet | None:
    """Return what the result says of the smallest set; None where it was not looked for.

    It is compared with the delivered data set as data set with data set: each item's score is the
    mean over students of the same training seeds.
    """
    search = outcome.smallest
    if search is None:
        return None
    common: dict[str, Any] = {
        "keep": search.keep,
        "of": search.of,
        "trainings": search.spent,
        "sizes": {one.kept: _accuracy(one.scored) for one in search.tried if one.scored},
    }
    if search.rows is None or not search.private:
        return SmallestSet(problem=search.problem, **common)
    return SmallestSet(
        rows=search.kept,
        share=search.kept / search.of,
        dataset=search.rows,
        confirmed=search.confirmed,
        scored_by_retraining=tuple(one.accuracy for one in search.scored),
        private_by_retraining=tuple(one.accuracy for one in search.private),
        scored_gain_kept=_kept_on_scored(search, outcome.base[1]),
        **common,
        **_on_private(outcome, search),
    )


def _kept_on_scored(search: Shrinking, base: Evaluation) -> float | None:
    """Share of the gain on scored that the students of all seeds keep."""
    if not search.gain:
        return None
    return (_accuracy(search.scored) - base.accuracy) / search.gain


def _on_private(outcome: Outcome, search: Shrinking) -> dict[str, Any]:
    base, seeds = outcome.base[2], len(search.private)
    groups = [result.group for result in base.results]
    before = np.array(_mean([base]))
    whole, part = (np.array(_mean(of)) for of in (outcome.private[:seeds], search.private))
    gains = [group_sums((after - before).tolist(), groups)[0] for after in (whole, part)]
    _, sizes = group_sums(before.tolist(), groups)
    gain = 100 * float((whole - before).mean())
    difference = 100 * float((part - whole).mean())
    apart, _ = gain_intervals(whole.tolist(), part.tolist(), groups)
    kept = kept_limits(gains[0], gains[1], sizes)
    if kept is not None:
        # Students that agree on every item leave no variance, and yet are not known to be equal.
        kept = (min(kept[0], 1 + apart[0] / gain), max(kept[1], 1 + apart[1] / gain))
    return {
        "gain_kept": 1 + difference / gain if gain > 0 else None,
        "gain_kept_ci95": kept,
        "difference_points": difference,
        "difference_points_ci95": apart,
    }


def _accuracy(evaluations: Sequence[Evaluation]) -> float:
    return sum(one.accuracy for one in evaluations) / len(evaluations)


def _mean(evaluations: Sequence[Evaluation]) -> list[float]:
    """Score of each item, as a mean over students."""
    scores = [scores_of(one) for one in evaluations]
    return [float(score) for score in np.mean(scores, axis=0)]
