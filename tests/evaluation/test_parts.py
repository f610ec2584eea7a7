"""A gain is split into form and ability, and training luck told from that of the items."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.evaluation.parts import gain_parts, near_visible, training_seed_sd
from coursewright.records import Answered, Evaluation

answers = st.lists(
    st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.booleans()), min_size=1, max_size=30
)


def sat(results: list[tuple[float, bool]], size: int = 1) -> Evaluation:
    scores = [score for score, _ in results]
    return Evaluation(
        split="private",
        results=tuple(
            Answered(id=str(i), group=str(i // size), output="", score=score, readable=readable)
            for i, (score, readable) in enumerate(results)
        ),
        accuracy=sum(scores) / len(scores),
        readable=0.0,
        seconds=0.0,
    )


@given(answers, st.randoms())
def test_the_parts_sum_to_the_gain(base: list[tuple[float, bool]], random: object) -> None:
    final = sorted(base, key=lambda _: random.random())  # type: ignore[attr-defined]
    parts = gain_parts(sat(base), sat(final))
    assert sum(parts.values()) == pytest.approx(
        100 * (sat(final).accuracy - sat(base).accuracy), abs=1e-9
    )


def test_newly_readable_is_form_and_newly_right_is_ability() -> None:
    base = [(0.0, False), (0.0, True), (1.0, True), (1.0, True)]
    final = [(1.0, True), (1.0, True), (0.0, False), (1.0, True)]
    assert gain_parts(sat(base), sat(final)) == {"format": 0.0, "ability": 25.0}
    assert gain_parts(sat(base[:1]), sat(final[:1])) == {"format": 100.0, "ability": 0.0}


@given(answers, st.randoms(), st.sets(st.integers(0, 29).map(str)))
def test_near_and_far_items_sum_to_the_gain(
    base: list[tuple[float, bool]], random: object, near: set[str]
) -> None:
    final = sorted(base, key=lambda _: random.random())  # type: ignore[attr-defined]
    found = near_visible(sat(base), sat(final), near)
    whole = 100 * (sat(final).accuracy - sat(base).accuracy)
    rest = (found.others_gain_points or 0.0) * found.others / len(base)
    assert found.part_points + rest == pytest.approx(whole, abs=1e-9)
    assert (found.items + found.others, found.gain_points is None) == (
        len(base),
        found.items == 0,
    )


def test_a_gain_on_near_items_alone_leaves_none_elsewhere() -> None:
    base, final = sat([(0.0, True)] * 40), sat([(1.0, True)] * 10 + [(0.0, True)] * 30)
    found = near_visible(base, final, {str(n) for n in range(10)})
    assert (found.part_points, found.gain_points, found.others_gain_points) == (25.0, 100.0, 0.0)
    assert found.others_gain_points_ci95 is not None
    assert found.others_gain_points_ci95[0] < 0


def students(sd: float, rng: np.random.Generator, size: int = 2) -> list[Evaluation]:
    """Four trainings whose expected score differs by `sd`, on 300 items in groups."""
    shared = rng.normal(size=300 // size).repeat(size)
    found = []
    for _ in range(4):
        chance = np.clip(0.5 + 0.1 * shared + sd * rng.normal(), 0, 1)
        found.append(sat([(float(right), True) for right in rng.random(300) < chance], size))
    return found


def test_a_seeds_luck_is_told_from_that_of_the_items() -> None:
    rng = np.random.default_rng(4)
    for planted in (0.0, 0.06):
        found = [training_seed_sd(students(planted, rng)) or 0.0 for _ in range(60)]
        assert np.sqrt(np.mean(np.square(found))) == pytest.approx(planted, abs=0.018)
    # Taken as they come, scores of equal students differ by 3 points.
    raw = [np.std([one.accuracy for one in students(0.0, rng)], ddof=1) for _ in range(60)]
    assert np.mean(raw) > 0.02


def test_one_training_tells_nothing_of_seeds() -> None:
    one = sat([(1.0, True), (0.0, True)])
    assert training_seed_sd([one]) is None
    assert training_seed_sd([sat([(1.0, True)]), sat([(0.0, True)])]) is None
    assert training_seed_sd([one, one]) == 0.0
