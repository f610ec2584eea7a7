"""The surrogate: how likely a student of any such data set gets an item right.

An item response model (Lord and Novick 1968, the two-parameter logistic) whose abilities are a
regression on what the data set holds. Of a data set and a topic:

    ability = level of the topic
            + slope * log(1 + rows of the topic), and its square; each topic has a slope of its own
            + the same of all rows, since form and arithmetic are learned on any of them
            + for each method: its share of the topic's rows * log(1 + these), at large and on
              this topic, and its share of all rows
            + how many methods share the topic's rows (1 - sum of squared shares)

    P(right) = 1 / (1 + exp(-(steepness of the item * ability + ease of the item)))

Some hundred weights from a thousand trainings of some hundred items. Weights of one kind are
drawn towards zero together, by as much as their own spread calls for (partial pooling by empirical
Bayes; MacKay 1992), so a method that is no different on a topic is believed to be none. Cells
(trainings by topics) may lie beside the regression by as much as they do, so that many items of a
topic do not pretend to be many data sets.

Fitted by turns: items given abilities, abilities given items, spreads given both. The base student
is not part of it: learning the answers' form is a step, and the surface takes its results as
recorded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.recording.design import Counts
from benchmarks.recording.table import Bits, Table

Floats = NDArray[np.float64]
TURNS = 12
"""Of the fit; further ones moved no mean by more than 0.05 points."""
EASE_SPREAD, STEEPNESS_SPREAD = 2.0, 0.5
"""Prior standard deviations of items, on the logistic scale."""
SMALL = 1e-6


@dataclass(frozen=True)
class Features:
    """Names the columns of the regression: their group decides how they are pooled."""

    methods: int
    topics: int

    @property
    def groups(self) -> tuple[tuple[str, int], ...]:
        """Group of columns and how many it has, in their order."""
        return (
            ("level", self.topics),
            ("rows", 4),
            ("slope of topic", self.topics),
            ("method", self.methods),
            ("method on topic", self.methods * self.topics),
            ("method at large", self.methods),
            ("variety", 1),
        )

    def __call__(self, counts: Counts) -> Floats:
        """Return (data sets, topics, columns) for rows (data sets, methods, topics)."""
        sets = len(counts)
        rows = counts.astype(float)
        of_topic, of_all = rows.sum(axis=1), rows.sum(axis=(1, 2))
        here = np.log1p(of_topic) / np.log(100)
        whole = np.broadcast_to((np.log1p(of_all) / np.log(1000))[:, None], here.shape)
        share = np.swapaxes(rows / np.maximum(of_topic, 1)[:, None, :], 1, 2)
        at_large = rows.sum(axis=2) / np.maximum(of_all, 1)[:, None]
        one = np.broadcast_to(np.eye(self.topics), (sets, self.topics, self.topics))
        by_method = share * here[:, :, None]
        return np.concatenate(
            [
                one,
                np.stack([here, here**2, whole, whole**2], axis=2),
                one * here[:, :, None],
                by_method,
                (one[:, :, :, None] * by_method[:, :, None, :]).reshape(sets, self.topics, -1),
                np.broadcast_to(at_large[:, None, :], (sets, self.topics, self.methods)),
                (here * (1 - (share**2).sum(axis=2)))[:, :, None],
            ],
            axis=2,
        )


@dataclass(frozen=True)
class Surrogate:
    """A fitted table."""

    features: Features
    topic_of: NDArray[np.int64]
    """Number of each item's topic, (items,)."""
    weights: Floats
    covariance: Floats
    """Of the weights, as far as the table leaves them open."""
    ease: Floats
    """Of each item, (items,)."""
    steepness: Floats
    beside: float
    """Standard deviation of abilities around the regression: luck of rows and trainings, and what
    the regression cannot say."""

    def abilities(self, counts: Counts) -> Floats:
        """Return (data sets, topics) for rows (data sets, methods, topics)."""
        found: Floats = self.features(counts) @ self.weights
        return found

    def chances(self, abilities: Floats) -> Floats:
        """Return the chance of each item to be right, (data sets, items)."""
        return logistic(self.steepness * abilities[:, self.topic_of] + self.ease)

    def drawn(self, rng: np.random.Generator) -> Surrogate:
        """Return one of the surfaces that the table leaves possible."""
        root = np.linalg.cholesky(self.covariance)
        return replace(self, weights=self.weights + root @ rng.normal(size=len(root)))


def logistic(value: Floats) -> Floats:
    """Return 1 / (1 + exp(-value)), without overflow."""
    found: Floats = 0.5 * (1 + np.tanh(0.5 * value))
    return found


def fit(table: Table) -> Surrogate:
    """Fit a table of at least one training."""
    features = Features(len(table.header.methods), len(table.header.topics))
    columns, topic_of = features(table.counts), table.topic_of
    flat = columns.reshape(-1, columns.shape[2])
    right = table.results.astype(float)
    kinds = np.repeat(np.arange(len(features.groups)), [count for _, count in features.groups])
    precision = np.where(kinds < 2, 0.05, 4.0)
    weights, covariance = np.zeros(flat.shape[1]), np.eye(flat.shape[1])
    ease, steepness = _began(right), np.ones(right.shape[1])
    beside = 0.3
    for _ in range(TURNS):
        abilities = columns @ weights
        # Cells come down from the regression to what their own items say, as far as these tell.
        slope, mass = cells(right, abilities, ease, steepness, topic_of)
        shifted = abilities + slope * beside**2 / (1 + mass * beside**2)
        ease, steepness = _items(right, shifted[:, topic_of], ease, steepness)
        abilities, ease, steepness = _settled(abilities, ease, steepness, topic_of)
        slope, mass = cells(right, abilities, ease, steepness, topic_of)
        trust = (mass / (1 + mass * beside**2)).ravel()
        target = abilities.ravel() + (slope / np.maximum(mass, SMALL)).ravel()
        weights, covariance = _ridge(flat, np.clip(target, -8, 8), trust, precision)
        precision = _pooled(weights, covariance, kinds, precision)
        beside = _beside(slope, mass)
    return Surrogate(features, topic_of, weights, covariance, ease, steepness, beside)


def cells(
    right: Floats, abilities: Floats, ease: Floats, steepness: Floats, topic_of: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Return slope and information of the likelihood in the abilities, (trainings, topics)."""
    chance = logistic(steepness * abilities[:, topic_of] + ease)
    sums = np.zeros((abilities.shape[1], right.shape[1]))
    sums[topic_of, np.arange(right.shape[1])] = 1
    slope = (steepness * (right - chance)) @ sums.T
    mass = (steepness**2 * chance * (1 - chance)) @ sums.T
    return slope, mass


def _began(right: Floats) -> Floats:
    mean = (right.sum(axis=0) + 0.5) / (len(right) + 1)
    found: Floats = np.log(mean / (1 - mean))
    return found


def _items(
    right: Floats, ability: Floats, ease: Floats, steepness: Floats
) -> tuple[Floats, Floats]:
    """One Newton step for each item's two parameters, towards easy = 0 and steep = 1."""
    chance = logistic(steepness * ability + ease)
    spread = chance * (1 - chance)
    slope_e = (right - chance).sum(axis=0) - ease / EASE_SPREAD**2
    slope_s = (ability * (right - chance)).sum(axis=0) - (steepness - 1) / STEEPNESS_SPREAD**2
    ee = spread.sum(axis=0) + 1 / EASE_SPREAD**2
    es = (spread * ability).sum(axis=0)
    ss = (spread * ability**2).sum(axis=0) + 1 / STEEPNESS_SPREAD**2
    whole = ee * ss - es**2
    # Steps of more than one are those of an item that hardly anybody, or everybody, gets right.
    step_e = np.clip((ss * slope_e - es * slope_s) / whole, -1, 1)
    step_s = np.clip((ee * slope_s - es * slope_e) / whole, -0.5, 0.5)
    return ease + step_e, np.maximum(steepness + step_s, 0.1)


def _settled(
    abilities: Floats, ease: Floats, steepness: Floats, topic_of: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """Say the same with a mean steepness of 1, and a mean ease of 0 in every topic.

    Steep items of close abilities are flat items of wide ones, easy items of low abilities are hard
    items of high ones; left open, the turns would creep along such lines for hundreds of them.
    """
    scale = steepness.mean()
    abilities, steepness = abilities * scale, steepness / scale
    sums = np.zeros((2, abilities.shape[1]))
    np.add.at(sums[0], topic_of, ease)
    np.add.at(sums[1], topic_of, steepness)
    shift = sums[0] / np.maximum(sums[1], SMALL)
    return abilities + shift, ease - steepness * shift[topic_of], steepness


def _ridge(
    columns: Floats, target: Floats, trust: Floats, precision: Floats
) -> tuple[Floats, Floats]:
    """Return weights and their covariance."""
    weighed = columns * trust[:, None]
    covariance = np.linalg.inv(columns.T @ weighed + np.diag(precision))
    return covariance @ (weighed.T @ target), covariance


def _pooled(
    weights: Floats, covariance: Floats, kinds: NDArray[np.int64], precision: Floats
) -> Floats:
    """Return the precision of each group's weights; levels and rows are not pooled."""
    second = weights**2 + np.diag(covariance)
    found = precision.copy()
    for kind in range(2, int(kinds.max()) + 1):
        chosen = kinds == kind
        # One weight more, of 0.3: a group of one or two says little of its spread.
        found[chosen] = (chosen.sum() + 1) / (second[chosen].sum() + 0.3**2)
    return found


def _beside(slope: Floats, mass: Floats) -> float:
    """Standard deviation of cells around the regression, by moments."""
    extra = (slope**2 - mass).sum() / np.maximum((mass**2).sum(), SMALL)
    return float(np.sqrt(np.clip(extra, 0.0025, 4.0)))


def accuracies(chances: Floats | Bits, chosen: Bits) -> Floats:
    """Mean over the chosen items, (data sets,)."""
    found: Floats = chances[:, chosen].mean(axis=1)
    return found
