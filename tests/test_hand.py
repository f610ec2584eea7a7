"""A run that waits for a person, for real: nothing passes its gates, whatever is killed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from coursewright.store import Requests, is_held
from tests.commands import cw
from tests.parrot import PARROT
from tests.short import CONFIG, prepare

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

COMMAND = [sys.executable, "-m", "coursewright"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def begin(place: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a command; whatever of it is left at the end is killed."""
    begun: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        begun.append(
            subprocess.Popen(
                [*COMMAND, *arguments, "--runs", str(place)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        )
        return begun[-1]

    yield start
    for process in begun:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def say(place: Path, *arguments: str) -> Any:
    """Run one command to its end and return what it says."""
    done = cw(*arguments, "--runs", str(place), "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def waits(place: Path, process: subprocess.Popen[str], gate: str) -> None:
    """Return once the run waits there; it has to live meanwhile."""
    run = place / "gated"
    requests = Requests(run / "requests.sqlite")
    # What an earlier process waited for stands there until it is answered.
    while (now := requests.waiting()) is None or now.gate != gate or not is_held(run):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.1)


def calls(place: Path) -> int:
    """Calls that were reserved so far: none goes upstream without."""
    path = place / "gated" / "ledger.sqlite"
    if not path.exists():
        return 0
    with sqlite3.connect(path) as ledger:
        count: int = ledger.execute("SELECT count(*) FROM calls").fetchone()[0]
        return count


def test_no_call_passes_an_unapproved_gate_even_across_kills(
    place: Path, begin: Callable[..., subprocess.Popen[str]]
) -> None:
    task = prepare(place)[0]
    config = place / "gated.yaml"
    less = {"budget": {"rounds": 1}, "noise_seeds": 0, "student": PARROT.model_dump()}
    settings = {**CONFIG, **less, "gates": ["plan", "sample"]}
    config.write_text(yaml.safe_dump(settings))

    run = begin("run", task, "--config", str(config), "--name", "gated")
    waits(place, run, "plan")
    assert say(place, "list")["runs"][0]["waiting"] == "the plan of round 0"
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert calls(place) == 0

    again = begin("resume", "gated")
    waits(place, again, "plan")
    assert calls(place) == 0
    assert "def main" in "\n".join(say(place, "approve", "gated", "--show")["lines"])
    say(place, "steer", "gated", "Too late for this round.")
    said = say(place, "approve", "gated")
    assert (said["kind"], said["about"]) == ("approved", "the plan of round 0")
    waits(place, again, "sample")
    spent = calls(place)
    assert spent > 0
    say(place, "stop", "gated")
    assert again.wait(timeout=60) == 130
    # What is answered while no process is there counts as well.
    assert "rows" in say(place, "approve", "gated", "--show")["lines"][0]
    say(place, "approve", "gated", "--reject", "Half of it is about levers.")

    last = begin("resume", "gated", "--json")
    out, err = last.communicate(timeout=300)
    assert last.returncode == 3, err
    result = json.loads(out)
    assert calls(place) == spent
    assert result["human_inputs"] == [
        "task",
        "approved plan of round 0",
        "rejected data set of round 0",
    ]
    assert result["rounds"][0]["status"] == "failed"
    assert result["full_trainings"] == 0
    round_zero = json.loads((place / "gated/rounds/000/round.json").read_text())
    assert "about levers" in round_zero["feedback"]["error"]


def test_what_cannot_be_said_to_a_run_is_told_in_a_line(place: Path) -> None:
    for arguments, told in (
        (["approve", "gated"], "waits for nobody"),
        (["steer", "gated", "hello"], "has finished"),
        (["stop", "gated"], "has finished"),
        (["steer", "nowhere", "hello"], "no run"),
    ):
        done = cw(*arguments, "--runs", str(place))
        assert done.returncode == 2
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1
