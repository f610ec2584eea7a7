"""Two-level bootstrap: how sure a mean over runs and items is.

A study's number has two sources of chance: the runs (agent, teacher and training draw afresh
with every seed) and the items of the private split. All runs of a task meet the same items, so
the two are crossed, and both are resampled, each on its own (Owen 2007, "The pigeonhole
bootstrap"): whole groups of items, once for all runs of a task; runs within their task and
condition. Tasks are fixed: nothing here speaks of other tasks.

Two corrections make it honest for the three seeds that a study has. Resampling R runs shows
(R - 1)/R of their variance, so deviations of runs are stretched by sqrt(R/(R - 1)) (Rao and Wu
1988). And a variance known from so few runs is itself uncertain: the interval is widened by the
t quantile over the normal one, with the degrees of freedom of Satterthwaite (1946).

The part of chance that runs and items share would be drawn three times (Owen 2007), so the draws
are scaled to the sum of the variances of runs and of items, which counts it twice: still on the
wide side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from coursewright.bench.analysis.records import Estimate
from coursewright.evaluation.intervals import LEAST_RIGHT
from coursewright.evaluation.statistics import FEW_GROUPS, group_sums
from coursewright.evaluation.student_t import t_cdf, t_quantile
from coursewright.power import Z_ALPHA
from coursewright.seeding import derive

RESAMPLES = 4000
_CHUNK = 500

Floats = NDArray[np.float64]


class Exam:
    """The private split of one task, and the score of every model on it.

    A model's scores are added once and known by their index from then on. All estimates on one
    exam share their resamples of items, so that differences are paired.
    """

    def __init__(self, name: str, groups: Sequence[str]) -> None:
        """`groups` names the cluster of each item."""
        self.name = name
        self._groups = tuple(groups)
        self._known: dict[tuple[float, ...], int] = {}
        self._sums: list[Floats] = []
        _, self.sizes = group_sums([0.0] * len(self._groups), self._groups)

    def add(self, scores: Sequence[float]) -> int:
        """Add a model's score per item; the same scores get the same index.

        Raises:
            ValueError: not one score per item.
        """
        key = tuple(scores)
        if len(key) != len(self._groups):
            raise ValueError(f"{len(key)} scores for {len(self._groups)} items of {self.name}")
        if key not in self._known:
            self._known[key] = len(self._sums)
            self._sums.append(group_sums(key, self._groups)[0])
            for made in ("sums", "accuracies", "draws"):
                self.__dict__.pop(made, None)
        return self._known[key]

    @property
    def groups(self) -> int:
        return len(self.sizes)

    @property
    def items(self) -> int:
        return len(self._groups)

    @cached_property
    def sums(self) -> Floats:
        """Score by model and group, shape (models, groups)."""
        return np.array(self._sums)

    @cached_property
    def accuracies(self) -> Floats:
        """Score by model, shape (models,)."""
        means: Floats = self.sums.sum(axis=1) / self.items
        return means

    @cached_property
    def draws(self) -> Floats:
        """Score of every model on resampled items, shape (RESAMPLES, models)."""
        rng = np.random.default_rng(derive(0, "items", self.name))
        sums, parts = self.sums.T, []
        for _ in range(0, RESAMPLES, _CHUNK):
            weights = _multiplicities(rng, self.groups, _CHUNK)
            parts.append(weights @ sums / (weights @ self.sizes)[:, None])
        return np.concatenate(parts)


@dataclass(frozen=True)
class Block:
    """Runs of one condition on one exam, each beside what it is compared with.

    Indices of the exam, equally many: `final[i]` is held against `base[i]`. With no `base`, the
    score itself is meant.
    """

    exam: Exam
    final: tuple[int, ...]
    base: tuple[int, ...] = ()

    def differences(self, scores: Floats) -> Floats:
        """Final minus base for `scores` of shape (models, ...); shape (runs, ...)."""
        final = scores[list(self.final)]
        return final - scores[list(self.base)] if self.base else final


def estimate(blocks: Sequence[Block]) -> Estimate | None:
    """Mean difference in points (0-100), with interval and p-value; None for no blocks.

    Exams weigh alike; within one, so do its blocks, and within a block its runs. `low` and
    `high` are None where one group of items leaves nothing to resample.
    """
    if not blocks:
        return None
    design = _Design(blocks)
    value, drawn = design.points()
    return design.estimate(value, drawn, tested=True)


def estimate_percent(blocks: Sequence[Block]) -> Estimate | None:
    """Mean gain in percent of the base, averaged over exams; blocks need a `base`.

    None where a base has under `LEAST_RIGHT` right answers, or none in some resample. The
    p-value is not given: that of the points stands for both.
    """
    if not blocks:
        return None
    design = _Design(blocks)
    value, drawn = 0.0, np.zeros(RESAMPLES)
    for block, weight, picks in design.parts:
        final, base = list(block.final), list(block.base)
        accuracies, draws = block.exam.accuracies, block.exam.draws
        right = accuracies[base] * block.exam.items
        if right.min() < LEAST_RIGHT or not draws[:, base].all():
            return None
        value += weight * float((accuracies[final] / accuracies[base] - 1).mean())
        drawn += weight * (picks * (draws[:, final] / draws[:, base] - 1)).sum(axis=1)
    return design.estimate(value, drawn, tested=False)


class _Design:
    """Blocks with their weights: exams alike, the blocks of one exam alike, and so their runs."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.exams = list(dict.fromkeys(block.exam for block in blocks))
        beside = [sum(other.exam is block.exam for other in blocks) for block in blocks]
        self.parts = [
            (block, 1 / len(self.exams) / count, _picks(block, at))
            for at, (block, count) in enumerate(zip(blocks, beside, strict=True))
        ]

    def points(self) -> tuple[float, Floats]:
        """Mean difference of scores in [0, 1], and its draws."""
        value, drawn = 0.0, np.zeros(RESAMPLES)
        for block, weight, picks in self.parts:
            value += weight * float(block.differences(block.exam.accuracies).mean())
            drawn += weight * (picks * block.differences(block.exam.draws.T).T).sum(axis=1)
        return value, drawn

    def variance(self) -> tuple[float, float]:
        """Variance of the mean difference (scores in [0, 1]) and its degrees of freedom.

        One part for the runs of each block (mean square over runs) and one for the items of each
        exam (linearised cluster variance of a ratio); freedom after Satterthwaite (1946).
        """
        parts: list[tuple[float, float]] = []
        met = {exam: np.zeros(exam.groups) for exam in self.exams}
        for block, weight, _ in self.parts:
            runs = len(block.final)
            if runs > 1:
                spread = float(block.differences(block.exam.accuracies).var(ddof=1))
                parts.append((weight**2 * spread / runs, runs - 1))
            met[block.exam] += weight * block.differences(block.exam.sums).mean(axis=0)
        for exam, sums in met.items():
            if exam.groups > 1:
                off = sums - sums.sum() / exam.items * exam.sizes
                correction = exam.groups / (exam.groups - 1)
                part = correction * float((off**2).sum()) / exam.items**2
                parts.append((part, exam.groups - 1))
        total = sum(variance for variance, _ in parts)
        if total == 0:
            return 0.0, float("inf")
        return total, total**2 / sum(variance**2 / degrees for variance, degrees in parts)

    def estimate(self, value: float, drawn: Floats, *, tested: bool) -> Estimate:
        """The record of a value (a fraction) with these draws; `tested` gives it a p-value."""
        low = high = p_value = None
        if all(exam.groups > 1 for exam in self.exams):
            variance, freedom = self.variance()
            spread = float(self.points()[1].std())
            stretch = t_quantile(freedom) / Z_ALPHA
            stretch *= float(np.sqrt(variance)) / spread if spread > 0 else 1.0
            ends = value + stretch * (np.quantile(drawn, [0.025, 0.975]) - value)
            # Of skewed draws both ends may lie on one side; the value is never outside.
            low, high = 100 * min(float(ends[0]), value), 100 * max(float(ends[1]), value)
            p_value = _p_value(value, variance, freedom) if tested else None
        return Estimate(
            value=100 * value,
            low=low,
            high=high,
            p_value=p_value,
            runs=sum(len(block.final) for block, _, _ in self.parts),
            tasks=len(self.exams),
            groups=min(exam.groups for exam in self.exams),
            over_runs=all(len(block.final) > 1 for block, _, _ in self.parts),
            few_groups=any(exam.groups < FEW_GROUPS for exam in self.exams),
        )


def _picks(block: Block, at: int) -> Floats:
    """Resampled weights of a block's runs, shape (RESAMPLES, runs); each row sums to 1."""
    runs = len(block.final)
    if runs == 1:
        return np.ones((RESAMPLES, 1))
    rng = np.random.default_rng(derive(0, "runs", block.exam.name, at))
    drawn = _multiplicities(rng, runs, RESAMPLES) / runs
    weights: Floats = 1 / runs + np.sqrt(runs / (runs - 1)) * (drawn - 1 / runs)
    return weights


def _multiplicities(rng: np.random.Generator, units: int, draws: int) -> Floats:
    """How often each unit is drawn, shape (draws, units); faster than numpy's multinomial."""
    drawn = rng.integers(units, size=(draws, units)) + units * np.arange(draws)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=draws * units)
    return counts.reshape(draws, units).astype(float)


def _p_value(value: float, variance: float, freedom: float) -> float:
    if variance == 0:
        return 1.0 if value == 0 else 0.0
    return 2 * (1 - t_cdf(abs(value) / float(np.sqrt(variance)), freedom))
