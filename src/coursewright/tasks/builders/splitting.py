"""Dividing groups of items between splits: whole groups, even topics, the same every time."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """Items that must stay together."""

    key: str
    """Names the unit; the order of equals comes from its hash, so it must not depend on a run."""
    members: tuple[int, ...]
    topics: tuple[str, ...]
    """Topic of each member."""

    @property
    def size(self) -> int:
        return len(self.members)


def divide(units: Sequence[Unit], wanted: float, seed: int) -> tuple[list[Unit], list[Unit]]:
    """Two lists of units; the first holds about `wanted` items.

    Walks from the largest unit to the smallest and puts each where it lessens the squared misfit
    of the topics and of the whole, so that every topic is shared out as the whole is. The whole
    never strays further than one largest unit from what is wanted, whatever the topics would like.
    """
    total = sum(unit.size for unit in units)
    if not total or wanted <= 0:
        return [], list(units)
    if wanted >= total:
        return list(units), []
    share = wanted / total
    largest = max(unit.size for unit in units)
    first: list[Unit] = []
    second: list[Unit] = []
    misfit: defaultdict[str, float] = defaultdict(float)
    whole = 0.0
    """How many items too many the first list has by now, by topic and in all."""
    for unit in sorted(units, key=lambda one: (-one.size, _rank(one.key, seed))):
        topics = Counter(unit.topics)
        # Cost of taking minus cost of leaving: the squares of m + (1-share)c and m - share*c.
        cost = sum(
            count * (2 * misfit[topic] + (1 - 2 * share) * count) for topic, count in topics.items()
        )
        cost += unit.size * (2 * whole + (1 - 2 * share) * unit.size)
        take = cost < 0
        if take and whole + (1 - share) * unit.size > largest:
            take = False
        elif not take and whole - share * unit.size < -largest:
            take = True
        (first if take else second).append(unit)
        for topic, count in topics.items():
            misfit[topic] += count * ((1 - share) if take else -share)
        whole += unit.size * ((1 - share) if take else -share)
    return first, second


def at_most(units: Sequence[Unit], most: int, seed: int) -> tuple[list[Unit], list[Unit]]:
    """A stratified choice of units with `most` items at most, and what is left out."""
    kept, left = divide(units, most, seed)
    over = sum(unit.size for unit in kept) - most
    while over > 0:
        enough = [unit for unit in kept if unit.size >= over]
        gone = min(enough or kept, key=lambda one: (one.size, _rank(one.key, seed)))
        kept.remove(gone)
        left.append(gone)
        over -= gone.size
    return kept, left


def _rank(key: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}\x1f{key}".encode()).hexdigest()
