"""The best submission of each topic, and what joining them promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from coursewright.records import Evaluation, Part, Round
from coursewright.search.evidence import (
    Estimate,
    estimate,
    leads,
    paired,
    posterior,
    spread_of,
)
from coursewright.search.picking import best_round


@dataclass(frozen=True)
class Merge:
    """Rows of different rounds that are worth joining."""

    parts: tuple[Part, ...]
    promise: Estimate
    """Over the best round, were every topic as good as in the round its rows come from."""


def topic_winners(rounds: Sequence[Round], items: frozenset[str] | None = None) -> dict[str, int]:
    """Return the best round of each topic, by all scored items or by those with these ids.

    Of the rounds whose rows hold the topic; the best of all stands where nobody leads it. A round's
    lead on a topic is drawn towards its lead on all items, as far as topics do not differ more than
    their few items explain (empirical Bayes; Efron and Morris 1975): else the luckiest of many
    rounds would win every topic. Empty where topics are not known.
    """
    best = best_round(rounds)
    if best is None or best.scored is None:
        return {}
    found = {}
    for done in rounds:
        if done.scored is not None and done.number != best.number:
            pairs = paired(done.scored, best.scored)
            found[done.number] = leads([p for p in pairs if items is None or p[0].id in items])
    spread = spread_of(
        [
            Estimate(lead.mean - whole.mean, lead.error)
            for whole, by_topic in found.values()
            for lead in by_topic.values()
        ]
    )
    winners = dict.fromkeys(topics_of(best.scored), (0.0, best.number))
    for number, (whole, by_topic) in found.items():
        held = {shard.topic for shard in rounds[number].shards}
        for topic, lead in by_topic.items():
            mean = posterior([lead], spread, whole.mean).mean if spread else whole.mean
            if topic in held and mean > winners[topic][0]:
                winners[topic] = (mean, number)
    return {topic: number for topic, (_, number) in winners.items()}


def topics_of(evaluation: Evaluation) -> dict[str, int]:
    """Return how many items each topic has."""
    return dict(Counter(result.topic for result in evaluation.results if result.topic))


def best_merge(rounds: Sequence[Round]) -> Merge | None:
    """Return the merge of all topics' winners; None if there is none, or it was made already."""
    best = best_round(rounds)
    if best is None or best.scored is None or not any(shard.topic for shard in best.shards):
        return None
    winners = topic_winners(rounds)
    if len(set(winners.values())) < 2:
        return None
    parts = (
        *(Part(topic=topic, round=number) for topic, number in winners.items()),
        Part(topic=None, round=best.number),
    )
    if any(done.branch is not None and done.branch.parts == parts for done in rounds):
        return None
    return Merge(parts, promise_of(rounds, best.scored))


def promise_of(rounds: Sequence[Round], best: Evaluation) -> Estimate:
    """Return how far topics' winners are ahead of the best, by items that did not choose them.

    Groups of items fall into two halves, in turn within each topic. What one half chooses, the
    other half judges: the lead of a winner on the items that made it one is luck for the most part.
    """
    halves = halved(best)
    of_winners = []
    for choosing, judging in (halves, halves[::-1]):
        winners = topic_winners(rounds, choosing)
        scored = {done.number: done.scored for done in rounds if done.scored is not None}
        for result in best.results:
            if result.id in judging:
                winner = scored[winners[result.topic]] if result.topic in winners else best
                of_winners.append((winner, result))
    answers = {
        id(winner): {result.id: result for result in winner.results} for winner, _ in of_winners
    }
    pairs = [(answers[id(winner)].get(result.id, result), result) for winner, result in of_winners]
    return estimate(pairs)


def halved(evaluation: Evaluation) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of two halves of the items: whole groups, every second one of each topic."""
    seen: Counter[str | None] = Counter()
    half: dict[str, int] = {}
    for result in evaluation.results:
        if result.group not in half:
            half[result.group] = seen[result.topic] % 2
            seen[result.topic] += 1
    first, second = (
        frozenset(r.id for r in evaluation.results if half[r.group] == which) for which in (0, 1)
    )
    return first, second
