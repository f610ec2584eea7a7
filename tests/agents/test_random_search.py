"""Random search: other plans every round, the same for the same seed, blind to scores."""

from __future__ import annotations

from coursewright.agents import make_agent
from coursewright.agents.curriculum import plan_of
from coursewright.config import RandomSearchAgent, parse_agent
from coursewright.records import Turn
from tests.agents.fake_course import FakeProgramModule, make_attempt, make_brief, make_turn


def code_for(turn: Turn) -> str:
    return make_agent(RandomSearchAgent()).propose(make_brief(), turn).code


def with_seed(turn: Turn, seed: int) -> Turn:
    return turn.model_copy(update={"seed": seed})


def test_it_has_a_short_name() -> None:
    assert parse_agent("random-search") == RandomSearchAgent()


def test_plans_come_from_the_seed_alone() -> None:
    plans = [plan_of(code_for(with_seed(make_turn(), seed))) for seed in (1, 2, 1)]
    assert None not in plans
    assert plans[0] == plans[2] != plans[1]


def test_no_score_changes_a_plan() -> None:
    first = code_for(make_turn())
    told = [
        make_attempt(first, accuracy={"adding": share, "taking away": 1 - share})
        for share in (0.1, 0.9)
    ]
    plans = [plan_of(code_for(make_turn("improve", 1, attempt))) for attempt in told]
    assert plans[0] == plans[1]
    assert plans[0] is not None
    assert 0 <= plans[0].keep_rows <= 200


def test_its_programs_leave_rows() -> None:
    for seed in range(5):
        module = FakeProgramModule(make_brief())
        rows = module.run(code_for(with_seed(make_turn(), seed)))
        assert len(rows) > 60


def test_rows_that_were_too_few_are_added_to_and_refused_ones_are_not() -> None:
    first = code_for(make_turn())
    kept = []
    for rows in (50, 500):
        attempt = make_attempt(first, status="invalid")
        feedback = attempt.feedback.model_copy(update={"rows_kept": rows})
        attempt = attempt.model_copy(update={"feedback": feedback})
        plan = plan_of(code_for(make_turn("repair", 1, attempt)))
        assert plan is not None
        kept.append(plan.keep_rows)
    assert kept == [50, 0]
