"""How far one student is ahead of another on the same items, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coursewright.records import Answered, Evaluation

PSEUDO_CHANGES = 2
"""Changed items that are added to the variance: students that agree on the few items there are may
differ on others (as the two pseudo observations of Agresti and Coull 1998)."""


@dataclass(frozen=True)
class Estimate:
    """A difference of accuracies (-1 to 1) and its standard error."""

    mean: float
    error: float


NOTHING_KNOWN = Estimate(0.0, 1.0)


Pair = tuple[Answered, Answered]
"""Two students' answers to one item."""


def difference(one: Evaluation, other: Evaluation, topic: str | None = None) -> Estimate:
    """Return by how much `one` is ahead of `other`, item by item; of one topic if it is named."""
    return estimate([p for p in paired(one, other) if topic is None or p[0].topic == topic])


def paired(one: Evaluation, other: Evaluation) -> list[Pair]:
    """Return the answers of both to the items that both were asked."""
    known = {result.id: result for result in other.results}
    return [(result, known[result.id]) for result in one.results if result.id in known]


def leads(pairs: Sequence[Pair]) -> tuple[Estimate, dict[str, Estimate]]:
    """Return by how much the first of each pair are ahead, in all and by topic."""
    of_topic: dict[str, list[Pair]] = {}
    for pair in pairs:
        if pair[0].topic:
            of_topic.setdefault(pair[0].topic, []).append(pair)
    return estimate(pairs), {topic: estimate(found) for topic, found in of_topic.items()}


def estimate(pairs: Sequence[Pair]) -> Estimate:
    """Return by how much the first of each pair are ahead, and how sure that is.

    Items of one group are one observation: the variance is that between groups' summed
    differences, linearised for groups of unequal size (Cochran 1977, section 9A).
    """
    if not pairs:
        return NOTHING_KNOWN
    names: dict[str, int] = {}
    group = [names.setdefault(left.group, len(names)) for left, _ in pairs]
    apart = np.array([left.score - right.score for left, right in pairs])
    mean = float(apart.mean())
    if len(names) < 2:
        return Estimate(mean, 1.0)
    off = np.bincount(group, weights=apart - mean)
    spread = float((off**2).sum()) * len(names) / (len(names) - 1) + PSEUDO_CHANGES
    return Estimate(mean, math.sqrt(spread) / len(pairs))


def posterior(found: Sequence[Estimate], prior_sd: float, prior_mean: float = 0.0) -> Estimate:
    """Return the posterior of one normal mean, known by several normal measurements of it."""
    precision, pull = 1 / prior_sd**2, prior_mean / prior_sd**2
    for each in found:
        precision += 1 / each.error**2
        pull += each.mean / each.error**2
    return Estimate(pull / precision, precision**-0.5)


def spread_of(found: Sequence[Estimate]) -> float:
    """Return the standard deviation of the true values behind estimates around 0.

    By moments: what the estimates vary by, less what their errors explain; 0 if that is all.
    """
    if not found:
        return 0.0
    beyond = float(np.mean([each.mean**2 - each.error**2 for each in found]))
    return math.sqrt(max(0.0, beyond))
