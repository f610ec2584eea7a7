"""What a rationed score gives away."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from coursewright.feedback.ladder import release, rounded
from coursewright.records import Feedback, Noise
from tests.fakes import evaluation
from tests.feedback.test_writer import ITEMS, GuardedFeedback, told

scores = st.floats(0, 1)
steps = st.floats(0.005, 0.5)


def heard(score: float, step: float = 0.1, kind: str = "full", **more: object) -> Feedback:
    """The feedback on a round with this scored mean; the base model has 0.1 on either split."""
    noise = Noise(rows=1, sd=0.01, step=step)
    writer = GuardedFeedback(ITEMS, seed=1, kind=kind)  # type: ignore[arg-type]
    return told(
        writer,
        visible=evaluation(0.5, split="visible"),
        scored=evaluation(score),
        **{"noise": noise, **more},
    )


@given(st.lists(scores, max_size=40), steps)
def test_what_is_told_rises_by_a_step_each_time_and_is_a_whole_number_of_steps(
    played: list[float], step: float
) -> None:
    last, told_so_far = rounded(0.1, step), []
    for score in played:
        now = release(score, last, step)
        if now is not None:
            # Rounding may take half a step off; the score itself rose by a whole one.
            assert score >= last + step
            assert now == min(1.0, round(now / step) * step)
            told_so_far.append(last := now)
    assert told_so_far == sorted(told_so_far)
    assert len(told_so_far) <= 1 / step + 1


@settings(deadline=None, max_examples=50)
@given(scores, scores, steps)
def test_whoever_is_told_nothing_cannot_tell_two_scores_apart(
    one: float, other: float, step: float
) -> None:
    last = 0.5
    # `heard` has 20 items: what it is given is what they make of it.
    one, other = (evaluation(score).accuracy for score in (one, other))
    if release(one, last, step) is None and release(other, last, step) is None:
        assert heard(one, step, released=last) == heard(other, step, released=last)


def test_a_new_best_is_told_about_and_no_rise_is_said_in_the_same_words() -> None:
    first = heard(0.45)
    assert first.scored == 0.4  # 0.45 lies between two steps; 9 of 20 items
    assert "about 40.0%, a rise of 10.0 points over 10.0%" in first.text
    again = heard(0.45, released=0.4)
    assert again.scored is None
    assert again.text == heard(0.2, released=0.4).text
    assert "45" not in first.text + again.text


def test_who_hears_no_score_hears_of_no_scored_mean() -> None:
    for kind in ("withheld", "bad-cases"):
        feedback = heard(0.9, kind=kind)
        assert feedback.scored is None
        assert "hidden" not in feedback.text


def test_without_a_noise_floor_nothing_of_scored_is_told() -> None:
    feedback = heard(0.9, noise=None)
    assert feedback.scored is None
    assert "hidden" not in feedback.text
