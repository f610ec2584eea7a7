"""The command line: bad input is one line with the right exit code, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import cw

pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "no-such-task"], "no-such-task"),
        (["run", "science-mini", "--agent", "wizard"], "--agent"),
        (["run", "science-mini", "--teacher", "wizard"], "--teacher"),
        (["run", "science-mini", "--student", "wizard"], "--student"),
        (["run", "science-mini", "--agent", "coursewright.search:GreedySearch"], "'propose'"),
        (["run", "science-mini", "--agent", "heuristic:large"], "--agent"),
        (["run", "science-mini", "--teacher", "coursewright.search:GreedySearch"], "'complete'"),
        (["run", "science-mini", "--agent", "program:missing.py"], "missing.py"),
        (["run", "science-mini", "--agent", "replay:missing.jsonl"], "missing.jsonl"),
        (["run", "science-mini", "--mode", "twice"], "mode"),
        (["run", "science-mini", "--protocol", "guarded-basic"], "--protocol"),
        (["run", "science-mini", "--incumbent", "missing.jsonl"], "missing.jsonl"),
        (["run", "science-mini", "--rounds", "0"], "budget.rounds"),
        (["run", "science-mini", "--config", "missing.yaml"], "missing.yaml"),
        (["run", "science-mini", "--name", "../out"], "name"),
        (["resume", "nobody"], "nobody"),
        (["show", "nobody"], "nobody"),
        (["reproduce", "nobody"], "nobody"),
        (["try", "nobody", "?"], "nobody"),
        (["prune", "nobody"], "nobody"),
        (["export", "nobody", "--to", "/nowhere/out"], "nobody"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = cw(*arguments, "--runs", str(tmp_path))
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_process_of_its_own_says_the_same(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "coursewright", "show", "nobody", "--runs", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    said = cw(*command[3:])
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said.stderr)


def test_a_student_that_cannot_be_loaded_leaves_no_run(tmp_path: Path) -> None:
    model, runs = tmp_path / "model", tmp_path / "runs"
    model.mkdir()
    (model / "config.json").write_text("{}")
    done = cw("run", "science-mini", "--student", f"hf:{model}", "--runs", str(runs))
    assert done.returncode == 2
    assert "[student]" in done.stderr.splitlines()[-1]
    assert list(runs.iterdir()) == []


def test_a_task_the_teacher_does_not_know_names_the_teacher(tmp_path: Path) -> None:
    task = tmp_path / "birds"
    assert cw("task", "new", str(task)).returncode == 0
    done = cw("run", str(task), "--runs", str(tmp_path / "runs"))
    assert done.returncode == 2
    assert "--teacher" in done.stderr


def test_help_imports_no_heavy_library() -> None:
    probe = "import sys; sys.argv = ['c', '--help']\nimport coursewright.cli as c\n"
    probe += "try: c.main()\nexcept SystemExit: pass\n"
    probe += "print({'torch', 'numpy', 'rich', 'aiohttp', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


def test_a_run_without_a_server_imports_no_client_of_servers() -> None:
    # Each of these is a process of a run; the client's library takes half a second.
    for module in ("runs", "student.worker", "teacher.gateway"):
        probe = f"import sys, coursewright.{module}\n"
        probe += "print({'openai', 'torch', 'pandas', 'scipy'} & set(sys.modules))"
        command = [sys.executable, "-c", probe]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "set()", module


def test_doctor_and_task_list_speak_json() -> None:
    report = json.loads(cw("doctor", "--json").stdout)
    assert set(report) == {
        *("isolation", "accelerators", "executor", "endpoints", "problems", "versions")
    }
    assert report["isolation"]["verified"] is True
    names = [task["name"] for task in json.loads(cw("task", "list", "--json").stdout)["tasks"]]
    assert names == ["code-mini", "finance-mini", "science-mini", "word-problems"]


def test_doctor_asks_the_servers_of_a_config(tmp_path: Path) -> None:
    config = tmp_path / "run.yaml"
    config.write_text(
        "teacher: {kind: openai, model: m, base_url: 'http://127.0.0.1:9/v1'}\n"
        "executor: {slots: 2, slots_per_gpu: 2}\n"
    )
    done = cw("doctor", "--config", str(config), "--json")
    report = json.loads(done.stdout)
    (server,) = report["endpoints"]
    assert server["role"] == "teacher"
    assert "127.0.0.1:9" in server["problem"]
    assert report["executor"] == {"what": "local, 2 slots", "problem": None}
    assert (report["problems"], done.returncode) == ([], 2)


def test_doctor_asks_the_students_server_too(tmp_path: Path) -> None:
    config = tmp_path / "run.yaml"
    config.write_text(
        "student: {kind: hf, model: o/m, server: {base_url: 'http://127.0.0.1:9/v1'}}\n"
    )
    done = cw("doctor", "--config", str(config))
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("student"))
    assert "http://127.0.0.1:9/v1 does not answer" in line
    assert done.returncode == 2


def test_doctor_says_what_a_run_of_its_config_would_refuse(tmp_path: Path) -> None:
    config = tmp_path / "run.yaml"
    assert cw("task", "new", str(tmp_path / "birds")).returncode == 0
    config.write_text(f"task: {tmp_path / 'birds'}\npolicy: nope.yaml\n")
    done = cw("doctor", "--config", str(config))
    said = [line for line in done.stdout.splitlines() if line.startswith("problem")]
    assert len(said) == 2
    assert "nope.yaml" in said[0]
    assert "birds" in said[1]
    assert done.returncode == 2
    config.write_text("task: science-mini\n")
    assert cw("doctor", "--config", str(config)).returncode == 0
    config.write_text("tasks: science-mini\nagents: heuristic\n")
    assert "coursewright bench" in cw("doctor", "--config", str(config)).stderr


def test_a_model_named_on_the_command_line_is_not_asked_for_at_the_files_server(
    tmp_path: Path,
) -> None:
    config = tmp_path / "run.yaml"
    config.write_text("teacher: openai:near@http://127.0.0.1:8000/v1\n")
    named = ("--config", str(config), "--teacher", "openai:far", "--plan")
    told = cw("run", "science-mini", *named).stdout
    assert "teacher far at https://api.openai.com/v1" in told


def test_a_checked_task_says_ok_and_a_broken_one_where(tmp_path: Path) -> None:
    told = json.loads(cw("task", "check", "science-mini", "--json").stdout)
    assert (told["ok"], told["problems"]) == (True, [])
    assert {size["split"] for size in told["sizes"]} == {"visible", "scored", "private"}
    (tmp_path / "task.yaml").write_text("name: [")
    done = cw("task", "check", str(tmp_path), "--json")
    assert done.returncode == 2
    report = json.loads(done.stdout)
    assert report["ok"] is False
    assert {"file", "line", "field", "message"} == set(report["problems"][0])


def test_list_of_nothing_is_empty(tmp_path: Path) -> None:
    assert json.loads(cw("list", "--runs", str(tmp_path), "--json").stdout) == {"runs": []}


@pytest.mark.parametrize("place", ["/proc/nowhere", "/dev/null/runs"])
def test_a_place_that_cannot_hold_runs_is_named(place: str) -> None:
    done = cw("run", "science-mini", "--runs", place)
    assert done.returncode == 2
    assert place in done.stderr
    assert done.stderr.count("\n") == 1
