"""Which round to go on from: Thompson sampling over all scored rounds, and the merge of winners.

Thompson (1933); Russo et al., "A Tutorial on Thompson Sampling" (2018). Levels of all rounds are
drawn together from what is believed of them (`belief`), and the round of the highest is improved
upon: one that is behind by less than its items can tell keeps its chance, one whose children all
came out lower loses it. Against that stands the merge: the best round's drawn level, with what
the merge promises and what earlier merges kept of their promises. Draws are narrowed (`NARROWED`),
which pays where pulls are few (Chapelle and Li 2011). The harness seeds them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from coursewright.records import Round
from coursewright.search.archive import Merge, best_merge
from coursewright.search.belief import GAIN_SD, believed
from coursewright.search.evidence import Estimate, difference, posterior
from coursewright.search.picking import best_round

NARROWED = 0.5
"""Share of its uncertainty with which a value is drawn."""
CLOSED_AFTER = 2
"""Programs refused as repetitions after which nobody is asked to improve on a round again."""


@dataclass(frozen=True)
class Pick:
    """What to do next: improve on a round, or merge."""

    number: int
    """The round to improve upon; of a merge the best one."""
    merge: Merge | None
    reason: str


def pick(rounds: Sequence[Round], rng: random.Random, steps: int = 1) -> Pick | None:
    """Return what a draw prefers; None if nothing is open.

    Improving means so many `steps` before the next training.
    """
    best, belief = best_round(rounds), believed(rounds)
    if best is None or belief is None:
        return None
    levels, gain = belief.drawn(rng, NARROWED)
    gain *= steps
    open_ones = [number for number in levels if not closed(rounds[number], rounds)]
    parent = max(open_ones, key=lambda number: levels[number], default=None)
    merge = best_merge(rounds)
    if merge is not None:
        kept = merge_gain(rounds)
        promise = sum(rng.gauss(part.mean, NARROWED * part.error) for part in (merge.promise, kept))
        if parent is None or levels[best.number] + promise > levels[parent] + gain:
            told = f"merge, drawn to gain {100 * promise:+.1f} points"
            return Pick(best.number, merge, f"{told}; improving {100 * gain:+.1f}")
    if parent is None:
        return None
    apart = 100 * (belief.level(parent) - belief.level(best.number))
    reason = (
        f"round {parent} of {len(open_ones)}: drawn at {100 * levels[parent]:.1f}, believed to be "
        f"{apart:+.1f} points from the best score's"
    )
    return Pick(parent, None, reason)


def closed(done: Round, rounds: Sequence[Round]) -> bool:
    """Whether its agent has nothing new to offer on a round."""
    refused = sum(
        other.failure == "duplicate"
        for other in rounds
        if other.branch is not None and other.branch.start == done.number
    )
    return refused >= CLOSED_AFTER


def merge_gain(rounds: Sequence[Round]) -> Estimate:
    """Return what merges have kept of their promise: posterior of outcome less promise."""
    kept = []
    for done in rounds:
        branch = done.branch
        if branch is None or branch.promise is None or branch.start is None:
            continue
        start = rounds[branch.start].scored
        if done.scored is not None and start is not None:
            found = difference(done.scored, start)
            kept.append(Estimate(found.mean - branch.promise, found.error))
    return posterior(kept, GAIN_SD)
