"""How well the statistics of one run keep their word, on simulated exams whose truth is known.

    python -m benchmarks.exam_statistics [coverage] [claims] [correction] [thrift] [--trials N]

Without `--trials`: 10,000 simulated exams a design for the coverage of intervals, 2,000 runs for
false claims, for the bias of the corrected score, and for what sequential scoring spares. About ten
minutes of one core in all.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import report
from coursewright.evaluation.choice import compare, corrected_score, spread_alpha
from coursewright.evaluation.evaluator import LOOK
from coursewright.evaluation.intervals import LEAST_RIGHT, gain_limits, mean_limits, ratio_limits
from coursewright.evaluation.sequential import Falling
from coursewright.evaluation.statistics import mcnemar

Floats = NDArray[np.float64]

ALPHA = 0.05
ROUNDS = 30
BATCH = 1000
NORMAL = NormalDist()
STEPS = (-0.75, -0.25, 0.25, 0.75)
"""Thresholds of graded scores: a quarter point for each that an answer passes."""
WANDER = 0.15
"""Students of one design differ by this much (probit scale), exam by exam: with one fixed truth,
coverage at 40 right-or-wrong items says more about that number than about the interval."""


@dataclass(frozen=True)
class Design:
    """An exam: its groups, their sizes, and two students' accuracies on items of its kind.

    A quarter of the variance of an answer is the hardness that items of a group share, a quarter
    that of the single item, one half the student's own.
    """

    groups: int
    base: float
    final: float
    sizes: tuple[int, ...] = (1,)
    graded: bool = False

    @property
    def name(self) -> str:
        sizes = "single items" if self.sizes == (1,) else f"groups of {list(self.sizes)}"
        scores = "graded" if self.graded else "right or wrong"
        return f"{self.groups} {sizes}, {scores}, {self.base:.0%} to {self.final:.0%}"

    @property
    def whole(self) -> bool:
        return self.sizes == (1,) and not self.graded


ACCURACIES = ((0.3, 0.5), (0.05, 0.95), (0.05, 0.3), (0.9, 0.97), (0.5, 0.52))
UNEQUAL, SKEWED = (1, 2, 3, 4, 5), (1, 1, 1, 2, 3, 5, 12)
DESIGNS = tuple(
    Design(groups, base, final, sizes, graded)
    for groups in (40, 100, 300)
    for sizes, graded in (
        ((1,), False),
        ((1,), True),
        ((4,), False),
        (UNEQUAL, False),
        (UNEQUAL, True),
        (SKEWED, False),
    )
    for base, final in ACCURACIES
)


class Exams:
    """Many exams of one design at once: hardness and sizes of shape (exams, groups, items)."""

    def __init__(self, design: Design, count: int, rng: np.random.Generator) -> None:
        self.design, self._rng = design, rng
        self.sizes = rng.choice(design.sizes, size=(count, design.groups)).astype(float)
        most = int(self.sizes.max())
        self._there = np.arange(most) < self.sizes[..., None]
        shared = rng.normal(size=(count, design.groups, 1))
        own = rng.normal(size=(count, design.groups, most))
        self._hardness = 0.5 * shared + 0.5 * own

    def sit(self, ability: Floats) -> Floats:
        """Scores of students of these abilities (exams,), 0 where there is no item."""
        luck = np.sqrt(0.5) * self._rng.normal(size=self._hardness.shape)
        strength = ability[:, None, None] - self._hardness + luck
        if not self.design.graded:
            return (strength > 0) * self._there.astype(float)
        return sum((strength > step) / len(STEPS) for step in STEPS) * self._there

    def truth(self, ability: Floats) -> Floats:
        """Their expected scores over items of this kind; a strength is normal around ability."""
        steps = STEPS if self.design.graded else (0.0,)
        expected = [[NORMAL.cdf(one - step) for step in steps] for one in ability]
        return np.array(expected).mean(axis=1)


def ability(share: float) -> float:
    return NORMAL.inv_cdf(share)


# ---------------------------------------------------------------- coverage of the intervals


def coverage(design: Design, exams: int, seed: int = 0) -> dict[str, Any]:
    """Share of 95 % intervals that hold the truth, for gain in points, score, and gain in percent.

    `below` and `above` are the shares of gains whose interval lies wholly on that side.
    """
    rng = np.random.default_rng(seed)
    points, score, percent, sides, widths = [], [], [], [], []
    for start in range(0, exams, BATCH):
        sat = Exams(design, min(BATCH, exams - start), rng)
        able = [
            ability(share) + WANDER * rng.normal(size=len(sat.sizes))
            for share in (design.base, design.final)
        ]
        base, final = map(sat.sit, able)
        true_base, true_final = map(sat.truth, able)
        won, lost = (np.maximum(d, 0).sum(axis=-1) for d in (final - base, base - final))
        low, high = gain_limits(won, lost, sat.sizes, whole=design.whole)
        gain = true_final - true_base
        points += held(low, gain, high)
        sides.append([(high < gain).mean(), (gain < low).mean()])
        widths.append(100 * (high - low).mean())
        sums = base.sum(axis=-1), final.sum(axis=-1)
        low, high = mean_limits(sums[1], sat.sizes, whole=design.whole)
        score += held(low, true_final, high)
        enough = np.minimum(*(one.sum(axis=-1) for one in sums)) >= LEAST_RIGHT
        if enough.any():
            low, high = ratio_limits(sums[0][enough], sums[1][enough], sat.sizes[enough])
            percent += held(low, (true_final / true_base)[enough], high)
    return {
        "points": rate(points),
        "below": round(float(np.mean(sides, axis=0)[0]), 4),
        "above": round(float(np.mean(sides, axis=0)[1]), 4),
        "width_points": round(float(np.mean(widths)), 1),
        "score": rate(score),
        # Where most exams have too few right answers for a percentage, those left are a selection.
        "percent": rate(percent) if len(percent) > 0.95 * exams else None,
    }


def held(low: Floats, truth: Floats, high: Floats) -> list[bool]:
    return ((low <= truth) & (truth <= high)).tolist()


def rate(found: Sequence[bool]) -> float:
    return round(float(np.mean(found)), 4)


def percentile_coverage(design: Design, exams: int, seed: int = 0) -> float:
    """The same for the percentile bootstrap over groups, which is not used."""
    rng = np.random.default_rng(seed)
    sat = Exams(design, exams, rng)
    able = [
        ability(share) + WANDER * rng.normal(size=exams) for share in (design.base, design.final)
    ]
    sums = (sat.sit(able[1]) - sat.sit(able[0])).sum(axis=-1)
    even = np.full(design.groups, 1 / design.groups)
    draws = rng.multinomial(design.groups, even, size=1000).astype(float)
    means = draws @ sums.T / (draws @ sat.sizes.T)
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return rate(held(low, sat.truth(able[1]) - sat.truth(able[0]), high))


# ---------------------------------------------------------------- false claims


@dataclass(frozen=True)
class Race:
    """Rounds that are as good as the base model, and the exam that one of them is tested on."""

    private: Design
    training_sd: float = 0.0
    """Of a training's ability: 0.05 moves an accuracy of one half by 2 points."""
    scored: int = 200
    retrainings: int = 3
    thrifty: bool = False
    """Half of every wave of six is held back, and who is behind the best is asked no further."""

    @property
    def name(self) -> str:
        told = f"private: {self.private.name}"
        told += ", halving and sequential scoring" if self.thrifty else ""
        return told + (f", training sd {self.training_sd}" if self.training_sd else "")


RACES = (
    Race(Design(300, 0.5, 0.5)),
    Race(Design(300, 0.2, 0.2)),
    Race(Design(300, 0.05, 0.05)),
    Race(Design(300, 0.9, 0.9)),
    Race(Design(40, 0.5, 0.5)),
    Race(Design(100, 0.5, 0.5, (3,))),
    Race(Design(100, 0.3, 0.3, SKEWED)),
    Race(Design(40, 0.3, 0.3, UNEQUAL)),
    Race(Design(300, 0.5, 0.5, graded=True)),
    Race(Design(100, 0.3, 0.3, UNEQUAL, graded=True)),
    Race(Design(300, 0.5, 0.5), training_sd=0.05),
    Race(Design(300, 0.5, 0.5), thrifty=True),
    Race(Design(300, 0.2, 0.2), thrifty=True),
    Race(Design(40, 0.5, 0.5), thrifty=True),
    Race(Design(100, 0.3, 0.3, SKEWED), thrifty=True),
)


def false_claims(race: Race, runs: int, seed: int = 0) -> dict[str, Any]:
    """Share of runs that call one of `ROUNDS` equally good data sets an improvement.

    `claimed` is what the product says: the best round by scored mean, if it beats the base model
    there, is retrained and its first student compared with the base model on private.
    `confirmed` is the test of all its retrainings on the items it was chosen on, at the level
    spread over the rounds. The rest is what other rules would have said of the best round.
    """
    rng = np.random.default_rng(seed)
    design, able = race.private, ability(race.private.base)
    chosen_on = Design(race.scored, design.base, design.base, graded=design.graded)
    items = [str(item) for item in range(race.scored)]
    said = dict.fromkeys(("claimed", "confirmed", "higher", "tested", "tested_spread"), 0)
    for run in range(runs):
        scored, private = Exams(chosen_on, 1, rng), Exams(design, 1, rng)
        base = scored.sit(np.array([able])).ravel()
        rounds = [scored.sit(trained(able, race, rng)).ravel() for _ in range(ROUNDS)]
        best = thriftily(rounds, rng) if race.thrifty else max(rounds, key=np.mean)
        if best.mean() <= base.mean():
            continue
        said["higher"] += 1
        p_value = mcnemar(int((best > base).sum()), int((best < base).sum()))
        said["tested"] += p_value < ALPHA
        said["tested_spread"] += p_value < spread_alpha(ALPHA, ROUNDS)
        students = [trained(able, race, rng) for _ in range(race.retrainings)]
        again = np.mean([scored.sit(one).ravel() for one in students], axis=0)
        level = spread_alpha(ALPHA, ROUNDS)
        found = compare(base.tolist(), again.tolist(), items, level, run)
        said["confirmed"] += found.verdict == "improved"
        there = np.arange(int(private.sizes.max())) < private.sizes[0][:, None]
        groups = [str(group) for group, _ in np.argwhere(there)]
        sat = [private.sit(one)[0][there].tolist() for one in (np.array([able]), students[0])]
        said["claimed"] += compare(*sat, groups, ALPHA, run).verdict == "improved"
    rates = {name: round(count / runs, 4) for name, count in said.items()}
    if design.graded:  # McNemar knows right and wrong alone
        rates = {name: rates[name] for name in ("claimed", "confirmed", "higher")}
    return rates


def thriftily(rounds: Sequence[Floats], rng: np.random.Generator) -> Floats:
    """The best of rounds in waves of six, of which a look that knows nothing holds back three; the
    rest are asked, in one random order, until they are shown to end behind the best before."""
    order = rng.permutation(len(rounds[0]))
    best: Floats | None = None
    for number, round_ in enumerate(rounds):
        if number % 6 > 2:
            continue
        if best is not None and cut_short(round_[order] - best[order]):
            continue
        if best is None or round_.mean() > best.mean():
            best = round_
    assert best is not None
    return best


def cut_short(differences: Floats) -> int:
    """After how many items a student is shown to be behind; 0 where it is asked them all."""
    falling = Falling(len(differences), 1, ALPHA)
    for asked, difference in enumerate(differences, 1):
        falling.meet(float(difference))
        if asked % LOOK == 0 and asked < len(differences) and falling.sure:
            return asked
    return 0


def thrift(behind: float, items: int, trials: int, seed: int = 0) -> dict[str, Any]:
    """What sequential scoring asks of a student whose accuracy is `behind` that of the best (0.6).

    Half of what both get right they get right together.
    """
    rng = np.random.default_rng(seed)
    asked, cut, wrongly = [], 0, 0
    for _ in range(trials):
        easy = rng.random(items) < 0.3
        best = easy | (rng.random(items) < 0.3 / 0.7)
        other = easy | (rng.random(items) < (0.3 - behind) / 0.7)
        differences = other.astype(float) - best
        at = cut_short(differences)
        asked.append(at or items)
        cut += at > 0
        wrongly += at > 0 and differences.mean() >= 0
    return {
        "items": items,
        "points_behind": round(100 * behind, 1),
        "asked": round(float(np.mean(asked)) / items, 3),
        "cut_short": round(cut / trials, 4),
        "wrongly": round(wrongly / trials, 4),
    }


def trained(able: float, race: Race, rng: np.random.Generator) -> Floats:
    return np.array([able + race.training_sd * rng.normal()])


# ---------------------------------------------------------------- the corrected score


CHOICES = tuple(
    (rounds, base, spread, sizes)
    for rounds, sizes in ((ROUNDS, (1,)), (ROUNDS, (4,)), (8, (1,)))
    for base in (0.5, 0.9)
    for spread in (0.0, 0.05, 0.1, 0.2, 0.4)
)


def correction(
    rounds: int, base: float, spread: float, sizes: tuple[int, ...], runs: int, seed: int = 0
) -> dict[str, Any]:
    """Mean error in points of the best round's score, as it was seen and corrected.

    Rounds differ in true ability by a standard deviation of `spread` on the probit scale; 200
    items in all. The error is against the expected accuracy of the very round that was chosen.
    """
    rng = np.random.default_rng(seed)
    design = Design(200 // sizes[0], base, base, sizes)
    groups = [str(item // sizes[0]) for item in range(200)]
    raw, corrected = [], []
    for run in range(runs):
        exam = Exams(design, 1, rng)
        able = ability(base) + spread * rng.normal(size=rounds)
        scores = np.array([exam.sit(np.array([one])).ravel() for one in able])
        best = int(scores.mean(axis=1).argmax())
        truth = float(exam.truth(able[best : best + 1])[0])
        raw.append(100 * (scores[best].mean() - truth))
        corrected.append(100 * (corrected_score(scores.tolist(), groups, best, run) - truth))
    return {
        "seen": round(float(np.mean(raw)), 2),
        "corrected": round(float(np.mean(corrected)), 2),
        "seen_rms": round(float(np.sqrt(np.mean(np.square(raw)))), 2),
        "corrected_rms": round(float(np.sqrt(np.mean(np.square(corrected)))), 2),
        "standard_error": round(float(np.std(corrected) / np.sqrt(runs)), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="The statistics of one run, simulated.")
    parser.add_argument("what", nargs="*", default=[], help="coverage, claims, correction, thrift")
    parser.add_argument("--trials", type=int, help="simulations of each design")
    options = parser.parse_args()
    what = options.what or ("coverage", "claims", "correction", "thrift")
    if "coverage" in what:
        for design in DESIGNS:
            exams = options.trials or 10_000
            percentile = percentile_coverage(design, min(exams, 2000))
            found = coverage(design, exams)
            report(name="coverage", design=design.name, **found, percentile_bootstrap=percentile)
    if "thrift" in what:
        for items in (200, 1000):
            for behind in (0.0, 0.02, 0.05, 0.1, 0.2):
                report(name="thrift", **thrift(behind, items, options.trials or 2000))
    if "claims" in what:
        for race in RACES:
            found = false_claims(race, options.trials or 2000)
            report(name="false_claims", design=race.name, **found)
    if "correction" in what:
        for rounds, base, spread, sizes in CHOICES:
            found = correction(rounds, base, spread, sizes, options.trials or 2000)
            named = f"{rounds} rounds, 200 items in groups of {sizes[0]}, about {base:.0%}"
            report(name="correction", design=named, spread=spread, **found)


if __name__ == "__main__":
    main()
