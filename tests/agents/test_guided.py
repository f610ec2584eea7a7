"""The heuristic agent heeds the method that a search names, and repeats no move."""

from __future__ import annotations

import ast

import pytest

from coursewright.agents.curriculum import plan_of
from coursewright.agents.heuristic import HeuristicAgent
from coursewright.agents.library import FAMILIES, card_named, draft_families, load_cards
from coursewright.agents.prompting import write_request
from coursewright.records import Credit, Guidance, Proposal, Shard, Turn
from coursewright.similarity import normalised, program_likeness
from tests.agents.fake_course import make_attempt, make_brief, make_turn

ERRORS = {"plus": 0.5, "minus": 0.3}


def guided(turn: Turn, **told: str | int) -> Turn:
    return turn.model_copy(update={"guidance": Guidance(**told)})  # type: ignore[arg-type]


def proposed(method: str) -> Proposal:
    return HeuristicAgent().propose(make_brief(), guided(make_turn(calls=450), method=method))


def draft(method: str = "") -> str:
    return proposed(method).code


def test_every_card_is_of_one_family() -> None:
    names = [name for names in FAMILIES.values() for name in names]
    assert sorted(names) == sorted(card.name for card in load_cards())


def test_methods_that_cannot_begin_a_course_are_not_drafted() -> None:
    asking, blind = (draft_families(asks_student=asks) for asks in (True, False))
    assert "patching" not in asking
    assert "student-frontier" in asking["difficulty"]
    assert "student-frontier" not in blind["difficulty"]


def test_drafts_of_all_methods_differ_in_kind() -> None:
    methods = ["", *(n for names in draft_families(asks_student=True).values() for n in names)]
    drafts = {method: proposed(method) for method in methods}
    codes = {method: found.code for method, found in drafts.items()}
    # A search refuses a plan that stands there word for word already.
    assert len({normalised(found.plan) for found in drafts.values()}) == len(methods)
    for one in methods:
        ast.parse(codes[one])
        for other in methods:
            if one < other:
                assert program_likeness(codes[one], codes[other]) < 0.9, (one, other)


def test_mates_that_improve_on_the_same_round_take_different_moves() -> None:
    past = make_attempt(draft(), accuracy=ERRORS)
    turn = make_turn("improve", 1, parent=past, history=(past,))
    moves = [
        plan.move
        for mates in range(3)
        if (plan := plan_of(HeuristicAgent().propose(make_brief(), guided(turn, mates=mates)).code))
    ]
    assert len(set(moves)) == 3


def test_the_librarys_program_keeps_to_the_calls_of_the_round() -> None:
    assert "\nCALLS = 400" in draft("backtranslation")


def test_a_draft_beside_others_that_went_well_is_no_plainer() -> None:
    past = make_attempt(draft(), accuracy=ERRORS)
    turn = make_turn("draft", 1, history=(past,))
    plans = [
        plan_of(HeuristicAgent().propose(make_brief(), each).code)
        for each in (guided(turn, method="persona-driven"), turn)
    ]
    assert [plan and plan.shape for plan in plans] == ["course", "plain"]


def test_an_improvement_takes_a_move_that_its_parent_has_not_seen() -> None:
    parent = make_attempt(draft(), accuracy=ERRORS)
    history = [parent]
    moves = []
    for number in range(1, 4):
        turn = make_turn("improve", number, parent, tuple(history))
        code = HeuristicAgent().propose(make_brief(), guided(turn)).code
        plan = plan_of(code)
        assert plan is not None
        moves.append(plan.move)
        history.append(make_attempt(code, number, 0, operation="improve", accuracy=ERRORS))
    assert len(set(moves)) == 3


def test_a_model_is_shown_the_methods_card_and_what_shards_were_worth() -> None:
    shard = Shard(topic="plus`#", method="own", round=0, rows=40)
    credit = Credit(shard=shard, of=0, points=-3.0, error=1.5, how="ablation")
    turn = make_turn().model_copy(
        update={"guidance": Guidance(method="persona-driven", credit=(credit,))}
    )
    request = write_request(make_brief(), turn, seed=1, room=100_000)
    card = card_named("persona-driven")
    assert request is not None
    assert card is not None
    assert request.methods[0] == "persona-driven"
    assert len(set(request.methods)) == len(request.methods) == 2
    assert card.program.strip() in request.user
    assert '- "plus", 40 rows of round 0 (own): -3.0 ± 1.5, ablation' in request.user


@pytest.mark.parametrize("operation", ["draft", "improve"])
def test_without_guidance_nothing_is_said_of_branches(operation: str) -> None:
    parent = make_attempt(draft(), accuracy=ERRORS) if operation == "improve" else None
    request = write_request(
        make_brief(),
        make_turn(operation, 1, parent),  # type: ignore[arg-type]
        seed=1,
        room=100_000,
    )
    assert request is not None
    assert "side by side" not in request.user
