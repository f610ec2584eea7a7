"""Studies carried on whatever happens to them; and every baseline that sits the exam directly."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from coursewright.bench import Measured, run_study
from coursewright.bench.measured import measured
from coursewright.bench.runner import carry, held
from coursewright.display import Silent
from coursewright.errors import RunHeld
from coursewright.protocols import Agent
from coursewright.records import Brief, Proposal, Turn
from coursewright.store.run import hold
from tests.bench.studies import plan_of, study_of, write_study
from tests.interrupts import hear_interrupts

pytestmark = [pytest.mark.timeout(300), pytest.mark.long]
DIRECT = ["base", "oracle"]


class Crashing:
    """An agent with a bug; once `mended` is there it has none."""

    def __init__(self, mended: str) -> None:
        self._mended = Path(mended)

    def propose(self, brief: Brief, turn: Turn) -> Proposal:
        if not self._mended.exists():
            raise ZeroDivisionError("a bug of the agent's")
        return Proposal(plan="nothing", code="print('nothing')")


_: type[Agent] = Crashing


class Heard(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


def crashing(place: Path) -> dict[str, Any]:
    path = "tests.bench.test_runner:Crashing"
    return {
        "label": "crashing",
        "kind": "custom",
        "path": path,
        "options": {"mended": str(place / "mended")},
    }


def ages(place: Path) -> dict[str, int]:
    """When each result was written."""
    found = [*place.glob("out/runs/*/result.json"), *place.glob("out/baselines/*.json")]
    return {str(path): path.stat().st_mtime_ns for path in found}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def first(place: Path) -> tuple[dict[str, str], tuple[Measured, ...], list[str]]:
    """A study with baselines that need no run, one real run, and one that crashes."""
    heard = Heard()
    plan = plan_of(
        place,
        agents=[crashing(place), "heuristic"],
        baselines=DIRECT,
        modes=["one-shot"],
        at_once=2,
    )
    with held(plan.places):
        problems = carry(plan, heard)
    return problems, measured(plan, problems), heard.lines


def test_a_crash_is_a_line_of_the_study_and_not_its_end(
    place: Path, first: tuple[dict[str, str], tuple[Measured, ...], list[str]]
) -> None:
    problems, cells, _ = first
    assert [m.cell.contestant for m in cells if m.problem] == ["crashing"]
    assert list(problems.values()) == ["ZeroDivisionError: a bug of the agent's"]
    assert json.loads((place / "out" / "problems.json").read_text()) == problems
    planned = json.loads((place / "out" / "jobs.json").read_text())
    assert sum(len(job["cells"]) for job in planned) == len(cells)
    assert set(problems) < {job["key"] for job in planned}


def test_every_cell_has_its_scores(
    first: tuple[dict[str, str], tuple[Measured, ...], list[str]],
) -> None:
    by_name = {m.cell.contestant: m for m in first[1]}
    for name in (*DIRECT, "heuristic"):
        found = by_name[name]
        assert len(found.items) == len(found.groups) == len(found.topics) == 84
        assert len(found.base) == 84
        assert [len(scores) for scores in found.private] == [84]
        assert found.readable is not None
    assert by_name["base"].private == (by_name["base"].base,)
    assert by_name["heuristic"].result is not None
    assert by_name["heuristic"].run.startswith("runs/heuristic-short-one-shot-scratch-0-")


def test_it_says_how_far_it_is_and_how_long_the_rest_takes(
    first: tuple[dict[str, str], tuple[Measured, ...], list[str]],
) -> None:
    lines = first[2]
    assert lines[0] == "0 of 4 runs and baselines are there; 4 to make"
    assert len(lines) == 5
    assert sum("left" in line for line in lines) >= 2
    assert any(
        line.startswith("crashing-short-one-shot-scratch-0: no result: Zero") for line in lines
    )


def test_the_base_model_and_the_splits_are_asked_once(place: Path, first: object) -> None:
    assert (place / "out" / "shared" / "answers.sqlite").is_file()


def test_the_next_start_tries_again_what_failed_and_nothing_else(
    place: Path, first: tuple[dict[str, str], tuple[Measured, ...], list[str]]
) -> None:
    before = ages(place)
    (place / "mended").touch()
    study = study_of(
        place, agents=[crashing(place), "heuristic"], baselines=DIRECT, modes=["one-shot"]
    )
    outcome = run_study(study, place / "out", Silent())
    assert (outcome.missing, outcome.cells) == (0, 4)
    after = ages(place)
    assert before.items() <= after.items()
    assert len(after) == len(before) + 1
    crashed = next(place.glob("out/runs/crashing*/result.json"))
    assert json.loads(crashed.read_text())["status"] == "no-valid-submission"


def test_two_processes_on_one_folder_are_kept_apart(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, baselines=["base"])
    plan.places.folder.mkdir()
    lock = hold(plan.places.folder, "study")
    with pytest.raises(RunHeld, match="this study"):
        run_study(plan.study, plan.places.folder, Silent())
    lock.release()


def test_a_study_that_is_stopped_and_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    file = write_study(tmp_path, baselines=["base", "format-only"])
    command = [
        sys.executable,
        "-m",
        "coursewright",
        "bench",
        str(file),
        "-o",
        str(tmp_path / "out"),
    ]
    going = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        preexec_fn=hear_interrupts,
    )
    while not ages(tmp_path):
        assert going.poll() is None
        time.sleep(0.05)
    going.send_signal(signal.SIGINT)
    told = (going.communicate()[1] or b"").decode()
    assert (going.returncode, "the same command goes on" in told) == (130, True)
    before = ages(tmp_path)

    for log in tmp_path.glob("out/logs/*.log"):
        log.unlink()
    going = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while not list(tmp_path.glob("out/logs/*.log")):
        assert going.poll() is None
        time.sleep(0.05)
    going.kill()
    going.wait()

    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["missing"] == 0
    assert before.items() <= ages(tmp_path).items()
    assert len(ages(tmp_path)) == 2
