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


def difference(one: Evaluation, other: Evaluation, topic: str | None = None) -> Estimate:
    """Return by how much `one` is ahead of `other`, item by item; of one topic if it is named.

    Items of one group are one observation: the variance is that between groups' summed
    differences, linearised for groups of unequal size (Cochran 1977, section 9A).
    """
    pairs = [
        (left, right) for left, right in _paired(one, other) if topic is None or left.topic == topic
    ]
    if not pairs:
        return NOTHING_KNOWN
    apart = np.array([left.score - right.score for left, right in pairs])
    mean = float(apart.mean())
    names = {name: place for place, name in enumerate(dict.fromkeys(x.group for x, _ in pairs))}
    if len(names) < 2:
        return Estimate(mean, 1.0)
    group = np.array([names[left.group] for left, _ in pairs])
    off = np.bincount(group, weights=apart - mean)
    spread = float((off**2).sum()) * len(names) / (len(names) - 1) + PSEUDO_CHANGES
    return Estimate(mean, math.sqrt(spread) / len(pairs))


def _paired(one: Evaluation, other: Evaluation) -> list[tuple[Answered, Answered]]:
    known = {result.id: result for result in other.results}
    return [(result, known[result.id]) for result in one.results if result.id in known]


def shrunk(found: Estimate, prior_sd: float) -> Estimate:
    """Return the posterior of a difference that is believed to be normal around 0 beforehand."""
    return posterior([found], prior_sd)


def posterior(found: Sequence[Estimate], prior_sd: float, prior_mean: float = 0.0) -> Estimate:
    """Return the posterior of one normal mean, known by several normal measurements of it."""
    precision, pull = 1 / prior_sd**2, prior_mean / prior_sd**2
    for each in found:
        precision += 1 / each.error**2
        pull += each.mean / each.error**2
    return Estimate(pull / precision, precision**-0.5)
