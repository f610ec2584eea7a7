"""Successive halving, on histories that never happened."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coursewright.config import RunConfig
from coursewright.records import Branch, Decision, Look, Round
from coursewright.search import Halving, agreement, proxy_of
from tests.search.histories import after, exam

LOOKS = st.dictionaries(
    st.integers(20, 60), st.floats(-9, 0).map(lambda value: seen(value)), min_size=2, max_size=12
)


def seen(likelihood: float, visible: float = 0.5) -> Look:
    return Look(values={"likelihood": likelihood, "visible": visible}, rows=9, seconds=2.0)


def waves(*mates: Sequence[tuple[float, int]]) -> list[Round]:
    """Waves of rounds, each with its look and how many of 60 items it got right."""
    rounds: list[Round] = []
    for wave in mates:
        first = len(rounds)
        for look, right in wave:
            number = None if len(rounds) == first else first
            decision = Decision(operation="draft", branch=Branch(wave=number))
            scored = exam([float(n < right) for n in range(60)])
            done = after(rounds, decision, scored, look=seen(look))
            rounds.append(done)
    return rounds


AGREEING = waves([(-5.0, 10), (-4.0, 20), (-3.0, 30), (-2.0, 40), (-1.0, 50)])
CONTRARY = waves([(-1.0, 10), (-2.0, 20), (-3.0, 30), (-4.0, 40), (-5.0, 50)])


@given(LOOKS)
def test_a_look_decides_nothing_before_it_was_seen_to_agree(looks: dict[int, Look]) -> None:
    for history in ([], CONTRARY, AGREEING[:4]):
        assert set(Halving().promote(looks, history).values()) == {"unproven"}


@given(LOOKS, st.floats(0.1, 0.9))
def test_of_a_proven_look_the_best_are_kept_and_never_none(
    looks: dict[int, Look], keep: float
) -> None:
    found = Halving(keep=keep, lottery=0).promote(looks, AGREEING)
    best = [looks[number].values["likelihood"] for number, why in found.items() if why == "best"]
    others = [
        looks[number].values["likelihood"] for number, why in found.items() if why == "held back"
    ]
    assert set(found) == set(looks)
    assert len(best) + len(others) == len(looks)
    assert len(best) >= keep * len(looks)
    assert len(best) < keep * len(looks) + 1
    assert min(best) >= max(others, default=min(best))


def test_a_share_of_the_rejected_is_drawn_by_seed_and_round() -> None:
    looks = {number: seen(-float(number)) for number in range(20, 420)}
    found = Halving(lottery=0.2, seed=1).promote(looks, AGREEING)
    drawn = {number for number, why in found.items() if why == "lottery"}
    assert 20 < len(drawn) < 65  # of 200 rejected
    assert found == Halving(lottery=0.2, seed=1).promote(looks, AGREEING)
    other = Halving(lottery=0.2, seed=2).promote(looks, AGREEING)
    assert drawn != {number for number, why in other.items() if why == "lottery"}


def test_rounds_of_different_waves_are_not_compared() -> None:
    # Within each wave the look is wrong; over all rounds it would look right.
    rising = waves([(-5.0, 12), (-4.9, 10)], [(-3.0, 32), (-2.9, 30)], [(-1.0, 52), (-0.9, 50)])
    found = agreement(rising, "likelihood")
    assert (found.pairs, found.tau) == (3, -1.0)


def test_equals_are_no_pair() -> None:
    assert agreement(waves([(-1.0, 20), (-1.0, 30), (-2.0, 30)]), "likelihood").pairs == 1
    assert agreement([], "visible").tau is None


@given(st.lists(st.tuples(st.floats(-9, 0), st.integers(0, 60)), min_size=2, max_size=9))
def test_tau_is_kendalls(mates: list[tuple[float, int]]) -> None:
    found = agreement(waves(mates), "likelihood")
    like = unlike = 0
    for i, (look, right) in enumerate(mates):
        for other_look, other_right in mates[:i]:
            if look != other_look and right != other_right:
                alike = (look > other_look) == (right > other_right)
                like, unlike = like + alike, unlike + (not alike)
    assert found.pairs == like + unlike
    assert found.tau == (None if like + unlike == 0 else (like - unlike) / (like + unlike))


def test_a_look_as_good_as_a_coin_seldom_holds_anybody_back_for_long() -> None:
    rng = random.Random(3)
    proven = 0
    for _ in range(200):
        history = waves(*([(rng.random(), rng.randrange(60)) for _ in range(4)] for _ in range(5)))
        proven += (
            Halving(lottery=0).promote({20: seen(0.0), 21: seen(1.0)}, history)[20] != "unproven"
        )
    assert 10 < proven < 60, "about one coin of six is believed"


def test_the_proxy_that_ranked_best_decides() -> None:
    better = [
        done.model_copy(update={"look": seen(-done.number, done.number / 10)}) for done in AGREEING
    ]
    looks = {20: seen(-1.0, 0.2), 21: seen(-2.0, 0.9)}
    assert Halving(lottery=0).promote(looks, better) == {21: "best", 20: "held back"}
    assert Halving(lottery=0).promote(looks, AGREEING) == {20: "best", 21: "held back"}


def test_the_report_counts_what_was_saved_and_what_it_cost() -> None:
    rounds = waves([(-2.0, 20), (-1.0, 30)])
    look = seen(-3.0).model_copy(update={"promotion": "held back"})
    held = Round.model_validate(
        {**rounds[0].model_dump(), "number": 2, "status": "held back", "scored": None, "look": look}
    )
    told = proxy_of([*rounds, held])
    assert told is not None
    assert (told.looks, told.held_back, told.seconds) == (3, 1, 6.0)
    assert told.full_seconds is None  # nothing of this history was ever trained
    assert told.saved_seconds is None
    assert proxy_of([rounds[0].model_copy(update={"look": None})]) is None


def test_of_single_rounds_there_is_nothing_to_halve() -> None:
    with pytest.raises(ValidationError, match="wave: 2"):
        RunConfig(task="t", search={"kind": "tree", "halving": {}})  # type: ignore[arg-type]
