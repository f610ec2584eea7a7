"""What goes first when the context is small, and that the record says it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.agents.history import VISIBLE, fit, full_view, smaller_views
from coursewright.agents.prompting import tokens_of, write_request
from coursewright.records import Attempt, Item, Seed, Turn
from tests.agents.fake_course import make_attempt, make_brief, make_turn

SEEDS = tuple(Seed(id=f"s{n}", question=f"seed {n}") for n in range(50))
BRIEF = make_brief(interface="teacher.generate_batch(prompts)", seeds=SEEDS)


def past(number: int) -> Attempt:
    done = make_attempt(f"code {number}", number, accuracy={"adding": 0.5})
    return done.model_copy(update={"plan": f"plan of {number}: " + "words " * 300})


def improving(rounds: int) -> Turn:
    history = tuple(map(past, range(rounds)))
    return make_turn("improve", rounds, history[-1], history)


def test_with_room_nothing_is_cut() -> None:
    request = write_request(BRIEF, improving(6), seed=0, room=100_000)
    assert request is not None
    assert request.cut == ()
    assert len(request.methods) == 1


def test_the_oldest_attempts_lose_their_detail_first() -> None:
    whole = write_request(BRIEF, improving(6), seed=0, room=100_000)
    assert whole is not None
    room = tokens_of(whole.system) + tokens_of(whole.user) - 10
    request = write_request(BRIEF, improving(6), seed=0, room=room)
    assert request is not None
    assert request.cut == ("round 0: plan and error",)
    assert "plan of 0" not in request.user
    assert "plan of 1" in request.user
    assert "Round 0, draft: scored" in request.user


@given(st.integers(0, 12_000))
def test_what_is_returned_fits_and_names_everything_it_lacks(room: int) -> None:
    request = write_request(BRIEF, improving(5), seed=0, room=room)
    if request is None:
        return
    assert tokens_of(request.system) + tokens_of(request.user) <= room
    assert "code 4" in request.user, "the program to improve stays"
    lost = {n for n in range(4) if f"plan of {n}" not in request.user}
    assert lost == {n for n in range(4) if any(f"round {n}:" in line for line in request.cut)}
    missing = len(BRIEF.visible) - request.user.count('"id": "v')
    told = [line for line in request.cut if line.startswith("visible items")]
    assert told == ([f"visible items: {missing} of 30"] if missing else [])


def test_a_context_without_room_for_the_task_has_no_request() -> None:
    assert write_request(BRIEF, improving(3), seed=0, room=500) is None


@pytest.mark.parametrize("rounds", [1, 2, 7])
def test_views_only_shrink_to_the_least(rounds: int) -> None:
    views = list(smaller_views(full_view(BRIEF, improving(rounds), ())))
    sizes = [
        (len(v.visible), len(v.seeds), len(v.attempts), sum(t.in_full for t in v.attempts))
        for v in views
    ]
    assert all(a >= b for one, two in pairwise(sizes) for a, b in zip(one, two, strict=True))
    assert sizes[-1] == (0, 0, 0, 0)
    assert fit(views[0], lambda view: False) is None


def test_of_many_items_an_even_spread_is_shown() -> None:
    many = tuple(Item(id=f"v{n}", question="?", answer=1) for n in range(500))
    shown = full_view(make_brief(visible=many), make_turn(), ()).visible
    assert len(shown) == VISIBLE
    numbers = [int(item.id[1:]) for item in shown]
    assert {b - a for a, b in pairwise(numbers)} == {4, 5}
    assert numbers[0] == 0


def test_the_parent_is_not_told_twice() -> None:
    view = full_view(BRIEF, improving(3), ())
    assert [told.attempt.number for told in view.attempts] == [0, 1]
