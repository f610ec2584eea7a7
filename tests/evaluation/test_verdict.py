"""From an outcome to what may be claimed of it."""

import pytest

from coursewright.evaluation import judge
from coursewright.power import smallest_gain
from coursewright.records import Choice, Outcome, Training
from tests.fakes import evaluation, played

TRAINING = Training(
    weights="w", seed=1, rows=1, steps=1, supervised_tokens=1, loss=0.1, seconds=1.0
)


def outcome(*private: float, items: int = 100, best: int | None = 1) -> Outcome:
    """Two rounds, the second chosen; base at a fifth everywhere. No `private`: base delivered."""
    base = tuple(evaluation(0.2, split=s, items=items) for s in ("visible", "scored", "private"))
    final = private or (0.2,)
    return Outcome(
        base=base,
        rounds=(played(0, "draft", "scored", 0.3), played(1, "improve", "scored", 0.6)),
        best=best,
        choice=Choice(delivered="base" if best is None else "student", round=best),
        retrainings=(TRAINING,) * len(private),
        final=base[:2],
        private=tuple(evaluation(one, split="private", items=items) for one in final),
    )


def with_scored_of(found: Outcome) -> Outcome:
    """The same with the base model on as many scored items as the rounds."""
    visible, _, private = found.base
    return found.model_copy(update={"base": (visible, evaluation(0.2), private)})


def judged(*private: float, items: int = 100, best: int | None = 1) -> dict:
    return judge(with_scored_of(outcome(*private, items=items, best=best)), 0)


def test_a_clear_gain_is_claimed_a_small_one_is_not_and_a_loss_is_named() -> None:
    assert [judged(one)["verdict"] for one in (0.6, 0.22, 0.02)] == [
        "improved",
        "inconclusive",
        "worse",
    ]
    assert [judged(one)["improved"] for one in (0.6, 0.22, 0.02)] == [True, False, False]


def test_the_claim_is_about_the_delivered_student_alone() -> None:
    fields = judged(0.2, 0.9, 0.9)
    assert fields["verdict"] == "inconclusive"
    assert fields["gain_points"] == pytest.approx(0.0)
    assert fields["training_seed_sd_points"] > 10


def test_the_base_model_delivered_is_no_gain_and_no_estimate() -> None:
    fields = judged(best=None)
    assert (fields["gain_points"], fields["gain_points_ci95"]) == (0.0, (0.0, 0.0))
    assert (fields["verdict"], fields["p_value"]) == ("inconclusive", 1.0)
    assert fields["final"].round is None
    assert fields["final"].scored_corrected == pytest.approx(0.2, abs=0.2)


def test_what_the_test_could_see_stands_beside_what_it_saw() -> None:
    fields = judged(0.5, items=39)
    assert fields["minimum_detectable_points"] == smallest_gain(39)
    assert fields["few_groups"]
    assert not judged(0.5, items=40)["few_groups"]


def test_the_scored_mean_is_corrected_for_the_choice() -> None:
    # The rounds' right answers are nested: the better is better on every part.
    assert judged(0.5)["final"].scored_corrected == pytest.approx(0.6)


def test_parts_of_the_gain_are_in_the_result() -> None:
    assert judged(0.5)["gain_parts"] == {"format": 0.0, "ability": pytest.approx(30.0)}
