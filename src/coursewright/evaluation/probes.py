"""Sits the probes, and says what they show: robust gain, forgetting, a gain of the exam alone."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from coursewright.evaluation.evaluator import Grader
from coursewright.evaluation.intervals import gain_intervals
from coursewright.records import Evaluation, Item, Outcome, ProbeName, ProbeScores, Sitting

ROBUST: tuple[ProbeName, ...] = ("renumbered", "rephrased")
"""Probes of the exam's own skills: what was learned for good shows here, too."""
RETAINED = 0.5
"""Share of the exam's gain that the robust probes must keep. Half of an effect is the margin that
trials use when an effect has to be preserved (FDA, Non-Inferiority Clinical Trials to Establish
Effectiveness, 2016, section IV); models that have met an exam keep less of their score on its
twins (Zhang et al., GSM1k, arXiv 2405.00332; Mirzadeh et al., GSM-Symbolic, arXiv 2410.05229)."""
ALPHA = 0.025
"""One-sided, spread over the splits that are compared."""


@dataclass(frozen=True)
class Part:
    """One file of a probe: how its items are read, and who puts and grades them."""

    read: Callable[[], Sequence[Item]]
    grader: Grader


class ProbeExaminer:
    """Puts the probes to a student; their items are read anew each time, and kept nowhere."""

    def __init__(self, parts: Mapping[ProbeName, Sequence[Part]]) -> None:
        self._parts = parts

    def sit(self, weights: str | None, names: Sequence[ProbeName] | None = None) -> Sitting:
        """Score one student (the base model if `weights` is None) on these probes, or on all."""
        return Sitting(
            evaluations={
                name: self._sit_one(weights, name, parts)
                for name, parts in self._parts.items()
                if names is None or name in names
            }
        )

    def _sit_one(self, weights: str | None, name: ProbeName, parts: Sequence[Part]) -> Evaluation:
        done = [part.grader.score(weights, name, part.read()) for part in parts]
        results = tuple(result for one in done for result in one.results)
        count = max(1, len(results))
        return Evaluation(
            split=name,
            results=results,
            accuracy=sum(result.score for result in results) / count,
            readable=sum(result.readable for result in results) / count,
            seconds=sum(one.seconds for one in done),
        )


# ---------------------------------------------------------------- what they show


def weigh_probes(outcome: Outcome) -> dict[str, Any]:
    """Return the fields of `records.Result` that come from probes; none where none were sat."""
    if len(outcome.probes) < 2:
        return {}
    base, final = (sitting.evaluations for sitting in outcome.probes[:2])
    pairs = {name: (base[name], final[name]) for name in final if name in base}
    fields: dict[str, Any] = {
        "probes": {
            name: ProbeScores(
                items=len(after.results),
                base=before.accuracy,
                final=after.accuracy,
                gain_points=100 * (after.accuracy - before.accuracy),
                gain_points_ci95=_interval([(before, after)]),
            )
            for name, (before, after) in pairs.items()
        }
    }
    if "abilities" in pairs:
        before, after = pairs["abilities"]
        low, high = _interval([(before, after)])
        fields["forgetting_points"] = 100 * (before.accuracy - after.accuracy)
        fields["forgetting_points_ci95"] = (-high, -low)
    robust = [pairs[name] for name in ROBUST if name in pairs]
    if not robust:
        return fields
    exams = list(zip(outcome.base, (*outcome.final, *outcome.private[:1]), strict=False))
    kept = merged(robust)
    return fields | {
        "robust_gain_points": 100 * sum(gain for _, gain in kept) / max(1, len(kept)),
        "robust_gain_points_ci95": _interval(robust),
        "exam_only": exam_only([merged([pair]) for pair in exams], kept),
    }


Gains = list[tuple[str, float]]
"""(group, final - base) of each item."""


def merged(pairs: Sequence[tuple[Evaluation, Evaluation]]) -> Gains:
    """Return the gains of all items of several exams, each sat by base and final student."""
    return [
        (was.group, now.score - was.score)
        for before, after in pairs
        for was, now in zip(before.results, after.results, strict=True)
    ]


def exam_only(exams: Sequence[Gains], robust: Gains) -> bool:
    """Whether a gain on some split is shown to be one of that exam, and not of its skills.

    It is, where the split's gain is above 0 and the robust probes keep less than `RETAINED` of it,
    each shown at `ALPHA` over the number of splits. Under `paper` two splits are one set of items:
    then the test is a little stricter than it had to be.
    """
    level = NormalDist().inv_cdf(1 - ALPHA / max(1, len(exams)))
    for exam in exams:
        gain, error = contrast(exam, robust, 1.0, 0.0)
        lost, doubt = contrast(exam, robust, RETAINED, 1.0)
        if gain > level * error and lost > level * doubt:
            return True
    return False


def contrast(first: Gains, second: Gains, weight: float, other: float) -> tuple[float, float]:
    """Return `weight` x mean gain of the first - `other` x that of the second, and its error.

    The standard error sums what each group adds to the contrast over both sets of items, since a
    probe's item shares the group of its source: the cluster-robust variance of a linear contrast,
    with the usual factor for few groups (Cameron and Miller, 2015, J. Human Resources 50(2)).
    Infinite with fewer than two groups.
    """
    by_group: defaultdict[str, float] = defaultdict(float)
    value = 0.0
    for gains, factor in ((first, weight), (second, -other)):
        if not gains:
            return 0.0, math.inf
        mean = sum(gain for _, gain in gains) / len(gains)
        value += factor * mean
        for group, gain in gains:
            by_group[group] += factor * (gain - mean) / len(gains)
    groups = len(by_group)
    if groups < 2:
        return value, math.inf
    variance = groups / (groups - 1) * sum(part * part for part in by_group.values())
    return value, math.sqrt(variance)


def _interval(pairs: Sequence[tuple[Evaluation, Evaluation]]) -> tuple[float, float]:
    """The 95 % interval of the gain in points over groups of items, several exams as one."""
    before = [result for was, _ in pairs for result in was.results]
    after = [result for _, now in pairs for result in now.results]
    points, _ = gain_intervals(
        [r.score for r in before], [r.score for r in after], [r.group for r in before]
    )
    return points
