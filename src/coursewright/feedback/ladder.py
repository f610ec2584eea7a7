"""When an agent is told a mean over items that it never sees.

The Ladder mechanism (Blum and Hardt 2015): a new value is released, rounded to the step, only when
it lies a step above the last one. What is released leaks far less than a score a round would, since
most rounds release nothing but that they are no new best.
"""

from __future__ import annotations


def rounded(score: float, step: float) -> float:
    """Return a score (0-1) as a whole number of steps, still in [0, 1]."""
    return min(1.0, max(0.0, round(score / step) * step))


def release(score: float, last: float, step: float) -> float | None:
    """Return what may be told of a score (0-1), or None if it is not a step above `last`."""
    return rounded(score, step) if score >= last + step else None
