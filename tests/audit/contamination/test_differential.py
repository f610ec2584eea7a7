import numpy as np
import pytest

from coursewright.audit.contamination.differential import compare
from coursewright.audit.contamination.evidence import Measure


def p_value(values: np.ndarray, chosen: np.ndarray, groups: np.ndarray | None = None) -> float:
    groups = np.arange(len(values)) if groups is None else groups
    strata = np.zeros(len(values), dtype=np.int64)
    return compare([Measure("any", values)], chosen, ~chosen, groups, strata).p_value


@pytest.mark.parametrize("size", [1, 4])
def test_by_chance_alone_few_comparisons_are_significant(size: int) -> None:
    # Items of a group resemble each other: only whole groups may be dealt.
    small = 0
    for trial in range(60):
        rng = np.random.default_rng(trial)
        groups = np.arange(200) // size
        values = rng.random(200 // size)[groups] + 0.1 * rng.random(200)
        chosen = (rng.permutation(200 // size) < 40 // size)[groups]
        small += p_value(values, chosen, groups) <= 0.1
    assert small <= 14


def test_a_few_items_that_are_much_closer_are_seen() -> None:
    rng = np.random.default_rng(1)
    values = rng.random(1000)
    chosen = np.arange(1000) < 100
    values[:8] += 2
    assert p_value(values, chosen) <= 0.01
    assert p_value(values, ~chosen) > 0.05


def test_deals_stay_within_topics() -> None:
    # All chosen items are of a topic whose items are close; the others of that topic are, too.
    strata = np.arange(400) // 200
    values = np.random.default_rng(2).random(400) + (strata == 0)
    chosen = (np.arange(400) % 4 == 0) & (strata == 0)
    measured = [Measure("any", values)]
    within = compare(measured, chosen, ~chosen, np.arange(400), strata)
    across = compare(measured, chosen, ~chosen, np.arange(400), np.zeros(400, dtype=np.int64))
    assert within.p_value > 0.05
    assert across.p_value < 0.01


def test_too_few_items_say_how_small_a_p_value_can_be() -> None:
    chosen = np.arange(5) < 2
    found = compare(
        [Measure("any", np.arange(5.0))], chosen, ~chosen, np.arange(5), np.zeros(5, dtype=np.int64)
    )
    assert found.least == pytest.approx(0.1)
