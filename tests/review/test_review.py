"""A person judges rows through a pipe; sittings go on, and the record says what they certify."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from coursewright.errors import NoValidSubmission, RunFolderError
from coursewright.export import export_run
from coursewright.hand import approve
from coursewright.review import review_run
from coursewright.store import Reviews, RunFolder
from coursewright.summary import lines
from tests.export.runs import finished_run, rows

COMMAND = [sys.executable, "-m", "coursewright", "review"]


def sit(run: Path, keys: str, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, str(run), "--as", "ada", *more],
        input="".join(f"{key}\n" for key in keys),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_a_review_goes_on_where_it_was_left_and_stands_in_result_and_card(tmp_path: Path) -> None:
    run = finished_run(tmp_path)
    first = sit(run, "ggug?gq", "--rows", "8")
    assert first.returncode == 0, first.stderr
    assert "3 rows judged" in first.stdout
    assert "5 rows wait" in first.stdout
    # The reason for a bad row is a line of its own.
    second = sit(run, "b" + "wn" + "w" + "ggg", "--rows", "8")
    assert "8 rows judged, 1 bad, 1 not sure" in second.stdout, second.stdout + second.stderr
    stored = json.loads((run / "result.json").read_text())
    review = stored["review"]
    assert (review["judged"], review["bad"], review["unsure"], review["rows"]) == (8, 1, 1, 40)
    assert 0.25 < review["bad_share_upper"] < 0.75
    assert stored["human_inputs"][-1] == "review of 8 rows"
    result = RunFolder(run).result()
    assert result is not None
    assert any("2 of 8 judged rows" in line for line in lines(result))
    export_run(str(run), tmp_path, str(tmp_path / "out"))
    card = (tmp_path / "out" / "dataset" / "README.md").read_text()
    assert f"{100 * review['bad_share_upper']:.1f}" in card
    assert "8 of the 40 rows" in card


def test_the_rows_were_drawn_at_random_and_every_judgement_is_kept(tmp_path: Path) -> None:
    run = finished_run(tmp_path)
    sit(run, "gugq", "--rows", "5")
    result = RunFolder(run).result()
    assert result is not None
    assert result.final is not None
    assert result.final.dataset is not None
    with Reviews(run / "reviews.sqlite", result.final.dataset, "other") as reviews:
        queue = reviews.queue()
        assert len(queue) == len(set(queue)) == 5
        assert set(queue) <= set(range(1, len(rows()) + 1))
        assert reviews.judgements() == {queue[0]: "good"}
        assert reviews.seed != "other"
    with pytest.raises(RunFolderError, match="another data set"):
        Reviews(run / "reviews.sqlite", "f" * 64, "s")


def test_control_characters_of_a_row_reach_no_terminal(tmp_path: Path) -> None:
    hostile = [one.model_copy(update={"input": "a\x1b[2Jb [red]c"}) for one in rows(3)]
    done = sit(finished_run(tmp_path, dataset=hostile), "q")
    assert "\x1b" not in done.stdout
    assert "[red]c" in done.stdout


def test_a_run_without_a_data_set_cannot_be_reviewed(tmp_path: Path) -> None:
    run = finished_run(tmp_path, final=None)
    with pytest.raises(NoValidSubmission):
        review_run(str(run), tmp_path, "ada")


def test_nothing_is_exported_before_it_is_approved(tmp_path: Path) -> None:
    run = finished_run(tmp_path, gates=("export",))
    with pytest.raises(RunFolderError, match="coursewright approve first"):
        export_run(str(run), tmp_path, str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()
    approve(str(run), tmp_path)
    export_run(str(run), tmp_path, str(tmp_path / "out"))
    assert "approved export" in json.loads((run / "result.json").read_text())["human_inputs"]
    with pytest.raises(RunFolderError, match="approved already"):
        approve(str(run), tmp_path, reject="too late")


def test_a_rejected_export_stays_here(tmp_path: Path) -> None:
    run = finished_run(tmp_path, gates=("export",))
    approve(str(run), tmp_path, reject="too many levers")
    with pytest.raises(RunFolderError, match="too many levers"):
        export_run(str(run), tmp_path, str(tmp_path / "out"))
