"""Luck: how far students of one data set lie apart, and how far data sets of one composition do.

Two trainings on the same rows with other seeds differ by items that tip over, each by itself, and
by shifts of ability that items share. Only the shifts are measured here: the squared difference of
two trainings' right answers in a topic, less the number of items that only one of them got right
(which is what the square comes to where every item tips by itself, however likely that is).
Trainings on other rows of the same kinds add the luck of these rows.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from benchmarks.recording.surrogate import Floats, Surrogate, cells
from benchmarks.recording.table import Table


@dataclass(frozen=True)
class Luck:
    """Standard deviations of ability, on the logistic scale."""

    training: float
    """Of a training, on all topics alike."""
    topic: float
    """Of a training, on each topic by itself."""
    rows: float
    """Of the rows that were drawn, on each topic by itself."""
    repeated: int
    """Pairs of trainings that tell the first two."""
    redrawn: int
    """Pairs that tell the third."""


def measure(table: Table, surrogate: Surrogate) -> Luck:
    """Measure luck from the repetitions in a table; 0 where it holds none."""
    composition = [tuple(map(tuple, counts.tolist())) for counts in table.counts]
    draws = [training.draw for training in table.trainings]
    same = _pairs(zip(composition, draws, strict=True))
    redrawn = [(one, other) for one, other in _pairs(composition) if draws[one] != draws[other]]
    by_topic, alike = _shifts(table, surrogate, same)
    other_rows, _ = _shifts(table, surrogate, redrawn)
    return Luck(
        training=_root(alike),
        topic=_root(by_topic - alike),
        rows=_root(other_rows - by_topic),
        repeated=len(same),
        redrawn=len(redrawn),
    )


def _pairs(keys: Iterable[Hashable]) -> list[tuple[int, int]]:
    groups: dict[Hashable, list[int]] = {}
    for at, key in enumerate(keys):
        groups.setdefault(key, []).append(at)
    return [pair for members in groups.values() for pair in combinations(members, 2)]


def _shifts(
    table: Table, surrogate: Surrogate, pairs: list[tuple[int, int]]
) -> tuple[float, float]:
    """Return the variance of a topic's ability, and what two topics of a training share of it."""
    if not pairs:
        return 0.0, 0.0
    one, other = (np.array(side) for side in zip(*pairs, strict=True))
    right = table.results.astype(float)
    apart = surrogate.steepness * (right[one] - right[other])
    topics = np.eye(surrogate.features.topics)[surrogate.topic_of]
    shift, tipped = apart @ topics, apart**2 @ topics
    abilities = surrogate.abilities(table.counts[one])
    _, mass = cells(right[one], abilities, surrogate.ease, surrogate.steepness, surrogate.topic_of)
    within = _ratio(shift**2 - tipped, mass**2)
    # Products of different topics: what they share, without any item's own tipping.
    between = _ratio(
        shift.sum(axis=1) ** 2 - (shift**2).sum(axis=1),
        mass.sum(axis=1) ** 2 - (mass**2).sum(axis=1),
    )
    return within, between


def _ratio(excess: Floats, weight: NDArray[np.float64]) -> float:
    return float(excess.sum() / max(2 * weight.sum(), 1e-9))


def _root(variance: float) -> float:
    return float(np.sqrt(max(variance, 0.0)))
