"""One short run for real (sandbox, gateway, training), and what can be done with it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from coursewright.errors import IsolationError
from coursewright.records import Isolation
from coursewright.runs import require_isolation
from coursewright.store import RunStore
from tests.commands import cw
from tests.short import prepare

pytestmark = [pytest.mark.train, pytest.mark.long, pytest.mark.timeout(600)]

COMMAND = [sys.executable, "-m", "coursewright"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def arguments(place: Path) -> list[str]:
    return [*prepare(place), "--runs", str(place)]


@pytest.fixture(scope="module")
def result(place: Path, arguments: list[str]) -> dict[str, Any]:
    """The result of an undisturbed run called `first`."""
    done = cw("run", *arguments, "--name", "first", "--json")
    assert done.returncode == 0, done.stderr
    loaded: dict[str, Any] = json.loads(done.stdout)
    return loaded


def test_a_run_ends_with_a_private_score_and_its_interval(result: dict[str, Any]) -> None:
    low, high = result["final"]["private_ci95"]
    assert low <= result["final"]["private"] <= high
    assert result["status"] == "finished"
    assert result["isolation"]["verified"] is True
    assert result["teacher_usage"]["calls"] > 0
    assert result["human_inputs"] == ["task"]
    assert sum(v for k, v in result["seconds"].items() if k != "total") == pytest.approx(
        result["seconds"]["total"]
    )


def test_the_result_says_what_the_probes_showed(result: dict[str, Any]) -> None:
    assert set(result["probes"]) == {"renumbered", "rephrased", "sibling", "abilities"}
    assert result["probes"]["abilities"]["items"] == 42
    assert result["robust_gain_points"] is not None
    forgot = result["probes"]["abilities"]["base"] - result["probes"]["abilities"]["final"]
    assert result["forgetting_points"] == pytest.approx(100 * forgot)
    assert result["exam_only"] in (True, False)


def test_the_record_is_laid_out_for_people(place: Path, result: dict[str, Any]) -> None:
    run = place / "first"
    assert (run / "rounds" / "000" / "code.py").read_text().strip()
    assert (run / "rounds" / "000" / "feedback.md").read_text().startswith("Rows kept:")
    assert (run / "student" / "config.json").is_file()
    assert json.loads((run / "result.json").read_text())["final"] == result["final"]


def test_a_finished_run_resumes_to_the_same_result(place: Path, result: dict[str, Any]) -> None:
    again = cw("resume", "first", "--runs", str(place), "--json")
    assert json.loads(again.stdout) == result


def test_reproduce_finds_every_data_set_again(place: Path, result: dict[str, Any]) -> None:
    done = cw("reproduce", "first", "--runs", str(place), "--json")
    report = json.loads(done.stdout)
    assert report["identical"] is True
    assert report["new_calls"] == 0
    assert len(report["lines"]) == len(result["rounds"]) + 1


def test_reproduce_says_so_when_a_recorded_program_was_changed(
    place: Path, arguments: list[str]
) -> None:
    # Of a student that is trained at once: other data is trained on anew.
    parrot = "tests.parrot:Parrot"
    run = ["run", *arguments, "--student", parrot, "--name", "forged", "--json"]
    assert cw(*run, "--protocol", "paper").returncode == 0
    with sqlite3.connect(place / "forged" / "journal.sqlite") as journal:
        journal.execute(
            "UPDATE stages SET outcome = replace(outcome, 'seed()', '7') WHERE kind = 'propose'"
        )
    done = cw("reproduce", "forged", "--runs", str(place), "--json")
    shutil.rmtree(place / "forged")
    assert done.returncode == 1
    assert json.loads(done.stdout)["identical"] is False


def test_the_run_can_be_exported(place: Path, result: dict[str, Any], tmp_path: Path) -> None:
    done = cw("export", "first", "--runs", str(place), "--to", str(tmp_path / "out"), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == result["rounds"][result["final"]["round"]]["rows"]
    lineage = json.loads((tmp_path / "out" / "model" / "lineage.json").read_text())
    assert lineage["result"]["final"] == result["final"]
    assert lineage["training"]["seed"] == lineage["seeds"]["trainings"][0]
    assert len(lineage["round"]["programs"]) == 1 + result["final"]["round"]


def test_list_and_show_find_the_run(place: Path, result: dict[str, Any]) -> None:
    listed = json.loads(cw("list", "--runs", str(place), "--json").stdout)["runs"]
    assert [entry["run"] for entry in listed if entry["status"] == "finished"] == ["first"]
    assert json.loads(cw("show", "first", "--runs", str(place), "--json").stdout) == result


def test_a_run_killed_twice_resumes_to_the_same_data(
    place: Path, arguments: list[str], result: dict[str, Any]
) -> None:
    for command in (["run", *arguments, "--name", "killed"], ["resume", "killed", *arguments[-2:]]):
        quiet = subprocess.DEVNULL
        running = subprocess.Popen([*COMMAND, *command], stdout=quiet, stderr=quiet)
        time.sleep(0.35 * result["seconds"]["total"])
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
    # Who computes is no part of the run: it may end with another executor.
    done = cw("resume", "killed", "--runs", str(place), "--slots", "2", "--json")
    assert done.returncode == 0, done.stderr
    again = json.loads(done.stdout)
    assert again["final"]["dataset"] == result["final"]["dataset"]
    assert [r["dataset"] for r in again["rounds"]] == [r["dataset"] for r in result["rounds"]]


def test_a_config_changed_under_a_run_is_refused(place: Path, result: dict[str, Any]) -> None:
    (place / "first" / "result.json").rename(place / "kept.json")
    task = place / "short-science" / "description.md"
    before = task.read_text()
    task.write_text(before + "\nOne more line.\n")
    done = cw("resume", "first", "--runs", str(place))
    task.write_text(before)
    (place / "kept.json").rename(place / "first" / "result.json")
    assert done.returncode == 2
    assert "description.md" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_run_goes_on_no_weaker_than_it_began(place: Path, result: dict[str, Any]) -> None:
    with RunStore.open(place / "first") as store:
        require_isolation(store, Isolation(level="L3", mechanisms=(), verified=True))
        with pytest.raises(IsolationError, match="began at level"):
            require_isolation(store, Isolation(level="L1", mechanisms=(), verified=False))


def test_prune_keeps_record_and_student_and_both_can_be_asked(
    place: Path, result: dict[str, Any]
) -> None:
    done = cw("prune", "first", "--runs", str(place), "--json")
    assert json.loads(done.stdout)["freed_bytes"] > 0
    assert json.loads(cw("show", "first", "--runs", str(place), "--json").stdout) == result
    done = cw("try", "first", "What is 3 m/s for 4 s in metres?", "--runs", str(place), "--json")
    assert set(json.loads(done.stdout)) == {"base", "student"}
