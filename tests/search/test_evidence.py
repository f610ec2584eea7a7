"""Differences, what is believed of them, topics' winners and credit: sums that can be checked."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursewright.records import Branch, Decision, Evaluation, Part, Round
from coursewright.search.archive import best_merge, halved, promise_of, topic_winners
from coursewright.search.belief import believed
from coursewright.search.credit import credits_of
from coursewright.search.evidence import Estimate, difference, posterior, spread_of
from coursewright.search.picking import best_round
from tests.search.histories import TOPICS, after, drawn, exam

bits = st.lists(st.booleans(), min_size=60, max_size=60)
DRAFT = Decision(operation="draft", branch=Branch())


def of(right: list[bool]) -> Evaluation:
    return exam([float(bit) for bit in right])


@settings(deadline=None)
@given(bits, bits)
def test_a_difference_is_that_of_the_means_and_turns_with_the_order(
    one: list[bool], other: list[bool]
) -> None:
    left, right = difference(of(one), of(other)), difference(of(other), of(one))
    assert left.mean == pytest.approx(np.mean(one) - np.mean(other))
    assert left.mean == pytest.approx(-right.mean)
    assert left.error == pytest.approx(right.error)
    assert left.error > 0


def test_an_error_holds_what_fresh_items_vary_by() -> None:
    rng = random.Random(4)
    same = dict.fromkeys(TOPICS, 0.6)
    pairs = [difference(drawn(rng, same, 200), drawn(rng, same, 200)) for _ in range(200)]
    varies = float(np.std([found.mean for found in pairs]))
    told = float(np.mean([found.error for found in pairs]))
    assert varies == pytest.approx(told, rel=0.2)


def test_items_of_one_group_are_one_observation() -> None:
    other = exam([0.0] * 60)
    alike = exam([1.0] * 30 + [0.0] * 30)
    results = tuple(
        r.model_copy(update={"group": f"g{n // 30}"}) for n, r in enumerate(alike.results)
    )
    clustered = alike.model_copy(update={"results": results})
    assert difference(clustered, other).error > 4 * difference(alike, other).error


def test_a_posterior_lies_between_prior_and_measurement() -> None:
    found = posterior([Estimate(0.1, 0.02)], 0.02)
    assert found.mean == pytest.approx(0.05)
    assert found.error == pytest.approx(0.02 / 2**0.5)


def test_a_spread_that_errors_explain_is_none() -> None:
    rng = np.random.default_rng(0)
    noise = [Estimate(x, 0.1) for x in rng.normal(0, 0.1, 4000)]
    wide = [Estimate(x, 0.1) for x in rng.normal(0, 0.2, 4000)]
    assert spread_of(noise) < 0.03
    assert spread_of(wide) == pytest.approx(0.03**0.5, rel=0.1)


# ---------------------------------------------------------------- what is believed of levels


def chain(*scores: float) -> list[Round]:
    """A draft and improvements, each upon the one before; a share of 300 items each."""
    rounds: list[Round] = []
    rng = random.Random(1)
    for number, score in enumerate(scores):
        branch = Branch(start=number - 1 if number else None)
        operation = "improve" if number else "draft"
        decision = Decision(operation=operation, branch=branch)  # type: ignore[arg-type]
        right = [1.0] * round(300 * score) + [0.0] * (300 - round(300 * score))
        rng.shuffle(right)
        rounds.append(after(rounds, decision, exam(right)))
    return rounds


def test_a_lucky_score_between_others_is_believed_less_than_it_says() -> None:
    belief = believed(chain(0.5, 0.6, 0.5))
    assert belief is not None
    assert 0.5 < belief.level(1) < 0.6


def test_children_that_fall_behind_lower_their_parent() -> None:
    alone, with_children = believed(chain(0.5, 0.6)), believed(chain(0.5, 0.6, 0.52, 0.52))
    assert alone is not None
    assert with_children is not None
    assert with_children.level(1) < alone.level(1)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([0.3, 0.45, 0.5, 0.6, 0.9]), min_size=1, max_size=8))
def test_what_is_believed_is_finite_and_draws_lie_around_it(scores: list[float]) -> None:
    belief = believed(chain(*scores))
    assert belief is not None
    draws = [belief.drawn(random.Random(n))[0] for n in range(300)]
    for number in belief.numbers:
        values = [drawn[number] for drawn in draws]
        assert float(np.mean(values)) == pytest.approx(belief.level(number), abs=0.02)


# ---------------------------------------------------------------- winners of topics, merges


def strong_in(topic: str, rng: random.Random, items: int = 600) -> Evaluation:
    return drawn(rng, {name: 0.9 if name == topic else 0.5 for name in TOPICS}, items)


def two_strong(seed: int = 0) -> list[Round]:
    rng = random.Random(seed)
    rounds: list[Round] = []
    for topic in ("red", "blue"):
        rounds.append(after(rounds, DRAFT, strong_in(topic, rng)))
    return rounds


def test_the_winner_of_a_topic_is_who_is_strong_in_it() -> None:
    winners = topic_winners(two_strong())
    assert (winners["red"], winners["blue"]) == (0, 1)
    merge = best_merge(two_strong())
    assert merge is not None
    assert {Part(topic="red", round=0), Part(topic="blue", round=1)} <= set(merge.parts)
    # A third of the items would rise by 40 points.
    assert merge.promise.mean == pytest.approx(0.13, abs=0.04)


def test_a_merge_of_equals_promises_nothing() -> None:
    promises = []
    for seed in range(40):
        rng = random.Random(seed)
        rounds: list[Round] = []
        for _ in range(5):
            rounds.append(after(rounds, DRAFT, drawn(rng, dict.fromkeys(TOPICS, 0.6), 150)))
        best = max(rounds, key=lambda done: done.scored.accuracy if done.scored else 0.0)
        assert best.scored is not None
        promises.append(promise_of(rounds, best.scored).mean)
    assert float(np.mean(promises)) < 0.005


def test_a_round_without_rows_of_a_topic_wins_none_and_a_merge_is_made_once() -> None:
    rounds = two_strong()
    for done, topic in zip(rounds, ("red", "blue"), strict=True):
        if done is not best_round(rounds):
            left = [shard for shard in done.shards if shard.topic != topic]
            bare = list(rounds)
            bare[done.number] = done.model_copy(update={"shards": tuple(left)})
            assert topic_winners(rounds)[topic] == done.number
            assert topic_winners(bare)[topic] != done.number
    merge = best_merge(rounds)
    assert merge is not None
    decision = Decision(operation="merge", parent=0, branch=Branch(start=0, parts=merge.parts))
    assert best_merge([*rounds, after(rounds, decision)]) is None


def test_without_topics_there_is_nothing_to_merge() -> None:
    rounds = [done.model_copy(update={"shards": ()}) for done in two_strong()]
    assert best_merge(rounds) is None


@settings(deadline=None)
@given(st.integers(2, 90))
def test_halves_hold_every_item_once_and_no_group_twice(items: int) -> None:
    first, second = halved(exam([0.0] * items))
    assert not first & second
    assert len(first | second) == items
    assert abs(len(first) - len(second)) <= len(TOPICS)


# ---------------------------------------------------------------- credit


def test_an_estimate_is_the_rise_of_the_topics_visible_items() -> None:
    rounds = [after([], DRAFT, exam([0.0] * 60))]
    rises = exam([float(TOPICS[n % 3] == "red") for n in range(60)], split="visible")
    improve = Decision(operation="improve", parent=0, branch=Branch(start=0))
    # Scored says the contrary, and nothing of it is told.
    rounds.append(after(rounds, improve, exam([0.0] * 60), visible=rises))
    told = {credit.shard.topic: credit for credit in credits_of(rounds[1], rounds)}
    assert told["red"].points == 100.0
    assert told["blue"].points == 0.0
    assert {credit.how for credit in told.values()} == {"estimate"}


def test_an_ablation_is_what_is_lost_without_the_shard_and_stands_first() -> None:
    rounds = [after([], DRAFT, exam([0.0] * 60))]
    improve = Decision(operation="improve", parent=0, branch=Branch(start=0))
    rounds.append(after(rounds, improve, exam([1.0] * 60)))
    gone = rounds[1].shards[0]
    ablate = Decision(operation="ablate", parent=1, branch=Branch(start=1, without=gone))
    rounds.append(after(rounds, ablate, exam([1.0] * 45 + [0.0] * 15)))
    first, *rest = credits_of(rounds[1], rounds)
    assert (first.shard, first.how, first.points) == (gone, "ablation", 25.0)
    assert gone not in [credit.shard for credit in rest]
