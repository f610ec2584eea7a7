"""Cutting a student short: seldom one that would have ended ahead, however often one looks."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from coursewright.display import Silent
from coursewright.evaluation.evaluator import LOOK, SplitEvaluator
from coursewright.evaluation.sequential import Falling, Rivalry, shuffled
from coursewright.records import Answered, Evaluation, Item, Prompt

DIFFERENCES = st.lists(st.integers(-3, 3), min_size=1, max_size=80)


def cut_at(differences: Sequence[int], largest: int = 1, alpha: float = 0.05) -> int | None:
    """After how many groups a student is cut short, or None."""
    falling = Falling(len(differences), largest, alpha)
    for number, difference in enumerate(differences, 1):
        falling.meet(difference)
        if falling.sure:
            return number
    return None


@given(DIFFERENCES)
def test_any_sequence_is_borne(differences: list[int]) -> None:
    cut_at(differences, 3)


def share_cut(wins: int, losses: int, ties: int, trials: int = 1500, alpha: float = 0.05) -> float:
    population = [1] * wins + [-1] * losses + [0] * ties
    rng = random.Random(wins)
    cut = 0
    for _ in range(trials):
        rng.shuffle(population)
        cut += cut_at(population, alpha=alpha) is not None
    return cut / trials


def test_whoever_ends_level_is_seldom_cut_short() -> None:
    # The bound is 5 %; three standard errors of 1,500 trials are 1.7 points.
    for each in (2, 30, 75):
        assert share_cut(each, each, 150 - 2 * each) <= 0.067


def test_whoever_ends_ahead_by_a_single_item_is_seldom_cut_short() -> None:
    assert share_cut(41, 40, 119) <= 0.067


def test_whoever_is_far_behind_is_cut_short_long_before_the_end() -> None:
    rng = random.Random(1)
    population = [1] * 10 + [-1] * 60 + [0] * 130
    asked = []
    for _ in range(200):
        rng.shuffle(population)
        asked.append(cut_at(population) or len(population))
    assert sum(asked) / len(asked) < 100
    assert max(asked) < 200


def test_what_can_no_longer_be_made_up_for_is_decided() -> None:
    assert cut_at([-1, -1, -1, 1, 1], alpha=1e-9) == 3


def items(count: int, per_group: int = 1) -> list[Item]:
    return [
        Item(id=f"i{n}", question=f"{n}?", answer=str(n), group=f"g{n // per_group}")
        for n in range(count)
    ]


@given(st.integers(1, 40), st.integers(1, 5), st.integers(0, 9))
def test_one_order_keeps_all_items_and_groups_together(count: int, per: int, seed: int) -> None:
    given_items = items(count, per)
    mixed = shuffled(given_items, seed)
    assert sorted(mixed, key=lambda item: item.id) == sorted(given_items, key=lambda item: item.id)
    groups = [item.group for item in mixed]
    changes = sum(one != other for one, other in pairwise(groups))
    assert changes == len(set(groups)) - 1
    assert mixed == shuffled(given_items, seed)


class Knowing:
    """A student that knows the answers to some items, and counts what it is asked."""

    def __init__(self, known: set[int]) -> None:
        self.known = known
        self.asked = 0

    def wait(self) -> None: ...

    def answer(self, weights: str | None, prompts: Sequence[Prompt]) -> list[str]:
        self.asked += len(prompts)
        numbers = [int("".join(char for char in str(p) if char.isdigit())) for p in prompts]
        return [str(n) if n in self.known else "none" for n in numbers]


class Equal:
    """Scores what is the gold, word for word."""

    def score(self, output: str, answer: object) -> float:
        return float(output == answer)

    def readable(self, output: str) -> bool:
        return True


def scored(known: set[int], rival: Evaluation | None, count: int = 400) -> tuple[Evaluation, int]:
    student = Knowing(known)
    evaluator = SplitEvaluator(
        lambda split: items(count),
        instruction="",
        student=student,
        scorer=Equal(),
        progress=Silent(),
        sequential=(0.05, 7),
    )
    return evaluator.evaluate("w", "scored", rival), student.asked


def test_a_loser_is_asked_no_more_than_it_takes_and_its_score_is_an_honest_guess() -> None:
    best, asked = scored(set(range(0, 400, 2)), None)
    assert (asked, best.of, best.accuracy) == (400, None, 0.5)
    worse, asked = scored(set(range(0, 400, 8)), best)
    assert worse.of == 400
    assert asked == len(worse.results) < 200
    assert asked % LOOK == 0
    assert abs(worse.accuracy - 0.125) < 0.1
    assert [r.id for r in worse.results] == [r.id for r in best.results[:asked]]


def test_a_winner_is_asked_everything() -> None:
    best, _ = scored(set(range(0, 400, 4)), None)
    better, asked = scored(set(range(0, 400, 2)), best)
    assert (asked, better.of, better.accuracy) == (400, None, 0.5)


@settings(max_examples=30)
@given(st.lists(st.booleans(), min_size=6, max_size=60), st.integers(1, 4))
def test_the_guess_is_the_rivals_score_and_the_paired_difference(
    right: list[bool], per: int
) -> None:
    answers = [
        Answered(id=f"i{n}", group=f"g{n // per}", output="", score=float(good), readable=True)
        for n, good in enumerate(right)
    ]
    rival = Evaluation(
        split="scored",
        results=tuple(one.model_copy(update={"score": 1.0 - one.score}) for one in answers),
        accuracy=1 - sum(right) / len(right),
        readable=1.0,
        seconds=0.0,
    )
    rivalry = Rivalry(rival, 0.05)
    assert abs(rivalry.estimate(answers) - sum(right) / len(right)) < 1e-9
    rivalry.lost(answers[:3])
    rivalry.lost(answers)
