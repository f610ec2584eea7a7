"""Which rows a decision leads to: an agent that reads visible scores and is often, not always,
right. The same for every surface; what rows are worth is the surface's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.surfaces import ROWS
from coursewright.records import OWN_METHOD, Branch, Decision, Part, Round, Shard
from coursewright.search import trained_start

Floats = NDArray[np.float64]
Label = tuple[str, str, int]
"""Topic, method and round of a shard."""


class Maker(Protocol):
    """Makes a round's new rows."""

    def __call__(
        self, number: int, method: str, room: int, weights: Floats, rng: np.random.Generator
    ) -> dict[Label, int]:
        """Return at most `room` rows by one method, over the topics by these weights."""


def rows_of(
    decision: Decision,
    rounds: Sequence[Round],
    topics: Sequence[str],
    shares: Floats,
    make: Maker,
    rng: np.random.Generator,
    new: int | None = None,
    most: int = ROWS,
) -> dict[Label, int]:
    """Return the rows of the round that this decision leads to, by shard.

    `shares` are those of the topics in a draft. `new` rows are made in a round, and old ones kept
    while there is room for them; None: a draft makes as many as a data set holds, and what improves
    on it takes some of them out.
    """
    number, branch = len(rounds), decision.branch or Branch()
    if decision.operation == "merge":
        return _merged(branch.parts, rounds, most)
    if decision.operation == "ablate" and branch.without is not None:
        gone = branch.without
        return {
            label: count
            for label, count in _held(rounds[decision.parent or 0]).items()
            if label != (gone.topic, gone.method, gone.round)
        }
    start = _start_of(decision, rounds)
    method = branch.method or OWN_METHOD
    if start is None:
        return make(number, method, most if new is None else new, shares, rng)
    held = _held(start)
    kept = rng.uniform(0.5, 0.85)
    if new is not None:
        kept = min(1.0, (most - new) / max(1, sum(held.values())))
    rows = {label: int(kept * count) for label, count in held.items()}
    # New rows go where visible items are wrong, as far as few items tell it.
    seen = trained_start(start.number, rounds) or start
    weights = shares * (0.35 + _errors(seen, topics)) * rng.lognormal(0, 0.4, len(topics))
    room = most - sum(rows.values()) if new is None else new
    return rows | make(number, method, room, weights, rng)


def shards_of(rows: Mapping[Label, int]) -> tuple[Shard, ...]:
    """Return the shards that a round with these rows has on record."""
    return tuple(
        Shard(topic=topic, method=method, round=made, rows=count)
        for (topic, method, made), count in rows.items()
        if count
    )


def _held(done: Round) -> dict[Label, int]:
    return {(str(s.topic), s.method, s.round): s.rows for s in done.shards}


def _merged(parts: Sequence[Part], rounds: Sequence[Round], most: int) -> dict[Label, int]:
    """Each topic's rows from its winner, filled up with others of theirs, as merges are."""
    winner = {part.topic: part.round for part in parts}
    rows: dict[Label, int] = {}
    spare: dict[Label, int] = {}
    for number in sorted(set(winner.values())):
        for label, count in _held(rounds[number]).items():
            kind = rows if winner.get(label[0]) == number else spare
            kind[label] = max(kind.get(label, 0), count)
    spare = {label: count for label, count in spare.items() if label not in rows}
    total, others = sum(rows.values()), sum(spare.values())
    if total < most and others:
        share = min(1.0, (most - total) / others)
        rows |= {label: int(share * count) for label, count in spare.items()}
    return rows if total <= most else {label: n * most // total for label, n in rows.items()}


def _start_of(decision: Decision, rounds: Sequence[Round]) -> Round | None:
    """The scored round whose rows are gone on from: also for searches that do not say."""
    if decision.branch is not None:
        return None if decision.branch.start is None else rounds[decision.branch.start]
    at = decision.parent
    while at is not None and rounds[at].scored is None:
        at = rounds[at].parent
    return None if at is None else rounds[at]


def _errors(done: Round, topics: Sequence[str]) -> Floats:
    results = done.visible.results if done.visible is not None else ()
    wrong = {topic: [1 - r.score for r in results if r.topic == topic] for topic in topics}
    return np.array([(sum(found) + 1) / (len(found) + 2) for found in wrong.values()])
