"""The statistics say what they promise, on data whose truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.evaluation.statistics import (
    group_sums,
    mcnemar,
    paired_p_value,
)

scores = st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=60)


def test_mcnemar_matches_the_binomial_by_hand() -> None:
    # 2 * (C(10,0) + C(10,1) + C(10,2)) / 2**10
    assert mcnemar(8, 2) == pytest.approx(2 * (1 + 10 + 45) / 1024)
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(5, 5) == 1.0


@given(scores)
def test_a_student_against_itself_is_no_gain(values: list[float]) -> None:
    groups = [str(i // 2) for i in range(len(values))]
    assert paired_p_value(values, values, groups) == 1.0


def test_ignoring_clusters_would_claim_a_gain_that_groups_do_not_show() -> None:
    # Three groups of 20 items that moved as one: three observations, not sixty.
    base, final = [0.0] * 60 + [1.0] * 20, [1.0] * 60 + [0.0] * 20
    grouped = paired_p_value(base, final, [str(i // 20) for i in range(80)])
    alone = paired_p_value(base, final, [str(i) for i in range(80)])
    assert alone < 0.001
    assert grouped > 0.2


def test_false_claims_stay_under_alpha() -> None:
    rng = np.random.default_rng(0)
    groups = [str(i // 3) for i in range(180)]
    claims = 0
    for seed in range(200):
        shared = rng.normal(size=60).repeat(3)
        base, final = (
            ((shared + rng.normal(size=180)) > 0).astype(float).tolist() for _ in range(2)
        )
        claims += paired_p_value(base, final, groups, seed) < 0.05
    assert claims <= 20  # 5 % of 200, plus three standard deviations


def test_order_of_groups_does_not_matter() -> None:
    sums, sizes = group_sums([1.0, 0.0, 1.0], ["b", "a", "b"])
    assert sums.tolist() == [0.0, 2.0]
    assert sizes.tolist() == [1.0, 2.0]
