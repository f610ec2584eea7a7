"""The two-level bootstrap covers what it promises, and no more."""

import numpy as np
import pytest

from benchmarks.study_statistics import Design, coverage, false_claims
from coursewright.bench.analysis.intervals import (
    Block,
    Exam,
    estimate,
    estimate_percent,
)
from coursewright.bench.analysis.ranking import holm


def exam_of(*models: list[float], size: int = 1) -> tuple[Exam, tuple[int, ...]]:
    exam = Exam("e", [str(i // size) for i in range(len(models[0]))])
    return exam, tuple(exam.add(scores) for scores in models)


def half(right: int, of: int = 80) -> list[float]:
    return [1.0] * right + [0.0] * (of - right)


@pytest.mark.parametrize(
    ("design", "least"),
    [(Design(1, 3, 150, 1, 0.2), 0.87), (Design(3, 3, 60, 2, 0.1), 0.87)],
)
def test_fresh_runs_and_items_find_the_truth_inside(design: Design, least: float) -> None:
    # 95 % of 80 studies, less three standard deviations
    held, _ = coverage(design, 80)
    assert held >= least


def test_a_single_run_speaks_of_items_alone_and_says_so() -> None:
    exam, (base, final) = exam_of(half(20), half(50))
    found = estimate([Block(exam, (final,), (base,))])
    assert found is not None
    assert not found.over_runs
    assert found.value == pytest.approx(37.5)


def test_runs_that_differ_widen_the_interval() -> None:
    exam, (base, low, middle, high) = exam_of(half(20), half(40), half(50), half(60))
    alike = estimate([Block(exam, (middle,) * 3, (base,) * 3)])
    apart = estimate([Block(exam, (low, middle, high), (base,) * 3)])
    assert alike is not None and apart is not None  # noqa: PT018
    assert alike.value == pytest.approx(apart.value)
    assert apart.low is not None and alike.low is not None  # noqa: PT018
    assert apart.low < alike.low - 10


def test_pairs_that_share_their_luck_are_told_apart_sooner() -> None:
    rng = np.random.default_rng(0)
    luck = [rng.random(200) < share for share in (0.3, 0.5, 0.7)]
    exam = Exam("e", [str(i) for i in range(200)])
    left = tuple(exam.add((run | (rng.random(200) < 0.2)).astype(float).tolist()) for run in luck)
    right = tuple(exam.add(run.astype(float).tolist()) for run in luck)
    paired = estimate([Block(exam, left, right)])
    crossed = estimate([Block(exam, left, right[::-1])])
    assert paired is not None and crossed is not None  # noqa: PT018
    assert paired.value == pytest.approx(crossed.value)
    assert (paired.p_value or 0) < 0.05 < (crossed.p_value or 0)


def test_tasks_weigh_alike_whatever_their_runs() -> None:
    one, (base, final) = exam_of(half(0), half(80))
    other = Exam("f", [str(i) for i in range(40)])
    nothing = other.add(half(10, 40))
    found = estimate(
        [
            Block(one, (final,) * 5, (base,) * 5),
            Block(other, (nothing,), (nothing,)),
        ]
    )
    assert found is not None
    assert found.value == pytest.approx(50)
    assert (found.runs, found.tasks, found.groups) == (6, 2, 40)


def test_no_runs_and_one_group_promise_nothing() -> None:
    assert estimate([]) is None
    exam, (base, final) = exam_of([0.0] * 5, [1.0] * 5, size=5)
    found = estimate([Block(exam, (final,), (base,))])
    assert found is not None
    assert (found.value, found.low, found.p_value) == (100.0, None, None)


def test_percent_needs_ten_right_base_answers() -> None:
    exam, (few, base, final) = exam_of(half(9), half(20), half(50))
    assert estimate_percent([Block(exam, (final,), (few,))]) is None
    found = estimate_percent([Block(exam, (final,), (base,))])
    assert found is not None
    assert found.value == pytest.approx(150)
    assert found.low is not None
    assert found.low < 150 < (found.high or 0)


def test_an_exam_refuses_scores_of_another() -> None:
    exam, _ = exam_of(half(1))
    with pytest.raises(ValueError, match="3 scores for 80 items"):
        exam.add([1.0] * 3)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, None, 0.03]) == pytest.approx([0.03, 0.06, None, 0.06], nan_ok=True)
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_holm_keeps_its_error_where_no_correction_would_not() -> None:
    corrected, raw = false_claims(4, 50, runs=3, tasks=1)
    assert corrected <= 0.14  # 5 % of 50, plus three standard deviations
    assert raw > corrected
