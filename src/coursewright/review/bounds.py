"""What a sample of judged rows says about all rows."""

from __future__ import annotations

import math
import random
from collections.abc import Collection

CONFIDENCE = 0.95


def upper_bound(rows: int, judged: int, bad: int, confidence: float = CONFIDENCE) -> float:
    """Return the greatest share of bad rows, of all `rows`, that the sample does not rule out.

    Exact and one-sided: the greatest number M of bad rows among all for which finding at most
    `bad` of them in `judged` rows, drawn without replacement, is not less likely than
    1 - confidence. That is the bound of Clopper and Pearson (Biometrika 26, 1934) with the
    hypergeometric law in the place of the binomial, to which it tends for many rows: none bad of
    60 gives 4.9 %. Nothing judged rules out nothing: 1.
    """
    if not 0 <= bad <= judged <= rows:
        raise ValueError(f"{bad} bad of {judged} judged of {rows} rows")
    if judged == 0:
        return 1.0
    low, high = bad, rows - (judged - bad)
    # The probability falls as M grows: the last M that is likely enough is found by halving.
    while low < high:
        middle = (low + high + 1) // 2
        if _at_most(rows, middle, judged, bad) >= 1 - confidence:
            low = middle
        else:
            high = middle - 1
    return low / rows


def _at_most(rows: int, bad_rows: int, judged: int, bad: int) -> float:
    """Probability of at most `bad` bad rows in the sample, if there are `bad_rows` in all."""
    whole = _log_choose(rows, judged)
    first = max(0, judged - (rows - bad_rows))
    return math.fsum(
        math.exp(_log_choose(bad_rows, k) + _log_choose(rows - bad_rows, judged - k) - whole)
        for k in range(first, min(bad, bad_rows) + 1)
    )


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def draw(rows: int, taken: Collection[int], count: int, seed: str) -> list[int]:
    """Return further rows to judge (from 1), up to `count` in all; each is as likely as another.

    The order is the seed's own whatever the count: a longer queue begins with the shorter one.
    """
    order = list(range(1, rows + 1))
    random.Random(seed).shuffle(order)
    return [row for row in order[: min(count, rows)] if row not in set(taken)]
