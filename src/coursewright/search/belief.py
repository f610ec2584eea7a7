"""How good each round's data set truly is believed to be: levels smoothed over the tree of rounds.

The best score of many is the luckiest as well: whoever goes on from it alone starts, again and
again, from a round that is not as good as it looked, and drops children that are truly better.
Parents and children know of one another: a child is its parent's rows changed a little, so that
either's score says something of both. All normal:

    level of a draft           around the mean of all scores, `DRAFT_SD`
    level of another round     that of its start, plus the mean gain, plus its own, `GAIN_SD`; as
                               many times as rounds led there that gathered rows
    mean gain of a round       around 0, `MEAN_GAIN_SD`
    score                      its level, plus the luck of the items and of the training

The luck's size is that of the paired per-item difference to the best round: items are the same for
all, so what is hard in them for everybody is no luck. A Gaussian Markov random field on a tree (Rue
and Held 2005), solved at once.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coursewright.records import Round
from coursewright.search.evidence import difference
from coursewright.search.picking import best_round
from coursewright.search.strides import gathered_before, trained_start

DRAFT_SD = 0.1
"""How far two drafts are believed to differ beforehand, as a standard deviation of accuracy."""
GAIN_SD = 0.02
"""How far the gains of single rounds lie around their mean."""
MEAN_GAIN_SD = 0.01
"""How much a round is believed to gain or lose on the mean."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Belief:
    """A normal belief about the levels of all scored rounds, and the mean gain of one more."""

    numbers: tuple[int, ...]
    """Of the rounds."""
    mean: Floats
    """Levels, and last the mean gain; as fractions of the items."""
    root: Floats
    """A square root of the covariance."""

    def level(self, number: int) -> float:
        """Return the expected level of a round."""
        return float(self.mean[self.numbers.index(number)])

    def drawn(self, rng: random.Random, narrowed: float = 1.0) -> tuple[dict[int, float], float]:
        """Draw all levels and the mean gain together, at this share of their uncertainty."""
        luck = np.array([rng.gauss(0, 1) for _ in self.mean])
        values = self.mean + narrowed * self.root @ luck
        return dict(zip(self.numbers, values[:-1].tolist(), strict=True)), float(values[-1])


def believed(rounds: Sequence[Round]) -> Belief | None:
    """Return what to believe of the scored rounds; None if there are none."""
    best = best_round(rounds)
    if best is None or best.scored is None:
        return None
    known = [done for done in rounds if done.scored is not None]
    place = {done.number: at for at, done in enumerate(known)}
    scores = np.array([done.scored.accuracy for done in known if done.scored is not None])
    size = len(known) + 1
    precision, pull = np.zeros((size, size)), np.zeros(size)
    precision[-1, -1] = MEAN_GAIN_SD**-2
    for at, luck in enumerate(_luck(known, best)):
        precision[at, at] += luck**-2
        pull[at] += scores[at] * luck**-2
    for at, done in enumerate(known):
        built_upon = done.branch.start if done.branch is not None else None
        start = trained_start(built_upon, rounds)
        if start is None:
            precision[at, at] += DRAFT_SD**-2
            pull[at] += scores.mean() * DRAFT_SD**-2
            continue
        joins = done.operation in ("merge", "ablate")
        steps = len(gathered_before(built_upon, rounds)) + (not joins)
        link = np.zeros(size)
        link[at], link[place[start.number]] = 1.0, -1.0
        promised = 0.0
        if done.operation == "merge" and done.branch is not None:
            promised = done.branch.promise or 0.0
        link[-1] = -float(steps)
        sure = GAIN_SD**-2 / max(1, steps)
        precision += np.outer(link, link) * sure
        pull += link * promised * sure
    covariance = np.linalg.inv(precision)
    return Belief(tuple(place), covariance @ pull, np.linalg.cholesky(covariance))


def _luck(known: Sequence[Round], best: Round) -> list[float]:
    """Standard error of each score, but for what is hard for everybody."""
    assert best.scored is not None
    errors = {
        done.number: difference(done.scored, best.scored).error
        for done in known
        if done.scored is not None and done.number != best.number
    }
    # The best one's own luck is taken for the others' mean; a difference holds that of both.
    usual = float(np.mean(list(errors.values()))) if errors else 0.03
    return [errors.get(done.number, usual) / 2**0.5 for done in known]
