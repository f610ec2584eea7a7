"""What the guarded protocol says of a finished run: alarms, confirmation, the incumbent."""

from __future__ import annotations

import random
from typing import Any

import pytest

from coursewright.evaluation import guard
from coursewright.evaluation.guard import alarms, gain
from coursewright.records import (
    Answered,
    Choice,
    Collection,
    Evaluation,
    Feedback,
    Incumbent,
    Noise,
    Outcome,
    Round,
    Split,
)
from tests.fakes import evaluation, played


def drawn(
    split: Split, right: float, rng: random.Random, items: int = 300, size: int = 1
) -> Evaluation:
    """Items that are right at random, in groups of `size` that are right together."""
    outcomes = [rng.random() < right for _ in range(items // size)]
    results = tuple(
        Answered(
            id=f"{split}{n}",
            group=f"g{n // size}",
            output="x",
            score=float(outcomes[n // size]),
            readable=True,
        )
        for n in range(items)
    )
    accuracy = sum(result.score for result in results) / items
    return Evaluation(split=split, results=results, accuracy=accuracy, readable=1.0, seconds=0.1)


def run_of(visible: float, scored: float, rng: random.Random, rounds: int = 4) -> Outcome:
    base = (drawn("visible", 0.2, rng, 150), drawn("scored", 0.2, rng))
    made = [
        played(n, "draft", "scored").model_copy(
            update={
                "visible": drawn("visible", visible, rng, 150),
                "scored": drawn("scored", scored, rng),
            }
        )
        for n in range(rounds)
    ]
    return Outcome(base=base, rounds=tuple(made))


def test_a_visible_gain_that_scored_does_not_share_is_an_alarm() -> None:
    (first, *_) = alarms(run_of(0.9, 0.4, random.Random(1)))
    assert first.startswith("round 0: gained +")
    assert "visible" in first


def test_honest_runs_raise_an_alarm_as_seldom_as_the_level_says() -> None:
    rng = random.Random(5)
    raised = sum(bool(alarms(run_of(0.5, 0.5, rng, rounds=2))) for _ in range(100))
    # 5 of 100 by design; 12 lie more than three standard deviations above that.
    assert raised <= 12


def test_a_gap_within_the_noise_is_passed_over() -> None:
    outcome = run_of(0.9, 0.4, random.Random(1))
    noisy = outcome.model_copy(update={"noise": Noise(rows=1, sd=0.6, step=0.8)})
    assert alarms(outcome)
    assert alarms(noisy) == ()


def test_an_error_knows_that_items_of_a_group_are_right_together() -> None:
    rng = random.Random(3)
    base, alone = drawn("scored", 0.2, rng), drawn("scored", 0.5, rng)
    tied = [drawn("scored", share, rng, size=10) for share in (0.2, 0.5)]
    # Ten items that are always alike are one observation: the error grows by sqrt(10).
    assert gain(*tied)[1] / gain(base, alone)[1] == pytest.approx(10**0.5, rel=0.35)


def test_queries_are_the_means_that_the_agent_was_told() -> None:
    rounds = [
        played(n, "draft", "scored", 0.5).model_copy(
            update={"feedback": Feedback(text="", scored=told)}
        )
        for n, told in enumerate((0.3, None, 0.4))
    ]
    assert guard(outcome(rounds), 0)["scored_queries"] == 2


def outcome(rounds: list[Round], **more: Any) -> Outcome:
    base = (evaluation(0.1, split="visible", items=60), evaluation(0.1, items=60))
    return Outcome(base=base, rounds=tuple(rounds), **more)


def test_a_winner_is_confirmed_at_a_level_spread_over_what_it_was_chosen_among() -> None:
    rounds = [played(n, "draft", "scored", 0.5) for n in range(5)]
    again = tuple(evaluation(accuracy, items=60) for accuracy in (0.6, 0.5))
    found = guard(outcome(rounds, confirmation=again), 0)["confirmation"]
    assert (found.queries, found.alpha) == (5, pytest.approx(0.01))
    assert (found.base, found.scored) == (pytest.approx(0.1), pytest.approx(0.55))
    assert found.difference_points == pytest.approx(45)
    assert found.verdict == "improved"
    slight = (evaluation(0.15, items=60),)
    found = guard(outcome(rounds, confirmation=slight), 0)["confirmation"]
    assert found.verdict == "inconclusive"


def test_the_incumbent_is_held_against_the_delivered_student_on_private() -> None:
    def own(accuracy: float) -> Incumbent:
        return Incumbent(
            collection=Collection(rows="0" * 64, read=70, kept=60, dropped={"duplicate": 10}),
            mixed=False,
            scored=(evaluation(0.4, items=60),),
            private=(evaluation(accuracy, split="private", items=60),),
        )

    delivered = (evaluation(0.5, split="private", items=60),)
    verdicts = {}
    for accuracy in (0.2, 0.48, 0.9):
        made = outcome([], private=delivered, incumbent=own(accuracy))
        found = guard(made, 0)["incumbent"]
        verdicts[accuracy] = found.verdict
        assert found.difference_points == pytest.approx(100 * (0.5 - found.private))
        assert (found.rows, found.dropped) == (60, {"duplicate": 10})
    assert verdicts == {0.2: "improved", 0.48: "inconclusive", 0.9: "worse"}


def test_what_was_delivered_is_said_and_nothing_is_said_of_nothing() -> None:
    base = Choice(delivered="base")
    assert guard(outcome([], choice=base, openings=3), 0)["delivered"] == "base"
    assert guard(outcome([], openings=3), 0)["private_openings"] == 3
    assert guard(outcome([], choice=Choice(delivered="nothing")), 0)["delivered"] is None
