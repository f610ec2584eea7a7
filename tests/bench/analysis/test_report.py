"""A tiny study, from invented cells to the page that people read."""

import csv
import io
import json
import sys
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from matplotlib import rc_context
from matplotlib.figure import Figure

from coursewright.bench.analysis import AnalysisOptions, lines, pictures, report, tabulate
from coursewright.bench.analysis.book import open_book
from coursewright.bench.analysis.curves import curve_points
from coursewright.bench.analysis.files import csv_tables
from coursewright.bench.analysis.markdown import render
from coursewright.bench.analysis.probing import Probed
from coursewright.bench.cells import Measured
from coursewright.errors import UsageError
from tests.bench.analysis.invented import cell, measured, rounds, scores

GOLDEN = Path(__file__).parent / "tiny_study.md"


def tiny() -> list[Measured]:
    """Two tasks, two seeds, an agent in two modes and an oracle; one run lost, one in vain."""
    cells = []
    for task, lift in (("science", 20), ("words", 6)):
        for seed in (0, 1):
            base = scores(15)
            played = rounds(["invalid", "scored", "scored"], [None, 0.4, 0.5 + seed / 10])
            best = [scores(15 + lift + seed + k, start=k) for k in (0, 1)]
            cells.append(measured(cell(task=task, seed=seed), base, *best, done=played))
            once = measured(cell(task=task, seed=seed, mode="one-shot"), base, scores(10 + lift))
            cells.append(once)
            oracle = cell(
                kind="baseline", contestant="oracle", mode="one-shot", task=task, seed=seed
            )
            made = measured(oracle, base, scores(18 + lift, start=seed))
            cells.append(made.model_copy(update={"result": None, "rounds": (), "run": ""}))
    one_shot = cell(task="words", seed=0, mode="one-shot")
    lost = cell(task="words", seed=1, mode="one-shot")
    replaced = {
        one_shot: measured(one_shot, scores(15)),
        lost: Measured(cell=lost, problem="the student's worker was killed | 3 times"),
    }
    return [replaced.get(one.cell, one) for one in cells]


def test_the_page_is_the_golden_one() -> None:
    """To look at a wanted change: `python -m tests.bench.analysis.test_report` writes it anew."""
    page = render(tabulate("tiny", open_book(tiny()), Probed()))
    assert page == GOLDEN.read_text(encoding="utf-8")


def test_the_same_cells_give_the_same_files(tmp_path: Path) -> None:
    cells = [one for one in tiny() if one.cell.task == "science"]
    for place in ("a", "b"):
        report("tiny", cells, tmp_path / place, AnalysisOptions(profiles=False))
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert {"study.json", "study.md", "main.csv", "gains.svg", "gains.png"} <= set(names)
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_a_contestant_whose_answers_could_not_be_read_is_named_with_the_task() -> None:
    asked = [
        measured(
            cell(kind="baseline", contestant="teacher", mode="one-shot", task=task),
            scores(15),
            scores(1),
        ).model_copy(update={"readable": readable})
        for task, readable in (("science", 0.98), ("words", 0.04))
    ]
    study = tabulate("x", open_book(asked), Probed())
    (said,) = (line for line in study.remarks if "could not be read" in line)
    assert said.startswith("teacher, words: 96% of its private answers")


def test_pictures_name_their_axes_and_units(tmp_path: Path) -> None:
    study = tabulate("tiny", open_book(tiny()), Probed())
    with rc_context(pictures.SETTINGS):
        for picture in (pictures.gains, pictures.rounds, pictures.deltas, pictures.errors):
            figure = picture(study, Figure)
            assert figure is not None
            for axes in figure.axes:
                assert axes.get_xlabel()
                assert axes.get_legend() is None  # it stands beside the data, not on it


def test_without_matplotlib_the_page_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    report("tiny", tiny(), tmp_path, AnalysisOptions(profiles=False))
    page = (tmp_path / "study.md").read_text()
    assert "coursewright\\[bench\\]" in page
    assert "](gains.svg)" not in page
    assert not (tmp_path / "gains.svg").exists()
    with pytest.raises(UsageError, match=r"coursewright\[bench\]"):
        pictures.draw(tabulate("tiny", open_book(tiny()), Probed()), tmp_path)


def test_json_holds_every_table_and_csv_one_line_a_row() -> None:
    study = tabulate("tiny", open_book(tiny()), Probed())
    tables = csv_tables(study)
    assert len(list(csv.reader(io.StringIO(tables["runs"])))) == 1 + len(study.runs)
    first = next(csv.DictReader(io.StringIO(tables["main"])))
    assert first["contestant"] == "heuristic"
    assert float(first["gain_points_value"]) == pytest.approx(study.main[0].gain_points.value)  # type: ignore[union-attr]
    assert json.loads(study.model_dump_json(by_alias=True))["schema"] == 1


def test_a_label_from_elsewhere_neither_breaks_a_table_nor_starts_a_formula() -> None:
    name = "=cmd|'x' <img src=x> \n# no"
    study = tabulate(
        "x", open_book([measured(cell(contestant=name), scores(15), scores(30))]), Probed()
    )
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(render(study))
    assert "<img" not in html
    assert "<h1># no" not in html
    row = next(csv.DictReader(io.StringIO(csv_tables(study)["main"])))
    assert row["contestant"].startswith("'=")


def test_best_so_far_is_over_the_same_runs_in_every_round() -> None:
    study = tabulate("tiny", open_book(tiny()), Probed(curves={}))
    points = [p for p in curve_points(study) if p.task == "science"]
    # Round 0 left no valid submission; the best of round 1 is kept where round 2 is no better.
    assert [(p.round, p.runs, p.scored) for p in points] == [(1, 2, 0.4), (2, 2, 0.55)]


def test_private_scores_by_round_are_marked_as_analysis() -> None:
    cells = tiny()
    curves = {one.run: {1: 0.3, 2: 0.35} for one in cells if one.run}
    page = render(tabulate("tiny", open_book(cells), Probed(curves=curves)))
    assert "**Analysis**: the private figures were measured after" in page
    assert "| heuristic, iterative | 2 | 57.0 | 55.0 | 35.0 | 4 |" in page


def test_the_study_in_short_has_a_line_for_each_contestant() -> None:
    told = lines(tabulate("tiny", open_book(tiny()), Probed()))
    assert told[0] == "11 of 12 cells measured, on 2 tasks"
    assert told[1].startswith("heuristic, iterative: gain +23.3 [")
    assert told[1].endswith("] points, MATS 1.50")
    assert len(told) == 4


def test_nothing_finished_is_still_a_page() -> None:
    cells = [Measured(cell=cell(seed=s), problem="not made yet") for s in range(20)]
    page = render(tabulate("none", open_book(cells), Probed()))
    assert "0 of 20 cells finished" in page
    assert "and 8 more" in page


if __name__ == "__main__":
    GOLDEN.write_text(render(tabulate("tiny", open_book(tiny()), Probed())), encoding="utf-8")
