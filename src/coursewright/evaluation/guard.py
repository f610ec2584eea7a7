"""What the guarded protocol adds to a result: confirmation, alarms, the incumbent, noise floor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

from coursewright.evaluation.choice import compare, spread_alpha
from coursewright.evaluation.statistics import group_sums, scores_of
from coursewright.records import (
    Confirmation,
    Evaluation,
    Incumbent,
    IncumbentScores,
    Noise,
    NoiseFloor,
    Outcome,
)

ALPHA = 0.05


def guard(outcome: Outcome, seed: int) -> dict[str, Any]:
    """Return the fields of `records.Result` that are the protocol's."""
    choice = outcome.choice
    return {
        "delivered": None if choice is None or choice.delivered == "nothing" else choice.delivered,
        "noise": None if outcome.noise is None else _noise(outcome.noise),
        "confirmation": _confirmation(outcome, seed),
        "scored_queries": sum(done.feedback.scored is not None for done in outcome.rounds),
        "alarms": alarms(outcome),
        "private_openings": outcome.openings,
        "incumbent": _incumbent(outcome, outcome.incumbent, seed),
    }


def alarms(outcome: Outcome) -> tuple[str, ...]:
    """Return the rounds whose gain on visible runs ahead of their gain on scored beyond noise.

    Agents see the visible items, so what they gain there may be knowledge of these items alone.
    Both gains are means of paired differences to the base model over groups of items drawn alike;
    their difference over its standard error is Welch's two-sample statistic (1947), tested
    one-sided at 5 % spread over the rounds. Training noise moves both splits alike and cancels;
    a gap within the ladder's step, which the noise floor sets, is passed over all the same. That
    a hold-out should speak up when the visible mean departs from its own is the rule of Dwork et
    al. (2015, "The reusable holdout").
    """
    played = [done for done in outcome.rounds if done.visible and done.scored]
    if not played:
        return ()
    beyond = NormalDist().inv_cdf(1 - spread_alpha(ALPHA, len(played)))
    floor = 0.0 if outcome.noise is None else outcome.noise.step
    found = []
    for done in played:
        assert done.visible is not None
        assert done.scored is not None
        visible, error = gain(outcome.base[0], done.visible)
        scored, other = gain(outcome.base[1], done.scored)
        gap, spread = visible - scored, math.hypot(error, other)
        if gap > max(floor, beyond * spread):
            found.append(
                f"round {done.number}: gained {100 * visible:+.1f} points on visible items and "
                f"{100 * scored:+.1f} on scored ones, further apart than chance explains"
            )
    return tuple(found)


def gain(base: Evaluation, student: Evaluation) -> tuple[float, float]:
    """Return the mean gain (-1 to 1) and its standard error over groups of items."""
    # Sequential scoring asks everybody in one order, some not to its end.
    differences = np.subtract(scores_of(student), scores_of(base)[: len(student.results)])
    sums, sizes = group_sums(differences.tolist(), [r.group for r in student.results])
    mean, groups = float(differences.mean()), len(sizes)
    if groups < 2:
        return mean, math.inf
    # Of a ratio of sums over clusters: what each group adds beyond its share of the mean.
    beyond = sums - mean * sizes
    variance = groups / (groups - 1) * float((beyond**2).sum()) / float(sizes.sum()) ** 2
    return mean, math.sqrt(variance)


def _noise(found: Noise) -> NoiseFloor:
    return NoiseFloor(
        seeds=len(found.scored),
        sd_points=None if found.sd is None else 100 * found.sd,
        step_points=100 * found.step,
        scored=found.scored,
        problem=found.problem,
        cached=found.cached,
        seconds=round(found.seconds, 3),
    )


def _confirmation(outcome: Outcome, seed: int) -> Confirmation | None:
    """The chosen data set once more, without the luck of the training that it was chosen by.

    The items are those it was chosen on: the level is spread over all that the choice was among.
    """
    if not outcome.confirmation:
        return None
    base, queries = outcome.base[1], sum(done.scored is not None for done in outcome.rounds)
    alpha = spread_alpha(ALPHA, queries)
    scores = _mean(outcome.confirmation)
    found = compare(scores_of(base), scores, [r.group for r in base.results], alpha, seed)
    return Confirmation(
        queries=queries,
        alpha=alpha,
        base=base.accuracy,
        scored=sum(scores) / len(scores),
        difference_points=found.difference_points,
        ci95=found.ci95,
        p_value=found.p_value,
        verdict=found.verdict,
    )


def _incumbent(outcome: Outcome, found: Incumbent | None, seed: int) -> IncumbentScores | None:
    if found is None or not found.private:
        return None
    assert found.collection.rows is not None
    delivered, own = outcome.private[0], found.private[0]
    groups = [r.group for r in own.results]
    against = compare(scores_of(own), scores_of(delivered), groups, ALPHA, seed)
    return IncumbentScores(
        rows=found.collection.kept,
        dropped=found.collection.dropped,
        dataset=found.collection.rows,
        mixed=found.mixed,
        scored=found.scored[0].accuracy,
        private=own.accuracy,
        scored_by_retraining=tuple(one.accuracy for one in found.scored),
        private_by_retraining=tuple(one.accuracy for one in found.private),
        difference_points=against.difference_points,
        ci95=against.ci95,
        p_value=against.p_value,
        verdict=against.verdict,
    )


def _mean(evaluations: Sequence[Evaluation]) -> list[float]:
    """Score of each item, as a mean over students."""
    return [float(score) for score in np.mean([scores_of(one) for one in evaluations], axis=0)]
