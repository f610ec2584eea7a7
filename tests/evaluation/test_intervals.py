"""Intervals hold the truth on data whose truth is known, and know what groups are worth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.evaluation.intervals import (
    PSEUDO_TIES,
    equal_groups,
    gain_intervals,
    gain_limits,
    interval,
    mean_limits,
)

scores = st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=2, max_size=60)


def singles(count: int) -> list[str]:
    return [str(i) for i in range(count)]


@given(scores, st.integers(1, 7))
def test_an_interval_holds_its_mean_and_stays_in_range(values: list[float], size: int) -> None:
    low, high = interval(values, [str(i // size) for i in range(len(values))])
    assert 0 <= low <= np.mean(values) + 1e-9
    assert np.mean(values) - 1e-9 <= high <= 1


@given(scores, st.integers(1, 7), st.randoms())
def test_a_gain_lies_in_its_interval_and_the_mirror_image_mirrors_it(
    base: list[float], size: int, random: object
) -> None:
    final = sorted(base, key=lambda _: random.random())  # type: ignore[attr-defined]
    groups = [str(i // size) for i in range(len(base))]
    low, high = gain_intervals(base, final, groups)[0]
    assert -100 <= low <= 100 * (np.mean(final) - np.mean(base)) + 1e-9
    assert 100 * (np.mean(final) - np.mean(base)) - 1e-9 <= high <= 100
    assert gain_intervals(final, base, groups)[0] == pytest.approx((-high, -low), abs=1e-6)


def test_no_change_seen_is_no_proof_of_none() -> None:
    # No loss in 40 items leaves room for some: the rule of three says 7.5 %.
    low, high = gain_intervals([1.0] * 40, [1.0] * 40, singles(40))[0]
    assert low == -high
    assert 5 < high < 10


def test_limits_are_wilsons_where_items_stand_alone() -> None:
    # By hand: (p + z2/2n +- z sqrt(pq/n + z2/4n2)) / (1 + z2/n), for 36 of 40.
    assert interval([1.0] * 36 + [0.0] * 4, singles(40)) == pytest.approx(
        (0.7695, 0.9604), abs=1e-4
    )


def test_gain_limits_are_where_a_score_test_begins_to_reject() -> None:
    won, lost, items = 43, 20, 100
    answers = np.zeros((2, items))
    answers[0, :won] = answers[1, -lost:] = 1.0
    for limit in gain_limits(answers[0], answers[1], np.ones(items), whole=True):
        # The likeliest share of losses, if the difference were the limit: by trying them all.
        losses = np.linspace(1e-6, (1 - float(limit)) / 2 - 1e-6, 20_000)
        ties = 1 - 2 * losses - float(limit)
        likely = won * np.log(losses + limit) + lost * np.log(losses)
        likely += (items + PSEUDO_TIES - won - lost) * np.log(ties)
        best = losses[likely.argmax()]
        error = np.sqrt((2 * best + limit * (1 - limit)) / items)
        assert abs((won - lost) / items - limit) / error == pytest.approx(1.96, abs=0.002)


def test_groups_widen_the_interval_and_graded_scores_narrow_it() -> None:
    values = [1.0] * 100 + [0.0] * 100
    widths = [np.diff(interval(values, [str(i // n) for i in range(200)]))[0] for n in (1, 20)]
    assert widths[1] > 2 * widths[0]
    assert np.diff(interval([0.5, 0.6] * 100, singles(200)))[0] < 0.2 * widths[0]


def test_groups_of_unequal_size_count_for_fewer() -> None:
    assert equal_groups(np.full(40, 3.0)) == pytest.approx(40)
    assert equal_groups(np.array([1.0] * 39 + [61.0])) < 3


def test_one_group_says_nothing() -> None:
    assert interval([1.0, 0.0], ["a", "a"]) == (0.0, 1.0)
    assert gain_intervals([0.0] * 20, [1.0] * 20, ["a"] * 20) == ((-100.0, 100.0), None)


def test_no_percent_without_ten_right_answers() -> None:
    nine, many = [1.0] * 9 + [0.0] * 91, [1.0] * 50 + [0.0] * 50
    assert gain_intervals(nine, many, singles(100))[1] is None
    assert gain_intervals(many, nine, singles(100))[1] is None
    percent = gain_intervals(many, [1.0] * 75 + [0.0] * 25, singles(100))[1]
    assert percent is not None
    assert 0 < percent[0] < 50 < percent[1]


@pytest.mark.parametrize(("base", "final"), [(0.3, 0.5), (0.05, 0.95)])
@pytest.mark.parametrize("largest", [1, 5])
def test_the_truth_is_inside_nineteen_times_of_twenty(
    base: float, final: float, largest: int
) -> None:
    # Groups of items that share their hardness; scores of the two students given it are free.
    rng = np.random.default_rng(3)
    sizes = rng.integers(1, largest + 1, size=(1500, 40)).astype(float)
    won, lost, right = np.zeros((3, 1500, 40))
    for item in range(largest):
        inside = item < sizes
        first = (rng.random((1500, 40)) < base) * inside
        second = (rng.random((1500, 40)) < final) * inside
        won += second > first
        lost += first > second
        right += second
    low, high = gain_limits(won, lost, sizes, whole=largest == 1)
    assert 0.93 < ((low <= final - base) & (final - base <= high)).mean() < 0.98
    low, high = mean_limits(right, sizes, whole=largest == 1)
    assert 0.93 < ((low <= final) & (final <= high)).mean() < 0.98
