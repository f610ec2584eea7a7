"""The bound is exact, and a draw favours no row."""

from __future__ import annotations

import math
import random
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.review.bounds import draw, upper_bound


def likely(rows: int, bad_rows: int, judged: int, bad: int) -> Fraction:
    """Probability of at most `bad` among the judged, in whole numbers."""
    ways = sum(
        math.comb(bad_rows, k) * math.comb(rows - bad_rows, judged - k) for k in range(bad + 1)
    )
    return Fraction(ways, math.comb(rows, judged))


@given(st.integers(1, 60), st.data())
def test_the_bound_is_the_last_share_that_is_likely_enough(rows: int, data: st.DataObject) -> None:
    judged = data.draw(st.integers(1, rows))
    bad = data.draw(st.integers(0, judged))
    most = round(upper_bound(rows, judged, bad) * rows)
    assert bad <= most <= rows - (judged - bad)
    assert most == bad or likely(rows, most, judged, bad) >= Fraction("0.0499999")
    if most < rows - (judged - bad):
        assert likely(rows, most + 1, judged, bad) < Fraction("0.0500001")


def test_none_bad_of_sixty_rules_out_five_percent_of_a_large_set() -> None:
    assert upper_bound(10**6, 60, 0) == pytest.approx(1 - 0.05 ** (1 / 60), abs=1e-4)
    assert upper_bound(10**6, 60, 0) == pytest.approx(0.0487, abs=1e-4)
    assert upper_bound(10**6, 60, 3) == pytest.approx(0.1241, abs=2e-4)  # tables of the binomial
    assert upper_bound(200, 60, 0) < upper_bound(10**6, 60, 0)


def test_nothing_judged_certifies_nothing_and_everything_judged_everything() -> None:
    assert upper_bound(100, 0, 0) == 1.0
    assert upper_bound(100, 100, 7) == 0.07
    for wrong in ((10, 11, 0), (10, 5, 6), (10, 5, -1)):
        with pytest.raises(ValueError, match="bad of"):
            upper_bound(*wrong)


def test_the_bound_holds_as_often_as_it_says() -> None:
    rng, rows, share = random.Random(3), 400, 0.06
    bad_rows = set(range(int(rows * share)))
    held = sum(
        upper_bound(rows, 60, len(bad_rows & set(rng.sample(range(rows), 60)))) >= share
        for _ in range(1500)
    )
    assert held / 1500 >= 0.94


def test_a_longer_queue_begins_with_the_shorter_one() -> None:
    first = draw(100, (), 10, "s")
    assert len(set(first)) == 10
    more = draw(100, first, 30, "s")
    assert len(more) == 20
    assert not set(first) & set(more)
    assert draw(100, (), 30, "s") == first + more
    assert len(draw(5, (), 60, "s")) == 5


def test_every_row_is_as_likely_to_be_drawn() -> None:
    counts = Counter(row for seed in range(3000) for row in draw(20, (), 5, str(seed)))
    assert set(counts) == set(range(1, 21))
    assert max(counts.values()) < 1.2 * min(counts.values())
