"""Choosing the best of many by luck neither makes a claim nor keeps a flattering score."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.evaluation.choice import compare, corrected_score, ladder_step, spread_alpha

ITEMS = [str(i) for i in range(200)]


def equals(rng: np.random.Generator, rounds: int) -> np.ndarray:
    return (rng.random((rounds, len(ITEMS))) < 0.5).astype(float)


def test_the_best_of_thirty_equals_loses_its_luck() -> None:
    rng = np.random.default_rng(1)
    raw, corrected = [], []
    for _ in range(40):
        scores = equals(rng, 30)
        best = int(scores.mean(axis=1).argmax())
        raw.append(scores[best].mean())
        corrected.append(corrected_score(scores.tolist(), ITEMS, best))
    assert np.mean(raw) > 0.55
    assert abs(np.mean(corrected) - 0.5) < 0.025  # three standard errors


def test_a_round_that_is_truly_best_keeps_its_score() -> None:
    scores = equals(np.random.default_rng(2), 5)
    scores[3, :180] = 1.0
    assert corrected_score(scores.tolist(), ITEMS, 3) == pytest.approx(scores[3].mean())


def test_the_chosen_need_not_be_the_best() -> None:
    scores = [[1.0] * 200, [1.0] * 100 + [0.0] * 100, [0.0] * 200]
    assert corrected_score(scores, ITEMS, 1) == pytest.approx(0.5)


def test_one_candidate_or_one_group_leaves_the_plain_mean() -> None:
    scores = equals(np.random.default_rng(3), 2).tolist()
    assert corrected_score(scores[:1], ITEMS, 0) == pytest.approx(np.mean(scores[0]))
    assert corrected_score(scores, ["one"] * 200, 1) == pytest.approx(np.mean(scores[1]))


def test_items_of_a_group_are_never_on_both_sides() -> None:
    # Two groups, won by one round each: whoever is chosen on one fails on the other.
    scores = [[1.0] * 5 + [0.0] * 5, [0.0] * 5 + [1.0] * 5]
    assert corrected_score(scores, ["a"] * 5 + ["b"] * 5, 0) == 0.0


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=40))
def test_a_student_against_itself_is_inconclusive(scores: list[float]) -> None:
    groups = [str(i // 2) for i in range(len(scores))]
    assert compare(scores, scores, groups, 0.05).verdict == "inconclusive"


def test_a_clear_gain_is_improved_and_its_mirror_image_worse() -> None:
    base, other = [0.0] * 150 + [1.0] * 50, [1.0] * 180 + [0.0] * 20
    found, mirrored = (compare(*pair, ITEMS, 0.05) for pair in ((base, other), (other, base)))
    assert (found.verdict, mirrored.verdict) == ("improved", "worse")
    assert found.difference_points == pytest.approx(65.0) == -mirrored.difference_points
    assert found.ci95[0] < 65 < found.ci95[1]


def test_a_gain_that_passes_one_test_fails_thirty() -> None:
    base = [0.0] * 30 + [1.0] * 15 + [0.0] * 155
    other = [1.0] * 30 + [0.0] * 15 + [0.0] * 155
    assert compare(base, other, ITEMS, 0.05).verdict == "improved"
    assert compare(base, other, ITEMS, spread_alpha(0.05, 30)).verdict == "inconclusive"


def test_scores_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="2 and 1 scores in 2 groups"):
        compare([0.0, 1.0], [1.0], ["a", "b"], 0.05)


def test_the_ladder_step_is_the_larger_of_both_noises() -> None:
    assert ladder_step(0.0, 100) == pytest.approx(0.05)
    assert ladder_step(0.1, 100) == pytest.approx(0.1 * 2**0.5)
    assert ladder_step(0.0, 400) < ladder_step(0.0, 100)
