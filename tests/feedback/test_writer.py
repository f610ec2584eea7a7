"""Feedback carries visible results, and of the scored split a rationed mean at most."""

from __future__ import annotations

from typing import Any

from coursewright.feedback import GuardedFeedback
from coursewright.records import Audit, Check, Collection, Feedback, Item, Row
from tests.fakes import evaluation

ITEMS = [
    Item(id=f"i{i}", question=f"question {i}", answer=i, topic=("red", "blue")[i % 2])
    for i in range(20)
]


BASE = (evaluation(0.1, split="visible"), evaluation(0.1))


def told(writer: GuardedFeedback | None = None, **reached: Any) -> Feedback:
    """The feedback of a round that reached nothing but this."""
    parts = ("error", "collection", "audit", "visible", "student_of", "scored", "noise", "released")
    nothing: dict[str, Any] = dict.fromkeys(parts)
    writer = writer or GuardedFeedback(ITEMS, seed=1)
    return writer.write(base=BASE, **{**nothing, **reached})


def written(accuracy: float = 0.5, **kwargs: Any) -> Feedback:
    return told(
        GuardedFeedback(ITEMS, seed=1, **kwargs),
        collection=Collection(kept=5, read=7, dropped={"no output": 2}),
        visible=evaluation(accuracy, split="visible"),
        scored=evaluation(accuracy),
    )


def test_bad_cases_are_the_wrong_visible_items() -> None:
    cases = written(0.5).bad_cases
    assert {case.id for case in cases} == {f"i{i}" for i in range(10, 20)}
    assert {case.topic for case in cases[:2]} == {"red", "blue"}


def test_the_scored_mean_is_kept_back_unless_the_protocol_is_the_papers() -> None:
    assert written().scored is None
    assert written(paper=True).scored == 0.5


def test_of_rows_that_no_student_has_learned_yet_the_student_before_them_is_told() -> None:
    found = told(visible=evaluation(0.5, split="visible"), student_of=3)
    assert "of round 3's" in found.text
    assert "student" not in told(visible=evaluation(0.5, split="visible")).text
    assert (found.visible, len(found.bad_cases)) == (0.5, 10)


def test_the_same_results_give_the_same_feedback() -> None:
    assert written() == written()


def test_dropped_rows_are_said_with_their_reasons() -> None:
    feedback = written()
    assert feedback.rows_dropped == {"no output": 2}
    assert "no output: 2" in feedback.text


def test_a_long_error_keeps_its_end() -> None:
    feedback = told(error="x" * 100_000 + "ValueError: the point")
    assert feedback.error is not None
    assert feedback.error.endswith("the point")
    assert len(feedback.text) < 10_000


def test_the_base_models_score_and_some_kept_rows_are_told() -> None:
    rows = (Row(instruction="i", input="q", output="a"),)
    audit = Audit(verdict="clean", rows="0", kept=1, sample=rows)
    feedback = told(audit=audit)
    assert (feedback.base_visible, feedback.sample) == (0.1, rows)


def test_what_the_audit_measured_is_told_unless_feedback_is_cut_down() -> None:
    narrow = Check(
        name="diversity", verdict="flagged", evidence=("red only",), figures={"topics": 0.2}
    )
    audit = Audit(verdict="flagged", kept=1, checks=(narrow,))
    assert "Data, diversity (flagged): red only" in told(audit=audit).text
    assert "red" not in told(GuardedFeedback(ITEMS, seed=1, kind="withheld"), audit=audit).text


def right_by_topic(feedback: Feedback) -> dict[str, float]:
    return {score.topic: score.accuracy for score in feedback.topics}


def test_score_only_tells_the_score_and_no_evidence() -> None:
    feedback = written(kind="score")
    assert (feedback.visible, feedback.topics, feedback.bad_cases) == (0.5, (), ())
    assert "red" not in feedback.text


def test_bad_cases_only_tell_no_score() -> None:
    feedback = written(kind="bad-cases")
    assert feedback.bad_cases == written().bad_cases
    assert (feedback.visible, feedback.base_visible, feedback.topics) == (None, None, ())
    assert "accuracy" not in feedback.text


def test_withheld_leaves_errors_and_counts() -> None:
    feedback = written(kind="withheld")
    assert (feedback.visible, feedback.base_visible) == (None, None)
    assert (feedback.bad_cases, feedback.topics) == ((), ())
    assert feedback.rows_dropped == {"no output": 2}
    assert "accuracy" not in feedback.text


def test_shuffled_keeps_the_score_and_scrambles_its_evidence() -> None:
    true, shuffled = written(), written(kind="shuffled")
    assert (shuffled.visible, shuffled.base_visible) == (true.visible, true.base_visible)
    assert len(shuffled.bad_cases) == len(true.bad_cases)
    assert {case.id for case in shuffled.bad_cases} != {case.id for case in true.bad_cases}
    assert all(str(case.gold) == case.id[1:] for case in shuffled.bad_cases)
    right = sum(score.items * score.accuracy for score in shuffled.topics)
    assert round(right) == 10


def test_shuffled_is_the_same_for_the_same_seed() -> None:
    assert written(kind="shuffled") == written(kind="shuffled")
