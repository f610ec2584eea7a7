"""Which shards of a data set carried its score: by visible items alone, since agents are told.

Where a student was trained without a shard, the difference is measured (`ablation`). Elsewhere it
is an estimate: a topic's items rose by so much from the parent's student to this one's, and all new
shards of the topic share that. It says which topic moved, not that the new rows moved it.
"""

from __future__ import annotations

from collections.abc import Sequence

from coursewright.records import Credit, Round, Shard
from coursewright.search.evidence import Estimate, difference
from coursewright.search.strides import gathered_before, trained_start

MOST = 8
"""Shards that an agent is told of: those that moved most for their errors."""


def credits_of(done: Round, rounds: Sequence[Round]) -> tuple[Credit, ...]:
    """Return what is known of a round's shards, the measured first, then the surest."""
    if done.visible is None:
        return ()
    measured = _ablated(done, rounds)
    known = {credit.shard for credit in measured}
    estimated = [credit for credit in _estimated(done, rounds) if credit.shard not in known]
    ranked = sorted(estimated, key=lambda credit: -abs(credit.points) / max(credit.error, 0.1))
    return (*measured, *ranked)[:MOST]


def _ablated(done: Round, rounds: Sequence[Round]) -> list[Credit]:
    found = []
    for other in rounds:
        left_out = other.branch.without if other.branch is not None else None
        if other.operation != "ablate" or other.parent != done.number or left_out is None:
            continue
        if other.visible is not None and done.visible is not None:
            effect = difference(done.visible, other.visible)
            found.append(_credit(left_out, done, effect, ablated=True))
    return found


def _estimated(done: Round, rounds: Sequence[Round]) -> list[Credit]:
    built_upon = done.branch.start if done.branch is not None else None
    start = trained_start(built_upon, rounds)
    before = start.visible if start is not None else None
    if before is None or done.visible is None:
        return []
    made_in = {done.number, *(other.number for other in gathered_before(built_upon, rounds))}
    new = [shard for shard in done.shards if shard.round in made_in and shard.topic]
    return [
        _credit(shard, done, difference(done.visible, before, shard.topic), ablated=False)
        for shard in new
        if any(result.topic == shard.topic for result in done.visible.results)
    ]


def _credit(shard: Shard, of: Round, effect: Estimate, *, ablated: bool) -> Credit:
    return Credit(
        shard=shard,
        of=of.number,
        points=round(100 * effect.mean, 1),
        error=round(100 * effect.error, 1),
        how="ablation" if ablated else "estimate",
    )
