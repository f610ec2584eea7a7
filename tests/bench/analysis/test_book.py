"""Cells are sorted, paired and named; what has no score is said with its reason."""

import pytest

from coursewright.bench.analysis.book import DIFFERENT_EXAM, line_of, open_book
from coursewright.bench.analysis.deltas import deltas
from coursewright.bench.analysis.ranking import rank, rankings
from coursewright.bench.analysis.tables import error_rows, main_rows, mats_interval, run_rows
from coursewright.bench.cells import Measured
from tests.bench.analysis.invented import cell, measured, rounds, scores

BASE = scores(20)


def test_a_run_without_a_submission_counts_with_gain_0() -> None:
    book = open_book(
        [
            measured(cell(seed=0), BASE, scores(40)),
            measured(cell(seed=1), ()).model_copy(update={"items": (), "groups": ()}),
        ]
    )
    (row, _) = main_rows(book)
    assert row.gain_points is not None
    assert row.gain_points.value == pytest.approx(100 * 20 / 60 / 2)
    assert (row.runs, row.without_submission, row.missing) == (2, 1, 0)
    assert row.mats == 2  # two attempts, one success
    assert [r.status for r in run_rows(book)] == ["finished", "no-valid-submission"]


def test_cells_without_a_score_are_missing_with_their_reason() -> None:
    whole = measured(cell(seed=0), BASE, scores(40))
    other = measured(cell(seed=1), scores(5, of=30), scores(10, of=30))
    lost = Measured(cell=cell(seed=2), problem="the worker was killed")
    nowhere = measured(cell(seed=0, task="code"), ())
    book = open_book([whole, other, lost, nowhere.model_copy(update={"items": ()})])
    assert [why for _, why in book.missing] == [
        DIFFERENT_EXAM,
        "the worker was killed",
        "no cell of this task opened the private split",
    ]
    assert main_rows(book)[0].missing == 3


def test_retrainings_are_averaged() -> None:
    book = open_book([measured(cell(), BASE, scores(30), scores(50, start=7))])
    (row, _) = main_rows(book)
    assert row.private is not None
    assert row.private.value == pytest.approx(100 * 40 / 60)


def test_an_interval_of_accuracies_ends_at_0_and_100() -> None:
    book = open_book(
        [measured(cell(seed=s), BASE, scores(right)) for s, right in ((0, 60), (1, 40))]
    )
    (row, _) = main_rows(book)
    assert row.private is not None
    assert (row.private.low, row.private.high) == (0, 100)  # two runs that differ by 33 points


def test_labels_say_what_differs_and_no_more() -> None:
    cells = [
        cell(),
        cell(mode="one-shot"),
        cell(feedback="shuffled"),
        cell(kind="baseline", contestant="oracle", mode="one-shot"),
    ]
    book = open_book([measured(one, BASE, scores(30)) for one in cells])
    assert list(book.labels.values()) == [
        "heuristic, iterative",
        "heuristic, one-shot",
        "heuristic, iterative, feedback shuffled",
        "oracle",
    ]
    assert [book.is_main(line_of(one)) for one in cells] == [True, True, False, True]


def test_deltas_pair_by_task_and_seed() -> None:
    cells = []
    for seed, gain in enumerate((10, 12, 14)):
        cells.append(measured(cell(seed=seed), BASE, scores(30 + gain)))
        cells.append(measured(cell(seed=seed, mode="one-shot"), BASE, scores(30 + gain - 6)))
    # A seed without a partner changes nothing.
    cells.append(measured(cell(seed=9), BASE, scores(60)))
    found = {(d.axis, d.task): d for d in deltas(open_book(cells))}
    delta = found["mode", ""]
    assert (delta.left, delta.right, delta.difference.runs) == ("iterative", "one-shot", 3)
    assert delta.difference.value == pytest.approx(10)
    assert set(found) == {("mode", ""), ("mode", "science")}


def test_seeds_and_their_brief_change_together() -> None:
    cells = [
        measured(cell(seed=s, setting=setting), BASE, scores(right))
        for s in (0, 1)
        for setting, right in (("scratch", 30), ("seed", 36))
    ]
    (delta,) = (d for d in deltas(open_book(cells)) if not d.task)
    assert (delta.axis, delta.left, delta.right) == ("setting", "seed", "scratch")
    assert delta.difference.value == pytest.approx(10)


def test_less_feedback_and_a_shorter_brief_are_held_against_the_whole() -> None:
    cells = [
        measured(cell(seed=s, **level), BASE, scores(right))
        for s in (0, 1)
        for level, right in (
            ({}, 40),
            ({"feedback": "shuffled"}, 34),
            ({"brief": "line"}, 28),
            ({"brief": "description"}, 37),
        )
    ]
    found = {(d.left, d.right): d.difference.value for d in deltas(open_book(cells)) if not d.task}
    assert found == {
        ("full", "shuffled"): pytest.approx(10),
        ("description", "line"): pytest.approx(15),
        ("visible", "description"): pytest.approx(5),
    }


def test_agents_are_held_against_baselines_whatever_their_mode() -> None:
    pipeline = {"kind": "baseline", "contestant": "fixed-pipeline", "mode": "one-shot"}
    cells = []
    for s in (0, 1):
        cells.append(measured(cell(seed=s), BASE, scores(40)))
        cells.append(measured(cell(seed=s, **pipeline), BASE, scores(31)))
    (delta,) = (d for d in deltas(open_book(cells)) if not d.task)
    assert (delta.left, delta.right) == ("heuristic", "fixed-pipeline")
    assert delta.difference.value == pytest.approx(15)


def test_a_baseline_of_several_settings_is_held_against_agents_of_its_own() -> None:
    # Search and agent are equal in each setting, and seeds are worth 15 points to both.
    search = {"kind": "baseline", "contestant": "random-search"}
    direct = {"kind": "baseline", "contestant": "oracle", "mode": "one-shot"}
    cells = []
    for s in (0, 1):
        cells.append(measured(cell(seed=s, **direct), BASE, scores(45, start=s)))
        for setting, right in (("scratch", 31), ("seed", 40)):
            told = {"setting": setting, "brief": "seeds" if setting == "seed" else "visible"}
            cells += [
                measured(cell(seed=s, **told, **who), BASE, scores(right, start=s))
                for who in ({}, search)
            ]
    book = open_book(cells)
    against = {
        (d.left, d.right): d.difference.value
        for d in deltas(book)
        if d.axis == "agent against baseline" and not d.task
    }
    assert against == {
        ("heuristic, scratch", "random-search, scratch"): pytest.approx(0),
        ("heuristic, seed", "random-search, seed"): pytest.approx(0),
        ("heuristic, scratch", "oracle"): pytest.approx(-100 * 14 / 60),
        ("heuristic, seed", "oracle"): pytest.approx(-100 * 5 / 60),
    }
    assert [sorted(line.label for line in ranking.lines) for ranking in rankings(book)] == [
        ["heuristic, scratch", "oracle", "random-search, scratch"],
        ["heuristic, seed", "oracle", "random-search, seed"],
    ]


def test_equals_tie_and_the_better_is_first() -> None:
    cells = []
    for s in range(3):
        for name, right, start in (("best", 58, 0), ("a", 30, 3 * s), ("b", 30, 3 * s + 1)):
            cells.append(measured(cell(contestant=name, seed=s), BASE, scores(right, start=start)))
    (ranking,) = rankings(open_book(cells))
    places = {line.label: (line.best, line.worst) for line in ranking.lines}
    assert places == {"best": (1, 1), "a": (2, 3), "b": (2, 3)}
    assert {(p.left, p.right): p.tie for p in ranking.pairs} == {
        ("best", "a"): False,
        ("best", "b"): False,
        ("a", "b"): True,
    }
    assert all((p.p_holm or 0) >= (p.difference.p_value or 0) for p in ranking.pairs)


def test_one_contestant_is_no_ranking() -> None:
    book = open_book([measured(cell(), BASE, scores(40))])
    assert rank(book, book.lines, "") is None


def test_rounds_whose_rows_are_built_upon_are_no_failed_attempts() -> None:
    done = rounds(["scored", "gathered", "held back", "invalid"], [0.5, None, None, None])
    book = open_book([measured(cell(), BASE, scores(40), done=done)])
    (row,) = error_rows(book)
    assert (row.attempts, row.valid, row.failures) == (4, 3, {"too few valid rows": 1})


def test_mats_is_a_ratio_of_sums_with_an_interval_over_runs() -> None:
    assert mats_interval([]) is None
    assert mats_interval([(8, 0)]) is None
    assert mats_interval([(3, 2)]) == (1.5, None, None)
    found = mats_interval([(1, 1), (1, 1), (4, 1)])
    assert found is not None
    assert found[:2] == (2.0, 1.0)
    assert found[2] == 4.0
    # A resample of failures alone has no bound.
    assert mats_interval([(8, 0), (1, 1)]) == (9.0, 1.0, None)


def test_rounds_of_failed_runs_count_their_attempts() -> None:
    done = rounds(["failed", "scored"], [None, 0.5])
    book = open_book([measured(cell(), BASE, scores(40), done=done)])
    (row,) = run_rows(book)
    assert (row.attempts, row.successes, row.teacher_tokens) == (2, 1, 1500)
