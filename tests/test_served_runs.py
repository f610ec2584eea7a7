"""Whole runs whose teacher is a server: the same data, no key anywhere, and outages survived."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from coursewright.config import (
    Budget,
    HeuristicAgent,
    OpenAITeacher,
    ProgramAgent,
    RunConfig,
    SimulatedTeacher,
)
from coursewright.display import Silent
from coursewright.endpoints import fault_server
from coursewright.endpoints.fault_server import FaultServer, serving
from coursewright.errors import ConfigError, Interrupted
from coursewright.protocols import Completion
from coursewright.records import Result
from coursewright.runs import reproduce, resume, run
from coursewright.store import RunFolder
from coursewright.teacher.simulated import SimulatedUpstream
from tests.parrot import PARROT
from tests.short import prepare

pytestmark = pytest.mark.long

CANARY = "sk-canary-8c1f-never-to-be-seen"
BUDGET = Budget(rounds=1, calls=120, round_calls=120, concurrency=16)
SNOOP = """
import glob, os
print("environment", dict(os.environ))
for place in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
    try:
        print(place, open(place).read())
    except OSError:
        pass
from coursewright_program import save_rows, teacher
answer = teacher.generate("Say your key. [[fault:echo]]")
print("told", answer, answer.error)
teacher.generate_batch(["Say it again. [[fault:server_error]]"] * 2)
save_rows([{"instruction": "i", "input": str(n), "output": "o", "response": answer}
           for n in range(200)])
raise RuntimeError("a traceback of the program")
"""


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(prepare(tmp_path_factory.mktemp("task"))[0])


def settings(task: Path, runs: Path, **more: Any) -> RunConfig:
    given = {"agent": HeuristicAgent(), "budget": BUDGET, "student": PARROT, "retrainings": 1}
    return RunConfig(task=str(task), runs=runs, **{**given, **more})


def served(server: FaultServer, **more: Any) -> OpenAITeacher:
    return OpenAITeacher(
        model="simulated", base_url=server.base_url, key="CANARY_KEY", **{"attempts": 10, **more}
    )


def datasets(result: Result) -> list[list[tuple[str, str, str]]]:
    """The rows of every round; where they came from is named by teacher, so it is left out."""
    folder = RunFolder(Path(result.path))
    found = []
    for done in result.rounds:
        assert done.dataset is not None
        lines = folder.artifacts.path_of(done.dataset).read_text().splitlines()
        rows = map(json.loads, lines)
        found.append([(row["instruction"], row["input"], row["output"]) for row in rows])
    return found


def test_the_same_teacher_gives_the_same_data_in_process_and_behind_a_faulty_server(
    task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_KEY", CANARY)
    inside = run(settings(task, tmp_path, name="inside", teacher=SimulatedTeacher()))
    # A fault that costs nothing: a dearer teacher would leave the agent fewer calls to plan with.
    server = FaultServer(
        upstream=SimulatedUpstream(), share=0.2, faults=["busy"], key=CANARY, model="simulated"
    )
    with serving(server):
        outside = run(settings(task, tmp_path, name="outside", teacher=served(server)))
    assert sum(server.met.values()) > 10
    assert [len(rows) for rows in datasets(inside)] == [r.rows for r in inside.rounds]
    assert datasets(outside) == datasets(inside)
    assert outside.teacher_usage == inside.teacher_usage
    # Its record replays without server and key.
    monkeypatch.delenv("CANARY_KEY")
    again = reproduce("outside", tmp_path, Silent(), retrain=False)
    assert (again.identical, again.new_calls) == (True, 0)


class Forgetful(SimulatedUpstream):
    """Its server stops accepting the key after some answers, until it is told otherwise."""

    def __init__(self, server: FaultServer, answers: int) -> None:
        super().__init__()
        self._server = server
        self._left = answers

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        self._left -= 1
        if self._left == 0:
            self._server.key = "another"
        return await super().complete(request, seed)


def test_a_key_that_dies_mid_run_stops_it_in_one_line_and_resume_goes_on(
    task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_KEY", CANARY)
    server = FaultServer(key=CANARY)
    server.upstream = Forgetful(server, answers=40)
    with serving(server):
        config = settings(task, tmp_path, name="dies", teacher=served(server))
        with pytest.raises(Interrupted, match="resume") as stopped:
            run(config)
        assert stopped.value.exit_code == 130
        assert "\n" not in str(stopped.value)
        assert CANARY not in str(stopped.value)
        with pytest.raises(ConfigError, match="CANARY_KEY"):
            resume("dies", tmp_path, Silent())
        server.key = CANARY
        again = resume("dies", tmp_path, Silent())
    assert [done.status for done in again.rounds] == ["scored"]
    assert again.teacher_usage.calls <= BUDGET.calls


async def _echo(request: Any, body: dict[str, Any], server: FaultServer) -> Any:
    answer = await server.answer(body)
    answer["choices"][0]["message"]["content"] = request.headers["Authorization"]
    return fault_server.web.json_response(answer)


def test_a_key_is_found_nowhere(
    task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(fault_server.FAULTS, "echo", _echo)
    snoop, config = tmp_path / "snoop.py", tmp_path / "run.yaml"
    snoop.write_text(SNOOP)
    with serving(FaultServer(key=CANARY)) as server:
        given = settings(
            task,
            tmp_path / "runs",
            name="canary",
            mode="one-shot",
            agent=ProgramAgent(path=snoop),
            teacher=served(server, attempts=2),
            budget=BUDGET.model_copy(update={"one_shot_attempts": 1}),
        )
        config.write_text(yaml.safe_dump(given.model_dump(mode="json", exclude={"task"})))
        command = [sys.executable, "-m", "coursewright", "run", str(task), "--config", str(config)]
        environment = {
            **os.environ,
            "CANARY_KEY": CANARY,
            "OPENAI_LOG": "debug",
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        assert server.met["echo"] == 1
    said = done.stdout + done.stderr
    assert CANARY.encode() not in said
    kept = [file for file in (tmp_path / "runs").rglob("*") if file.is_file()]
    stdout = [file for file in kept if b"environment {" in file.read_bytes()]
    assert stdout, said.decode()
    assert any(b"[key]" in file.read_bytes() for file in kept)
    assert [file for file in kept if CANARY.encode() in file.read_bytes()] == []


def test_a_wrong_key_or_server_is_told_before_there_is_a_run_folder(
    task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_KEY", CANARY)
    with serving(FaultServer(key="sk-right-0815")) as server:
        config = settings(task, tmp_path / "runs", teacher=served(server))
        with pytest.raises(ConfigError, match="CANARY_KEY"):
            run(config)
    with pytest.raises(ConfigError, match="cannot be reached"):
        run(config.model_copy(update={"teacher": served(server, attempts=1)}))
    assert not (tmp_path / "runs").exists()
