"""The share of a gain that is kept, and its interval."""

from __future__ import annotations

import numpy as np
import pytest

from coursewright.evaluation.intervals import kept_limits


def test_the_interval_is_fiellers() -> None:
    """Against the definition: at its ends, part - k * whole is just not told from 0."""
    rng = np.random.default_rng(0)
    whole, part = rng.normal(0.3, 0.4, 60), rng.normal(0.25, 0.4, 60)
    found = kept_limits(whole, part, np.ones(60))
    assert found is not None
    for end in found:
        rest = part - end * whole
        error = rest.std(ddof=1) / np.sqrt(60)
        assert abs(rest.mean() / error) == pytest.approx(2.001, abs=0.001)
    assert found[0] < part.sum() / whole.sum() < found[1]


def test_no_share_of_a_gain_that_cannot_be_told_from_none() -> None:
    rng = np.random.default_rng(1)
    whole = rng.normal(0.01, 1.0, 50)
    assert kept_limits(whole, whole, np.ones(50)) is None
    assert kept_limits(-np.ones(9), np.ones(9), np.ones(9)) is None
    assert kept_limits(np.ones(1), np.ones(1), np.ones(1)) is None


def test_a_lost_gain_may_be_below_nothing() -> None:
    rng = np.random.default_rng(2)
    whole, part = rng.normal(1.0, 0.2, 50), rng.normal(-0.5, 0.2, 50)
    found = kept_limits(whole, part, np.ones(50))
    assert found is not None
    assert found[1] < 0


def test_the_interval_covers_the_true_share_in_groups_of_unequal_size() -> None:
    """Students that gain 0.25 and 0.2 on items whose groups share half of their luck."""
    share = true_share()
    rng = np.random.default_rng(3)
    covered, runs = 0, 600
    for _ in range(runs):
        sizes = rng.integers(1, 6, 80)
        index = np.repeat(np.arange(80), sizes)
        easy = rng.random(80)[index] * 0.5 + rng.random(len(index)) * 0.5
        luck = rng.normal(0, 0.05, (3, len(index)))
        base, whole, part = (
            (easy + luck[at] > bar).astype(float) for at, bar in enumerate((0.65, 0.4, 0.45))
        )
        sums = [np.bincount(index, weights=one - base) for one in (whole, part)]
        found = kept_limits(sums[0], sums[1], sizes.astype(float))
        assert found is not None
        covered += found[0] <= share <= found[1]
    assert covered / runs > 0.92


def true_share() -> float:
    rng = np.random.default_rng(4)
    easy = rng.random(2_000_000) * 0.5 + rng.random(2_000_000) * 0.5
    luck = rng.normal(0, 0.05, 2_000_000)
    base, whole, part = ((easy + luck > bar).mean() for bar in (0.65, 0.4, 0.45))
    return float((part - base) / (whole - base))
