"""What the surrogate says of trainings that it was not fitted to.

Trainings are left out in tenths, all of one composition together; each tenth is foretold by a
surrogate of the others. Held against each other: means on the scored items.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.recording.luck import measure
from benchmarks.recording.surrogate import Floats, Surrogate, accuracies, fit
from benchmarks.recording.table import Table

FOLDS = 10
FEWEST = 20
"""Trainings below which nothing is left out."""


def check(table: Table) -> dict[str, Any]:
    """Return figures: errors in points, rank correlation, and what luck alone would leave.

    Raises:
        ValueError: the table is too small.
    """
    if len(table.trainings) < FEWEST:
        raise ValueError(
            f"{len(table.trainings)} trainings; to leave some out there must be {FEWEST}"
        )
    fold = folds(table)
    foretold = np.zeros(len(fold))
    steep = np.zeros((len(fold), len(table.header.topics)))
    seen = accuracies(table.results, table.is_scored)
    by_size, floor = np.zeros(len(fold)), np.zeros(len(fold))
    for left in range(FOLDS):
        out = np.flatnonzero(fold == left)
        kept = np.flatnonzero(fold != left)
        if not len(out):
            continue
        surrogate = fit(table.part(kept))
        chances = surrogate.chances(surrogate.abilities(table.counts[out]))
        foretold[out] = accuracies(chances, table.is_scored)
        by_size[out] = _by_size(table.counts, seen, kept, out)
        floor[out] = (chances * (1 - chances))[:, table.is_scored].mean(axis=1)
        steep[out] = _steep(surrogate, chances, table)
    whole = fit(table)
    luck = measure(table, whole)
    of_items = floor / table.is_scored.sum()
    of_topics = (luck.topic**2 + luck.rows**2) * (steep**2).sum(axis=1)
    of_all = of_items + of_topics + (luck.training * steep.sum(axis=1)) ** 2
    return {
        "trainings": len(seen),
        "recorded_mean": round(100 * float(seen.mean()), 2),
        "recorded_spread_points": round(100 * float(seen.std()), 2),
        "error_points": _rms(foretold - seen),
        "bias_points": round(100 * float((foretold - seen).mean()), 2),
        "error_by_size_alone_points": _rms(by_size - seen),
        "error_of_item_luck_points": _rms(np.sqrt(of_items)),
        "error_of_all_luck_points": _rms(np.sqrt(of_all)),
        "rank_correlation": round(rank_correlation(foretold, seen), 3),
        "rank_correlation_by_size_alone": round(rank_correlation(by_size, seen), 3),
        "luck_training": round(luck.training, 3),
        "luck_topic": round(luck.topic, 3),
        "luck_rows": round(luck.rows, 3),
        "pairs": [luck.repeated, luck.redrawn],
        "beside_regression": round(whole.beside, 3),
    }


def _steep(surrogate: Surrogate, chances: Floats, table: Table) -> Floats:
    """Rise of the mean on the scored items with the ability on each topic, (data sets, topics)."""
    of_item = surrogate.steepness * chances * (1 - chances) * table.is_scored
    topics = np.eye(surrogate.features.topics)[surrogate.topic_of]
    found: Floats = of_item @ topics / table.is_scored.sum()
    return found


def folds(table: Table) -> NDArray[np.int64]:
    """Return the tenth of each training; those of one composition share it."""
    numbers: dict[bytes, int] = {}
    groups = [numbers.setdefault(counts.tobytes(), len(numbers)) for counts in table.counts]
    tenth = np.random.default_rng(0).permutation(len(numbers)) % FOLDS
    return np.asarray(tenth[groups], dtype=np.int64)


def rank_correlation(one: Floats, other: Floats) -> float:
    """Spearman's; 0 where all are equal."""
    ranks = [_ranks(values) for values in (one, other)]
    if min(rank.std() for rank in ranks) == 0:
        return 0.0
    return float(np.corrcoef(*ranks)[0, 1])


def _ranks(values: Floats) -> Floats:
    """Ranks, equals sharing the mean of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    middle: Floats = (last - (count - 1) / 2)[place]
    return middle


def _by_size(
    counts: NDArray[np.int64], seen: Floats, kept: NDArray[np.int64], out: NDArray[np.int64]
) -> Floats:
    """Foretell by a parabola in the logarithm of the rows: what any model has to be better than."""
    size = np.log1p(counts.sum(axis=(1, 2)))
    found: Floats = np.polyval(np.polyfit(size[kept], seen[kept], 2), size[out])
    return found


def _rms(errors: Floats) -> float:
    return round(100 * float(np.sqrt((errors**2).mean())), 2)
