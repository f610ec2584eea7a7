"""How well a study's statistics keep their word, on simulated studies whose truth is known.

    python -m benchmarks.study_statistics [STUDIES]     by default 400 of each design

Coverage of the two-level 95 % interval of a mean gain (over fresh runs and fresh items), false
claims of a ranking of equals after Holm, and mean estimates of planted variance components.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import erf

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import report
from coursewright.bench.analysis.intervals import Block, Exam, estimate
from coursewright.bench.analysis.ranking import holm
from coursewright.bench.analysis.variance import AGENT, BOTH, RUN, TEACHER, TRAINING, components

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """A study of one contestant: planted standard deviations are on the probit scale."""

    tasks: int
    runs: int
    groups: int
    size: int
    run_sd: float
    """Of a run's ability: 0.1 moves an accuracy of one half by 4 points."""

    @property
    def name(self) -> str:
        return (
            f"{self.tasks} tasks x {self.runs} runs x {self.groups} groups of {self.size}, "
            f"run sd {self.run_sd}"
        )


DESIGNS = (
    Design(1, 3, 300, 1, 0.0),
    Design(1, 3, 300, 1, 0.05),
    Design(1, 3, 300, 1, 0.2),
    Design(1, 2, 300, 1, 0.2),
    Design(1, 5, 300, 1, 0.1),
    Design(4, 3, 300, 1, 0.1),
    Design(4, 3, 100, 3, 0.1),
    Design(4, 1, 300, 1, 0.1),
    Design(2, 3, 30, 4, 0.1),
)


def answers(rng: np.random.Generator, ability: float, hardness: Floats) -> list[float]:
    """Right or wrong on items of this hardness; what a model's own luck adds is fresh noise."""
    return ((ability - hardness + rng.normal(size=len(hardness))) > 0).astype(float).tolist()


def simulated(design: Design, rng: np.random.Generator, gain: float = 0.5) -> list[Block]:
    """Blocks of a study whose runs and items are drawn afresh."""
    blocks = []
    for task in range(design.tasks):
        groups = [str(i // design.size) for i in range(design.groups * design.size)]
        shared = rng.normal(size=design.groups).repeat(design.size)
        hardness = 0.8 * shared + 0.4 * rng.normal(size=len(groups)) + 0.6
        exam = Exam(f"task {task} {rng.integers(1 << 40)}", groups)
        base = exam.add(answers(rng, 0.0, hardness))
        finals = tuple(
            exam.add(answers(rng, gain + design.run_sd * rng.normal(), hardness))
            for _ in range(design.runs)
        )
        blocks.append(Block(exam, finals, (base,) * design.runs))
    return blocks


def true_gain(design: Design, gain: float = 0.5) -> float:
    """Expected gain in points over all runs and items.

    Hardness, ability and luck are all normal, so the mean accuracy has a closed form.
    """
    spread = 0.8**2 + 0.4**2 + 1
    return 100 * (
        _phi((gain - 0.6) / np.sqrt(spread + design.run_sd**2)) - _phi(-0.6 / spread**0.5)
    )


def _phi(value: float) -> float:
    return 0.5 * (1 + erf(value / 2**0.5))


def coverage(design: Design, studies: int, seed: int = 0) -> tuple[float, float]:
    """Share of intervals that hold the true gain, and their mean width in points."""
    rng = np.random.default_rng(seed)
    truth, held, width = true_gain(design), 0, 0.0
    for _ in range(studies):
        found = estimate(simulated(design, rng))
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
        width += found.high - found.low
    return held / studies, width / studies


def false_claims(
    contestants: int, studies: int, seed: int = 0, tasks: int = 2, runs: int = 3
) -> tuple[float, float]:
    """Share of rankings of equals with a claim: after Holm, and without any correction."""
    rng = np.random.default_rng(seed)
    corrected = raw = 0
    for _ in range(studies):
        exams = []
        for task in range(tasks):
            hardness = rng.normal(size=200) + 0.3
            exam = Exam(f"task {task} {rng.integers(1 << 40)}", [str(i) for i in range(200)])
            exams.append(
                (
                    exam,
                    [
                        tuple(
                            exam.add(answers(rng, 0.1 * rng.normal(), hardness))
                            for _ in range(runs)
                        )
                        for _ in range(contestants)
                    ],
                )
            )
        p_values = [
            found.p_value
            for left in range(contestants)
            for right in range(left)
            if (found := estimate([Block(e, of[left], of[right]) for e, of in exams]))
        ]
        raw += any(p is not None and p < 0.05 for p in p_values)
        corrected += any(p is not None and p < 0.05 for p in holm(p_values))
    return corrected / studies, raw / studies


PLANTED = {AGENT: 16.0, TEACHER: 9.0, BOTH: 1.0, RUN: 4.0, TRAINING: 2.25}
"""Variances in points squared."""


def planted(
    rng: np.random.Generator, agents: int, teachers: int, seeds: int, retrainings: int
) -> tuple[list[float], dict[str, list[object]]]:
    """Gains with the planted variances, one in ten missing, and their labels."""
    sd = {name: variance**0.5 for name, variance in PLANTED.items()}
    gains: list[float] = []
    labels: dict[str, list[object]] = {name: [] for name in (AGENT, TEACHER, BOTH, RUN)}
    of_teacher = rng.normal(0, sd[TEACHER], teachers)
    for agent in range(agents):
        of_agent = rng.normal(0, sd[AGENT])
        for teacher in range(teachers):
            of_both = rng.normal(0, sd[BOTH])
            for seed in range(seeds):
                of_run = rng.normal(0, sd[RUN])
                for _ in range(retrainings):
                    if rng.random() < 0.1:
                        continue
                    gain = 10 + of_agent + of_teacher[teacher] + of_both + of_run
                    gains.append(gain + rng.normal(0, sd[TRAINING]))
                    keys = (agent, teacher, (agent, teacher), (agent, teacher, seed))
                    for name, key in zip(labels, keys, strict=True):
                        labels[name].append(key)
    return gains, labels


def mean_components(
    studies: int, shape: Sequence[int] = (6, 4, 3, 2), seed: int = 0
) -> dict[str, float]:
    """Mean estimate of each planted component."""
    rng = np.random.default_rng(seed)
    agents, teachers, seeds, retrainings = shape
    sums = dict.fromkeys(PLANTED, 0.0)
    for _ in range(studies):
        found, _ = components(*planted(rng, agents, teachers, seeds, retrainings))
        for name in PLANTED:
            part = found[name]
            assert isinstance(part, float)
            sums[name] += part / studies
    return sums


def main() -> None:
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    for design in DESIGNS:
        held, width = coverage(design, studies)
        report(name="coverage", design=design.name, held=held, width_points=round(width, 2))
    for contestants in (2, 4, 8):
        corrected, raw = false_claims(contestants, studies)
        report(name="false_claims", contestants=contestants, holm=corrected, uncorrected=raw)
    found = {name: round(value, 2) for name, value in mean_components(studies).items()}
    report(name="components", planted=PLANTED, found=found)


if __name__ == "__main__":
    main()
