"""The best submission of each topic, and what joining them promises."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from coursewright.records import Evaluation, Part, Round
from coursewright.search.evidence import Estimate, difference, shrunk
from coursewright.search.picking import best_round

TOPIC_SD = 0.08
"""How far two data sets are believed to differ on one topic beforehand, as a standard deviation:
a lead of a few items of a small topic is mostly luck, and is taken for little."""


@dataclass(frozen=True)
class Merge:
    """Rows of different rounds that are worth joining."""

    parts: tuple[Part, ...]
    promise: Estimate
    """Against the best round, were every topic as good as in the round its rows come from."""


def topic_winners(rounds: Sequence[Round]) -> dict[str, tuple[int, Estimate]]:
    """Return, for each topic of the scored items, the best round and its lead over the best of all.

    Of the rounds whose rows hold the topic; leads are shrunk (`TOPIC_SD`), and the best of all
    stands where nobody leads. Empty where topics are not known.
    """
    best = best_round(rounds)
    if best is None or best.scored is None:
        return {}
    winners = {}
    for topic in topics_of(best.scored):
        lead, winner = Estimate(0.0, 0.0), best.number
        for done in rounds:
            held = any(shard.topic == topic for shard in done.shards)
            if done.scored is None or not held or done.number == best.number:
                continue
            found = shrunk(difference(done.scored, best.scored, topic), TOPIC_SD)
            if found.mean > lead.mean:
                lead, winner = found, done.number
        winners[topic] = (winner, lead)
    return winners


def topics_of(evaluation: Evaluation) -> dict[str, int]:
    """Return how many items each topic has."""
    return dict(Counter(result.topic for result in evaluation.results if result.topic))


def best_merge(rounds: Sequence[Round]) -> Merge | None:
    """Return the merge of all topics' winners; None if there is none, or it was made already."""
    best = best_round(rounds)
    if best is None or best.scored is None or not any(shard.topic for shard in best.shards):
        return None
    winners = topic_winners(rounds)
    if len({number for number, _ in winners.values()}) < 2:
        return None
    parts = (
        *(Part(topic=topic, round=number) for topic, (number, _) in winners.items()),
        Part(topic=None, round=best.number),
    )
    if any(done.branch is not None and done.branch.parts == parts for done in rounds):
        return None
    counts = topics_of(best.scored)
    items = len(best.scored.results)
    promise = sum(counts[topic] / items * lead.mean for topic, (_, lead) in winners.items())
    variance = sum((counts[t] / items * lead.error) ** 2 for t, (_, lead) in winners.items())
    return Merge(parts, Estimate(promise, math.sqrt(variance)))
