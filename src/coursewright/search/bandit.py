"""Which round to go on from: Thompson sampling over the scored rounds and the merge of winners.

Thompson (1933), with normal posteriors as in Russo et al., "A Tutorial on Thompson Sampling"
(2018). The value of an arm is what its next child can be expected to score, against the best round
so far:

    level of the round            paired per-item difference to the best, with its standard error
    + gain of one more round      posterior over the gains of the children it has had

One value is drawn from each arm's two posteriors, and the arm of the largest draw is taken: a round
that is behind by less than its items can tell keeps its chance, one that has been improved upon in
vain loses it. The harness seeds the draws.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from coursewright.records import Round
from coursewright.search.archive import Merge, best_merge
from coursewright.search.evidence import Estimate, difference, posterior
from coursewright.search.picking import best_round

GAIN_SD = 0.02
"""What one more round is believed to gain or lose beforehand, as a standard deviation around 0."""
CLOSED_AFTER = 2
"""Programs refused as repetitions after which nobody is asked to improve on a round again."""


@dataclass(frozen=True)
class Arm:
    """Something to do next: improve on a round, or merge."""

    number: int | None
    """The round to improve upon; None for the merge."""
    level: Estimate
    gain: Estimate
    merge: Merge | None = None

    def draw(self, rng: random.Random) -> float:
        """Draw its value, against the best round, as a fraction of the items."""
        return rng.gauss(self.level.mean, self.level.error) + rng.gauss(
            self.gain.mean, self.gain.error
        )


def open_arms(rounds: Sequence[Round]) -> list[Arm]:
    """Return what can be done: improve on a scored round that is not closed, or merge."""
    best = best_round(rounds)
    if best is None or best.scored is None:
        return []
    arms = []
    for done in rounds:
        if done.scored is None or closed(done, rounds):
            continue
        itself = done.number == best.number
        level = Estimate(0.0, 0.0) if itself else difference(done.scored, best.scored)
        arms.append(Arm(done.number, level, posterior(gains_upon(done, rounds), GAIN_SD)))
    if (merge := best_merge(rounds)) is not None:
        arms.append(Arm(None, merge.promise, merge_gain(rounds), merge))
    return arms


def pick(arms: Sequence[Arm], rng: random.Random) -> Arm | None:
    """Return the arm of the largest draw, the earlier of equals; None if there is none."""
    drawn = [(arm.draw(rng), arm) for arm in arms]
    return max(drawn, key=lambda pair: pair[0])[1] if drawn else None


def gains_upon(parent: Round, rounds: Sequence[Round]) -> list[Estimate]:
    """Return what each scored improvement of a round gained over it."""
    return [
        difference(done.scored, parent.scored)
        for done in children_of(parent, rounds)
        if done.scored is not None and parent.scored is not None
    ]


def children_of(parent: Round, rounds: Sequence[Round]) -> list[Round]:
    """Return the rounds that an agent built upon a round's rows, mended ones too."""
    return [
        done
        for done in rounds
        if done.branch is not None
        and done.branch.start == parent.number
        and done.operation in ("improve", "debug", "repair")
    ]


def closed(done: Round, rounds: Sequence[Round]) -> bool:
    """Whether its agent has nothing new to offer on a round."""
    refused = [child for child in children_of(done, rounds) if child.failure == "duplicate"]
    return len(refused) >= CLOSED_AFTER


def merge_gain(rounds: Sequence[Round]) -> Estimate:
    """Return what merges have kept of their promise: posterior of outcome less promise."""
    kept = []
    for done in rounds:
        before = rounds[: done.number]
        best, promised = best_round(before), best_merge(before)
        if done.operation != "merge" or done.scored is None or best is None or promised is None:
            continue
        if best.scored is not None:
            found = difference(done.scored, best.scored)
            kept.append(Estimate(found.mean - promised.promise.mean, found.error))
    return posterior(kept, GAIN_SD)
