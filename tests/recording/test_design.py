"""The design of recorded trainings: the same numbers, and all kinds early."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.recording.design import BLOCK, FEWEST, MOST, point
from tests.recording.invented import POOL


@given(st.integers(0, 5000))
@settings(max_examples=60, deadline=None)
def test_a_number_is_always_the_same_training(number: int) -> None:
    one, other = point(number, POOL), point(number, POOL)
    assert (one.counts == other.counts).all()
    assert (one.draw, one.seed, one.kind) == (other.draw, other.seed, other.kind)
    assert (one.counts >= 0).all()
    assert 0 < one.counts.sum() <= MOST
    assert point(number, POOL, seed=1).counts.tolist() != one.counts.tolist()


def test_no_more_rows_are_asked_for_than_there_are() -> None:
    pool = np.array([[3, 0, 500], [40, 7, 500]])
    for number in range(60):
        assert (point(number, pool).counts <= pool).all()


def test_sizes_fill_the_scale_however_early_a_table_breaks_off() -> None:
    plenty = np.full_like(POOL, MOST)
    for upto in (20, 40, 200):
        points = [point(number, plenty) for number in range(upto)]
        totals = [p.counts.sum() for p in points if p.kind in ("mix", "single", "patchwork")]
        places = (np.log(totals) - np.log(FEWEST)) / (np.log(MOST) - np.log(FEWEST))
        quarters, _ = np.histogram(places, bins=4, range=(-1e-6, 1 + 1e-6))
        assert quarters.min() >= len(totals) / 8


def test_a_pair_differs_by_one_topic_or_method_alone() -> None:
    for number in range(200):
        if BLOCK[number % len(BLOCK)].startswith("without"):
            whole, left = point(number - 1, POOL), point(number, POOL)
            gone = whole.counts - left.counts
            assert gone.sum() > 0
            axis = 0 if left.kind == "without topic" else 1
            lost = np.flatnonzero(gone.sum(axis=axis))
            assert len(lost) == 1
            assert left.counts.take(lost, axis=1 - axis).sum() == 0
            assert (left.draw, left.seed) == (whole.draw, whole.seed)


def test_repetitions_differ_by_luck_alone() -> None:
    first, again, redrawn = (point(number, POOL) for number in (40, 58, 59))
    assert (again.counts == first.counts).all()
    assert (redrawn.counts == first.counts).all()
    assert again.draw == first.draw != redrawn.draw
    assert len({first.seed, again.seed, redrawn.seed}) == 3


def test_each_topic_of_a_patchwork_is_by_one_method() -> None:
    shown = [point(number, POOL).counts for number in range(11, 14)]
    assert all(((counts > 0).sum(axis=0) <= 1).all() for counts in shown)
    assert any(((counts > 0).any(axis=1)).sum() > 1 for counts in shown)
