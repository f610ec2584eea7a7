"""Planted components come back, and a design that cannot tell says so."""

import numpy as np
import pytest

from benchmarks.study_statistics import PLANTED, mean_components
from coursewright.bench.analysis.book import open_book
from coursewright.bench.analysis.intervals import Exam
from coursewright.bench.analysis.variance import (
    AGENT,
    BOTH,
    ITEMS,
    RUN,
    TEACHER,
    TRAINING,
    components,
    items_component,
    variance_tables,
)
from tests.bench.analysis.invented import cell, measured, scores


def test_planted_components_come_back_though_gains_are_missing() -> None:
    found = mean_components(80, shape=(5, 4, 3, 2))
    for name, variance in PLANTED.items():
        assert found[name] == pytest.approx(variance, rel=0.35, abs=0.6), name


def test_balanced_designs_give_the_anova_estimates() -> None:
    # Two agents, three runs each, one retraining: one-way ANOVA by hand.
    gains = [10.0, 12.0, 14.0, 20.0, 22.0, 27.0]
    agents: list[object] = ["a"] * 3 + ["b"] * 3
    runs: list[object] = list(range(6))
    labels = {AGENT: agents, TEACHER: ["t"] * 6, BOTH: agents, RUN: runs}
    found, levels = components(gains, labels)
    within = (4 + 0 + 4 + 9 + 1 + 16) / 4
    between = 3 * ((12 - 17.5) ** 2 + (23 - 17.5) ** 2)
    assert found[RUN] == pytest.approx(within)
    assert found[AGENT] == pytest.approx((between - within) / 3)
    assert found[TEACHER] == "one level alone"
    assert found[BOTH] == "needs two agents and two teachers"
    assert "it is in the run seed's part" in str(found[TRAINING])
    assert levels[AGENT] == 2


@pytest.mark.parametrize(
    ("agents", "teachers", "said"),
    [
        ("ab", "tt", {AGENT: "one run of each", RUN: ""}),
        ("ab", "tu", {AGENT: "one run of each", TEACHER: "one run of each"}),
        ("aabb", "ttuu", {AGENT: "every agent has a teacher", TEACHER: "every agent has"}),
        ("a", "t", {AGENT: "one level", RUN: "one level", TRAINING: "one level"}),
    ],
)
def test_degenerate_designs_say_so(agents: str, teachers: str, said: dict[str, str]) -> None:
    gains = [float(i * i) for i in range(len(agents))]
    labels: dict[str, list[object]] = {
        AGENT: list(agents),
        TEACHER: list(teachers),
        BOTH: list(zip(agents, teachers, strict=True)),
        RUN: list(range(len(agents))),
    }
    found, _ = components(gains, labels)
    for name, text in said.items():
        assert (text in str(found[name])) if text else isinstance(found[name], float)


def test_the_part_of_items_is_the_variance_of_their_mean() -> None:
    rng = np.random.default_rng(0)
    estimates = []
    for _ in range(60):
        hard = rng.random(100)
        exam = Exam("e", [str(i) for i in range(100)])
        base = exam.add([0.0] * 100)
        models = [exam.add((rng.random(100) < hard).astype(float).tolist()) for _ in range(4)]
        found = items_component(exam, [(model, base) for model in models])
        assert isinstance(found, float)
        estimates.append(found)
    # Uniform hardness: variance 1/12 an item, in points squared, over 100 items.
    assert np.mean(estimates) == pytest.approx(1e4 / 12 / 100, rel=0.15)


def test_one_agent_and_one_retraining_leave_runs_and_items() -> None:
    base = scores(20)
    cells = [measured(cell(seed=s), base, scores(40 + 2 * s, start=s)) for s in range(3)]
    (table,) = variance_tables(open_book(cells))
    parts = {component.source: component for component in table.components}
    assert parts[AGENT].sd_points is parts[TRAINING].share is None
    assert parts[RUN].sd_points == pytest.approx(np.std([0, 100 / 30, 200 / 30], ddof=1))
    assert parts[ITEMS].sd_points is not None
    assert sum(part.share or 0 for part in table.components) == pytest.approx(1)
    assert "one level alone" in parts[AGENT].note
