"""Which rounds of a history are looked at: the best, and some that show how it went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeVar

from coursewright.records import Round

T = TypeVar("T")
Place = Literal["first", "middle", "last"]


def best_round(rounds: Sequence[Round]) -> Round | None:
    """Return the round with the highest scored accuracy, the earliest of equals."""
    done = [r for r in rounds if r.scored is not None]
    return max(
        done, key=lambda r: (r.scored.accuracy if r.scored else 0.0, -r.number), default=None
    )


def first_of_wave(done: Round) -> int:
    """Return the number of the first of the rounds that were decided together with this one."""
    first = done.branch.wave if done.branch is not None else None
    return done.number if first is None else first


def first_middle_last(valid: Sequence[T]) -> list[tuple[Place, T]]:
    """Return the first, the middle and the last of these rounds, each once, in their order."""
    places: dict[Place, int] = {"first": 0, "last": len(valid) - 1, "middle": len(valid) // 2}
    by_round: dict[int, Place] = {}
    for place, at in places.items():
        if valid:
            by_round.setdefault(at, place)
    return [(by_round[at], valid[at]) for at in sorted(by_round)]
