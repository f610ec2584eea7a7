"""How small a gain an exam of a given size can show at all."""

from __future__ import annotations

import math

Z_ALPHA, Z_POWER = 1.959964, 0.841621
"""Normal quantiles of a two-sided 5 % and of 80 %."""


def smallest_gain(groups: int, changed: float = 0.5) -> float:
    """Return the smallest gain in points that a paired test sees in 4 of 5 cases.

    Two-sided at 5 %, normal approximation of McNemar's test (Connor 1987), solved for the gain:
    `groups = ((1.96 sqrt(d) + 0.84 sqrt(d - g^2)) / g)^2`, where `d` is the share of items whose
    answers turn from wrong to right or back. One half, as if both students guessed at even odds,
    is the worst case; 100 when even that many groups cannot show any gain.
    """
    low, high = 0.0, min(1.0, changed)

    def needed(gain: float) -> float:
        spread = Z_ALPHA * math.sqrt(changed) + Z_POWER * math.sqrt(changed - gain * gain)
        return (spread / gain) ** 2

    if groups < 1 or needed(high) > groups:
        return 100.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if needed(middle) <= groups else (middle, high)
    return 100 * high


def groups_needed(gain: float, changed: float = 0.5) -> int:
    """Return the fewest groups whose `smallest_gain` is no more than `gain` points."""
    share = gain / 100
    spread = Z_ALPHA * math.sqrt(changed) + Z_POWER * math.sqrt(max(0.0, changed - share * share))
    return math.ceil((spread / share) ** 2)
