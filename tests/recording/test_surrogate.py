"""The surrogate finds a surface that is known, and how large luck is on it."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.recording import surrogate
from benchmarks.recording.check import check, folds, rank_correlation
from benchmarks.recording.design import point
from benchmarks.recording.luck import Luck, measure
from benchmarks.recording.surrogate import accuracies, fit
from tests.recording.invented import POOL, World, table


def test_it_foretells_data_sets_that_it_never_saw() -> None:
    world = World(training=0.1, rows=0.1)
    found = fit(table(world, 300))
    counts = np.array([point(number, POOL, seed=1).counts for number in range(100)])
    chances = found.chances(found.abilities(counts))
    scored = np.arange(chances.shape[1]) >= 40
    foretold = accuracies(chances, scored)
    truly = np.array([world.truth(one) for one in counts])
    assert np.sqrt(((foretold - truly) ** 2).mean()) < 0.025 < truly.std() / 5
    # Item by item, too.
    exact = np.array([world.chances(one) for one in counts])
    assert np.corrcoef(chances.ravel(), exact.ravel())[0, 1] > 0.97


def test_what_a_table_leaves_open_is_drawn_as_wide_as_it_is() -> None:
    world = World()
    counts = np.array([point(number, POOL, seed=1).counts for number in range(60)])
    truly = np.array([world.truth(one) for one in counts])
    scored = np.arange(len(world.ease)) >= 40
    spread = []
    for trainings in (60, 300):
        found = fit(table(world, trainings))
        rng = np.random.default_rng(0)
        draws = [found.drawn(rng) for _ in range(60)]
        means = np.array([accuracies(one.chances(one.abilities(counts)), scored) for one in draws])
        spread.append(means.std(axis=0).mean())
        apart = np.abs(truly - means.mean(axis=0)) / means.std(axis=0)
        assert np.median(apart) < 2
    assert spread[1] < 0.8 * spread[0] < 0.05


def test_further_turns_would_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    played = table(World(training=0.2), 100)
    means = []
    for turns in (surrogate.TURNS, 5 * surrogate.TURNS):
        monkeypatch.setattr(surrogate, "TURNS", turns)
        found = fit(played)
        means.append(accuracies(found.chances(found.abilities(played.counts)), played.is_scored))
    assert means[0] == pytest.approx(means[1], abs=0.002)


def test_it_knows_which_method_is_worth_more() -> None:
    world = World()
    found = fit(table(world, 300))
    even = np.zeros((len(POOL), *POOL.shape), dtype=np.int64)
    even[np.arange(len(POOL)), np.arange(len(POOL))] = 60
    chances = found.chances(found.abilities(even))
    foretold = accuracies(chances, np.arange(chances.shape[1]) >= 40)
    truly = np.array([world.truth(one) for one in even])
    assert np.argmax(foretold) == np.argmax(truly)
    assert rank_correlation(foretold, truly) > 0.7


@pytest.mark.parametrize(("training", "rows"), [(0.0, 0.0), (0.4, 0.5)])
def test_luck_is_measured(training: float, rows: float) -> None:
    played = table(World(training=training, rows=rows), 1000)
    found = measure(played, fit(played))
    assert found.training == pytest.approx(training, abs=0.16)
    assert found.rows == pytest.approx(rows, abs=0.2)
    assert found.topic < 0.2
    assert (found.repeated, found.redrawn) == (50, 100)


def test_without_repetitions_no_luck_is_claimed() -> None:
    played = table(World(training=0.4), 18)
    assert measure(played, fit(played)) == Luck(0.0, 0.0, 0.0, 0, 0)


def test_the_check_leaves_compositions_out_whole() -> None:
    played = table(World(), 200)
    fold = folds(played)
    for first in range(0, 200, 20):
        assert len({fold[first], fold[first + 18], fold[first + 19]}) == 1
    assert set(fold.tolist()) == set(range(10))


def test_the_check_tells_a_good_fit_from_none() -> None:
    played = table(World(training=0.1), 200)
    good = check(played)
    assert good["rank_correlation"] > 0.9
    assert good["error_points"] < 1.4 * good["error_of_all_luck_points"]
    shuffled = np.random.default_rng(0).permutation(200)
    mixed = (
        played.header,
        tuple(
            one.model_copy(update={"rows": played.trainings[other].rows})
            for one, other in zip(played.trainings, shuffled, strict=True)
        ),
    )
    assert check(type(played)(*mixed))["rank_correlation"] < 0.4


def test_a_small_table_is_not_checked() -> None:
    with pytest.raises(ValueError, match="must be 20"):
        check(table(World(), 19))


def test_equals_share_a_rank() -> None:
    one, other = np.array([1.0, 2.0, 2.0, 3.0]), np.array([5.0, 6.0, 6.0, 9.0])
    assert rank_correlation(one, other) == pytest.approx(1.0)
    assert rank_correlation(one, -other) == pytest.approx(-1.0)
    assert rank_correlation(one, np.ones(4)) == 0.0
