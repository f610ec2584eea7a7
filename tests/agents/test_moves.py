"""Where new rows go: what is read off the feedback, and how rows follow it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from coursewright.agents.curriculum import Lesson, Plan, plan_of
from coursewright.agents.heuristic import HeuristicAgent
from coursewright.agents.moves import BASE, LEAST, Standing, reweighted, standing
from coursewright.records import TopicScore
from tests.agents.fake_course import make_attempt, make_brief, make_turn


def a_plan(planned: list[int], rows: int = 2000) -> Plan:
    """A plan with as many topics as counts, each with so many rows, and calls for 400 more."""
    plan = plan_of(HeuristicAgent().propose(make_brief(), make_turn()).code)
    assert plan is not None
    topics = tuple(
        Lesson(f"topic {i}", "", f"topic {i}", 1 / len(planned), n) for i, n in enumerate(planned)
    )
    return replace(plan, topics=topics, rows=rows, votes=0, per_call=10, calls=100, yield_=0.4)


accuracies = st.lists(st.floats(0, 1), min_size=2, max_size=20)


class TestReweighted:
    @given(accuracies)
    def test_a_topic_nearer_to_half_known_never_gets_fewer_rows(self, found: list[float]):
        after = reweighted(a_plan([20] * len(found)), Standing(400, 0.5, tuple(found)), 1.0)
        by_worth = sorted(zip(found, after.topics, strict=True), key=lambda p: p[0] * (1 - p[0]))
        rows = [lesson.rows for _, lesson in by_worth]
        assert all(later >= earlier - 1 for earlier, later in pairwise(rows))
        assert rows[0] >= int(LEAST * 400 / len(found) / 2)
        assert after.keep_rows + after.new_rows <= after.rows

    def test_known_topics_leave_their_rows_to_the_others(self):
        after = reweighted(a_plan([20, 20]), Standing(40, 0.5, (1.0, 0.5)), 1.0)
        known, half = (lesson.held + lesson.rows for lesson in after.topics)
        assert abs(half / known - (BASE + 0.25) / BASE) < 0.5

    @given(st.lists(st.integers(1, 200), min_size=2, max_size=20))
    def test_held_rows_are_the_kept_ones_in_their_shares(self, planned: list[int]):
        plan = a_plan(planned)
        after = reweighted(plan, Standing(300, 0.5, (0.5,) * len(planned)), 0.7)
        assert abs(sum(t.held for t in after.topics) - after.keep_rows) <= len(planned)
        for lesson, n in zip(after.topics, planned, strict=True):
            assert abs(lesson.held - after.keep_rows * n / sum(planned)) <= 1

    def test_equal_topics_are_evened_out(self):
        after = reweighted(a_plan([100, 20]), Standing(120, 0.5, (0.5, 0.5)), 1.0)
        first, second = after.topics
        assert abs((first.held + first.rows) - (second.held + second.rows)) <= 2


class TestStanding:
    def test_earlier_attempts_count_half_as_much_with_each_step_back(self):
        plan = a_plan([20, 20])
        parent = make_attempt("", 2, accuracy={})
        scores = [
            (parent, 0.8),
            (make_attempt("", 1, accuracy={}), 0.4),
            (make_attempt("", 0, accuracy={}), 0.0),
        ]
        history = [
            attempt.model_copy(
                update={
                    "feedback": attempt.feedback.model_copy(
                        update={
                            "topics": (TopicScore(topic="topic 0", items=10_000, accuracy=right),)
                        }
                    )
                }
            )
            for attempt, right in reversed(scores)
        ]
        now = standing(plan, history[-1], history)
        assert abs(now.accuracies[0] - (0.8 + 0.4 / 2) / 1.75) < 0.001

    def test_without_feedback_all_topics_are_alike(self):
        plan = a_plan([20, 20, 20])
        parent = make_attempt("", 0, accuracy={})
        assert len(set(standing(plan, parent, [parent]).accuracies)) == 1
