"""What the heuristic agent does with feedback and failures."""

from __future__ import annotations

import pytest

from coursewright.agents.curriculum import Plan, calls_for, plan_of, spread
from coursewright.agents.heuristic import HeuristicAgent
from coursewright.agents.moves import MOVES
from coursewright.records import Allowance, Attempt, Operation, Turn
from tests.agents.fake_course import FakeProgramModule, make_attempt, make_brief, make_turn

ERRORS = {"adding": 0.9, "taking away": 0.5, "times tables": 0.1}


def plan_for(turn: Turn) -> Plan:
    plan = plan_of(HeuristicAgent().propose(make_brief(), turn).code)
    assert plan is not None
    return plan


def first_attempt() -> Attempt:
    code = HeuristicAgent().propose(make_brief(), make_turn()).code
    return make_attempt(code, accuracy=ERRORS)


class TestImprove:
    def test_topics_half_learned_get_most_rows_and_all_others_some(self) -> None:
        plan = plan_for(make_turn("improve", 1, first_attempt()))
        rows = {lesson.key: lesson.rows for lesson in plan.topics}
        assert rows["taking away"] > rows["times tables"] > 0
        assert rows["taking away"] > rows["adding"] > 0
        assert plan.keep_rows + plan.new_rows == plan.rows

    def test_best_rows_are_kept_with_their_responses(self) -> None:
        best = [
            {"instruction": "", "input": f"kept {i}", "output": "1 + 1 = 2", "response": f"r{i}"}
            for i in range(200)
        ]
        code = HeuristicAgent().propose(make_brief(), make_turn("improve", 1, first_attempt())).code
        rows = FakeProgramModule(make_brief(), best=best).run(code)
        kept = [row for row in rows if row["input"].startswith("kept")]
        assert 100 <= len(kept) < 200
        assert kept[0] == best[0]
        assert 0.3 < sum(r["input"].startswith("kept") for r in rows[:50]) / 50 < 0.9, "interleaved"

    def test_each_move_is_tried_once_before_any_is_repeated(self) -> None:
        parent = first_attempt()
        history = [parent]
        moves = []
        for number in range(1, len(MOVES) + 1):
            turn = make_turn("improve", number, parent, tuple(history))
            code = HeuristicAgent().propose(make_brief(), turn).code
            plan = plan_of(code)
            assert plan is not None
            moves.append(plan.move)
            history.append(make_attempt(code, number, 0, operation="improve", accuracy=ERRORS))
        assert moves == [move.name for move in MOVES]

    def test_the_move_that_gained_most_is_repeated(self) -> None:
        parent = first_attempt()
        history = [parent]
        for number, move in enumerate(MOVES, start=1):
            turn = make_turn("improve", number, parent, tuple(history))
            code = HeuristicAgent().propose(make_brief(), turn).code
            gain = 0.2 if move.name == "reword" else 0.0
            accuracy = {topic: share + gain for topic, share in ERRORS.items()}
            history.append(make_attempt(code, number, 0, operation="improve", accuracy=accuracy))
        assert plan_for(make_turn("improve", 9, parent, tuple(history))).move == "reword"

    def test_a_parent_by_another_hand_is_improved_on_as_well(self) -> None:
        foreign = make_attempt("print('hello')", accuracy=ERRORS)
        plan = plan_for(make_turn("improve", 1, foreign))
        assert plan.keep_rows > 0

    def test_a_plan_survives_being_written_and_read(self) -> None:
        plan = plan_for(make_turn("improve", 1, first_attempt()))
        code = HeuristicAgent().propose(make_brief(), make_turn("improve", 1, first_attempt())).code
        assert plan_of(code) == plan


class TestMending:
    def test_a_timeout_gives_a_smaller_program(self) -> None:
        failed = make_attempt(first_attempt().code, status="failed", error="stopped: time is up")
        before, after = plan_of(failed.code), plan_for(make_turn("debug", 1, failed))
        assert before is not None
        assert after.calls <= before.calls // 2
        assert after.per_call < before.per_call

    def test_a_crash_gives_the_plain_program(self) -> None:
        failed = make_attempt(first_attempt().code, status="failed", error="KeyError: 'question'")
        proposal = HeuristicAgent().propose(make_brief(), make_turn("debug", 1, failed))
        plan = plan_of(proposal.code)
        assert plan is not None
        assert plan.shape == "plain"
        assert "KeyError" in proposal.analysis
        assert len(FakeProgramModule(make_brief()).run(proposal.code)) == 240

    def test_a_runtime_error_is_not_taken_for_a_timeout(self) -> None:
        trace = "Traceback\n  calls -= 1  # deadline\nRuntimeError: no rows"
        failed = make_attempt(first_attempt().code, status="failed", error=trace)
        assert plan_for(make_turn("debug", 1, failed)).shape == "plain"

    def test_too_few_rows_loosen_the_filter_first(self) -> None:
        thin = make_attempt(first_attempt().code, status="invalid", error="12 usable rows")
        plan = plan_for(make_turn("repair", 1, thin))
        assert (plan.shape, plan.votes) == ("course", 0)

    def test_refused_rows_give_the_plain_program(self) -> None:
        thin = make_attempt(first_attempt().code, status="invalid", dropped={"untraceable": 200})
        assert plan_for(make_turn("repair", 1, thin)).shape == "plain"

    @pytest.mark.parametrize("operation", ["draft", "one-shot"])
    def test_a_draft_after_failures_is_plainer(self, operation: Operation) -> None:
        failed = make_attempt("", status="failed", error="boom")
        history = () if operation == "one-shot" else (failed,)
        turn = make_turn(operation, 1, None, history)
        assert plan_for(turn).shape == "plain"

    def test_few_calls_are_spent_on_rows_before_checks(self) -> None:
        brief = make_brief()
        code = HeuristicAgent().propose(brief, make_turn(calls=40)).code
        fake = FakeProgramModule(brief, cap=40)
        assert len(fake.run(code)) >= brief.rows.minimum


class TestBudget:
    def test_calls_are_planned_in_round_numbers_under_the_cap(self) -> None:
        near = [Allowance(seconds=1, calls=9000, round_calls=n) for n in (1500, 1495)]
        assert {calls_for(allowance) for allowance in near} == {1400}

    def test_time_left_does_not_change_the_program(self) -> None:
        turns = [
            make_turn().model_copy(
                update={"allowance": Allowance(seconds=s, calls=2400, round_calls=600)}
            )
            for s in (3.0, 9999.0)
        ]
        codes = {HeuristicAgent().propose(make_brief(), turn).code for turn in turns}
        assert len(codes) == 1

    def test_spread_gives_all_and_at_least_one_each(self) -> None:
        assert spread([1, 1, 1], 10) == [4, 3, 3]
        assert spread([0, 5], 6) == [1, 6]


def test_without_items_and_topics_the_sample_shows_what_is_asked() -> None:
    brief = make_brief(visible=(), description="Small sums.")
    code = HeuristicAgent().propose(brief, make_turn()).code
    plan = plan_of(code)
    assert plan is not None
    assert "- 6 * 7?" in plan.hints
    assert plan_of(HeuristicAgent().propose(make_brief(), make_turn()).code).hints == ()  # type: ignore[union-attr]
