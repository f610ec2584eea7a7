"""The search for the fewest rows that keep the gain: its pure parts, and the loop around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coursewright.config import RunConfig, SmallestConfig
from coursewright.errors import HelperLost, Interrupted, StageFailed
from coursewright.evaluation import weigh_smallest
from coursewright.loop import run
from coursewright.records import Cuts, Evaluation, Joined, Outcome, Split, Training
from coursewright.search import GreedySearch
from coursewright.shrinking import depth, next_size
from tests.fakes import World, evaluation


@given(data=st.data(), sizes=st.integers(1, 200))
def test_bisection_finds_the_border_wherever_it_lies(data: st.DataObject, sizes: int) -> None:
    border = data.draw(st.integers(0, sizes))
    verdicts: dict[int, bool] = {}
    while (size := next_size(verdicts, sizes)) is not None:
        assert size not in verdicts
        assert 0 <= size < sizes
        verdicts[size] = size >= border
    assert len(verdicts) <= math.ceil(math.log2(sizes + 1))
    assert min((s for s, enough in verdicts.items() if enough), default=sizes) == border


@given(verdicts=st.lists(st.booleans(), max_size=20), sizes=st.integers(0, 100))
def test_bisection_ends_whatever_the_verdicts(verdicts: list[bool], sizes: int) -> None:
    told: dict[int, bool] = {}
    for verdict in verdicts:
        size = next_size(told, sizes)
        if size is None:
            break
        told[size] = verdict
    assert len(told) <= math.ceil(math.log2(sizes + 1))


@given(seeds=st.integers(1, 20), more=st.integers(0, 30))
def test_what_is_found_can_always_be_confirmed(seeds: int, more: int) -> None:
    trainings = seeds + more
    assert trainings - depth(trainings, seeds) >= seeds - 1
    assert depth(trainings, seeds) >= 1


class Shelf(World):
    """A world that can cut data sets; `gains` says what a student of so many rows has right."""

    def __init__(self, gains: Any, **rules: Any) -> None:
        super().__init__(lambda turn: "800", **{"rounds": 1, "retrainings": 3, **rules})
        self.gains = gains
        self.cut_from: list[Any] = []
        self.trained: list[tuple[int, int]] = []

    def cut(self, rows: str, earlier: Sequence[Any], minimum: int, count: int) -> Cuts:
        self.cut_from.append((rows, list(earlier), minimum, count))
        assert not self.opened
        steps = [minimum * (step + 1) for step in range(count) if minimum * (step + 1) < int(rows)]
        cuts = tuple(Joined(rows=str(size), kept=size) for size in steps)
        return Cuts(of=int(rows), cuts=cuts)

    def train(self, rows: str, seed: int) -> Training:
        self.trained.append((int(rows), seed))
        return super().train(rows, seed)

    def evaluate(
        self, weights: str | None, split: Split, rival: Evaluation | None = None
    ) -> Evaluation:
        if weights is None:
            return evaluation(0.1, split=split, items=100)
        rows, seed = map(int, weights.split("-"))
        return evaluation(self.gains(rows, seed), split=split, items=100)

    def play(self) -> Outcome:
        stages = replace(self.stages(GreedySearch()), shards=self)
        return run(stages)


def shrunk(gains: Any, **rules: Any) -> tuple[Outcome, Shelf]:
    wanted = SmallestConfig(**{"minimum": 100, **rules.pop("smallest", {})})
    world = Shelf(gains, smallest=wanted, **rules)
    return world.play(), world


def level(rows: int, seed: int) -> float:
    """From 300 rows on all is learned."""
    return 0.9 if rows >= 300 else 0.5


def test_the_smallest_sufficient_size_is_found_confirmed_and_sits_the_one_opening() -> None:
    outcome, world = shrunk(level)
    found = outcome.smallest
    assert found is not None
    assert (found.kept, found.of, found.confirmed, found.problem) == (300, 800, True, "")
    assert found.spent <= 8
    assert found.spent == sum(len(one.trainings) for one in found.tried)
    delivered = [t.weights for t in outcome.retrainings]
    assert [t.seed for t in found.trainings] == [t.seed for t in outcome.retrainings]
    assert world.opened == [[None, *delivered, *(t.weights for t in found.trainings)]]
    said = weigh_smallest(outcome)
    assert said is not None
    assert (said.rows, said.share, said.gain_kept, said.scored_gain_kept) == (300, 0.375, 1, 1)
    assert said.difference_points == 0.0
    assert said.sizes[300] == 0.9


def test_agents_hear_nothing_of_it() -> None:
    plain = Shelf(level)
    plain.play()
    _, world = shrunk(level)
    assert [t.model_dump() for t in world.turns] == [t.model_dump() for t in plain.turns]
    assert world.opened != plain.opened


def test_a_size_that_was_lucky_once_is_not_taken_for_confirmed() -> None:
    def gains(rows: int, seed: int) -> float:
        return 0.9 if rows >= 500 or (rows >= 300 and seed == first) else 0.5

    first = shrunk(level)[0].retrainings[0].seed
    outcome, _ = shrunk(gains, smallest={"trainings": 12})
    assert outcome.smallest is not None
    assert (outcome.smallest.kept, outcome.smallest.confirmed) == (500, True)


def test_where_trainings_run_out_it_is_said_that_nothing_was_confirmed() -> None:
    first = shrunk(level)[0].retrainings[0].seed
    outcome, _ = shrunk(lambda rows, seed: 0.9 if rows == 800 or seed == first else 0.5)
    found = outcome.smallest
    assert found is not None
    assert (found.kept, found.confirmed) == (200, False)
    assert found.spent <= 8
    assert found.private


def test_one_seed_confirms_nothing_and_claims_nothing() -> None:
    outcome, _ = shrunk(level, retrainings=1)
    assert outcome.smallest is not None
    assert (outcome.smallest.kept, outcome.smallest.confirmed) == (300, None)


@pytest.mark.parametrize(
    ("gains", "why"),
    [
        (lambda rows, seed: 0.9 if rows == 800 else 0.3, "no part of up to 700 rows"),
        (lambda rows, seed: 0.1, "no gain on scored"),
    ],
)
def test_where_nothing_is_found_the_run_says_why_in_a_line(gains: Any, why: str) -> None:
    outcome, world = shrunk(gains)
    found = outcome.smallest
    assert found is not None
    assert why in found.problem
    assert world.opened == [[None, *(t.weights for t in outcome.retrainings)]]
    said = weigh_smallest(outcome)
    assert said is not None
    assert (said.problem, said.rows, said.gain_kept) == (found.problem, None, None)


def test_a_delivered_base_model_has_nothing_to_shrink() -> None:
    outcome, world = shrunk(lambda rows, seed: 0.1, guarded=True)
    assert outcome.smallest is not None
    assert "base model" in outcome.smallest.problem
    assert world.cut_from == []


def test_a_data_set_smaller_than_the_smallest_size_is_left_as_it_is() -> None:
    outcome, _ = shrunk(level, smallest={"minimum": 800})
    assert outcome.smallest is not None
    assert outcome.smallest.problem == "of 800 rows there is no part with 800 rows or more"


def test_rows_that_cannot_be_trained_on_are_not_enough_and_end_nothing() -> None:
    class Picky(Shelf):
        def train(self, rows: str, seed: int) -> Training:
            if int(rows) < 400:
                raise StageFailed("too few tokens")
            return super().train(rows, seed)

    world = Picky(level, smallest=SmallestConfig(minimum=100))
    outcome = world.play()
    assert outcome.smallest is not None
    assert (outcome.smallest.kept, outcome.smallest.confirmed) == (400, True)


def test_played_again_over_its_journal_it_trains_nothing() -> None:
    outcome, world = shrunk(level)
    trained = len(world.trained)
    assert world.play() == outcome
    assert len(world.trained) == trained


def test_a_run_that_does_not_ask_has_no_trace_of_it() -> None:
    outcome = Shelf(level).play()
    assert outcome.smallest is None
    assert weigh_smallest(outcome) is None
    assert "smallest" not in RunConfig(task="t").model_dump()


def test_more_seeds_than_trainings_are_refused() -> None:
    with pytest.raises(ValidationError, match="must be 9 at least"):
        RunConfig(task="t", retrainings=9, smallest=SmallestConfig())


def test_interrupted_in_its_midst_it_goes_on_with_what_it_has() -> None:
    class Fragile(Shelf):
        fails = True

        def train(self, rows: str, seed: int) -> Training:
            if self.fails and int(rows) == 200:
                raise HelperLost("worker killed")
            return super().train(rows, seed)

    world = Fragile(level, smallest=SmallestConfig(minimum=100))
    with pytest.raises(Interrupted):
        world.play()
    world.fails = False
    before = set(world.trained)
    outcome = world.play()
    assert outcome.smallest == shrunk(level)[0].smallest
    assert len(set(world.trained)) == len(world.trained), "nothing was trained twice"
    assert before < set(world.trained)
