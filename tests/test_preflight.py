"""What can be wrong with a run is found before it begins, and by a plan as well."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from coursewright import preflight
from coursewright.config import RunConfig, load_config, parse_student
from coursewright.preflight import CHECKS, problems
from coursewright.tasks import load_task, task_folder
from tests.commands import cw

TASK = "science-mini"


def found(task: str = TASK, **settings: Any) -> list[str]:
    config = RunConfig.model_validate({"task": task, **settings})
    return [str(problem) for problem in problems(config, load_task(task), CHECKS)]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, from which no connection can be opened."""

    def refuse(*_: object) -> None:
        raise AssertionError("a plan opens no connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--agent", "program:nope.py"], "nope.py"),
        (["--agent", "replay:nope"], "nope"),
        (["--agent", "mine_of_none.agent:Agent"], "mine_of_none"),
        (["--teacher", "run:nope"], "there is no run 'nope'"),
        (["--student", "./nomodel"], "neither a folder nor an id"),
        (["--student", "model"], "no config.json"),
        (["--student", "mine_of_none.student:Student"], "mine_of_none"),
        (["--policy", "nope.yaml"], "nope.yaml"),
        (["--incumbent", "nope.jsonl"], "nope.jsonl"),
        (["--name", "taken"], "exists already"),
        (["--search", "mine_of_none.search:Search"], "mine_of_none"),
    ],
)
def test_a_plan_refuses_what_the_run_refuses_and_leaves_nothing(
    place: Path, arguments: list[str], said: str
) -> None:
    (place / "model").mkdir()
    (place / "runs" / "taken").mkdir(parents=True)
    before = sorted(place.rglob("*"))
    planned, run = cw("run", TASK, *arguments, "--plan"), cw("run", TASK, *arguments)
    assert (planned.returncode, planned.stdout) == (2, "")
    assert said in planned.stderr
    assert planned.stderr == run.stderr
    assert sorted(place.rglob("*")) == before


def test_a_task_of_ones_own_is_told_to_name_a_real_teacher(place: Path) -> None:
    new = cw("task", "new", "my-task")
    assert "--teacher openai:MODEL" in new.stdout.splitlines()[-1]
    planned = cw("run", "my-task", "--plan")
    assert planned.returncode == 2
    assert "`--teacher openai:MODEL@BASE_URL`" in planned.stderr
    assert cw("run", "my-task", "--teacher", "openai:gpt-5", "--plan").returncode == 0


def test_the_seed_setting_needs_seeds(place: Path) -> None:
    shutil.copytree(task_folder(TASK), place / "bare")
    assert found(str(place / "bare"), setting="seed") == []
    (place / "bare" / "seeds.jsonl").unlink()
    assert found(str(place / "bare")) == []
    (said,) = found(str(place / "bare"), setting="seed")
    assert "seeds.jsonl [setting]" in said
    assert "`scratch`" in said


def test_a_plan_fetches_no_student(place: Path) -> None:
    """Of one that only the hub has, the user's own rows are looked at without its tokenizer."""
    (place / "own.jsonl").write_text('{"instruction": "a", "input": "b", "output": "c"}\n')
    student = parse_student("org/nowhere").model_dump(mode="json")
    assert found(student=student, incumbent={"path": "own.jsonl"}) == []
    (place / "own.jsonl").write_text("{}\n")
    assert len(found(student=student, incumbent={"path": "own.jsonl"})) == 1


def test_rows_of_the_students_past_are_read(place: Path) -> None:
    (said,) = found(replay={"path": "past.jsonl"})
    assert "past.jsonl [replay.path]" in said


def test_a_cap_in_money_needs_prices_before_a_server_is_asked(place: Path) -> None:
    teacher = {"kind": "openai", "model": "nobody-knows-me", "base_url": "https://example.org/v1"}
    (said,) = found(teacher=teacher, budget={"cost_usd": 1})
    assert "[teacher.prices]" in said


def test_every_problem_is_found_not_the_first_alone(place: Path) -> None:
    several = found(agent={"kind": "program", "path": "nope.py"}, policy="nope.yaml")
    assert [line.partition(" ")[0].rstrip(":") for line in several] == ["nope.py", "nope.yaml"]


def test_whoever_asks_names_the_checks_that_matter(place: Path) -> None:
    config = RunConfig.model_validate(
        {"task": TASK, "agent": {"kind": "program", "path": "nope.py"}}
    )
    assert list(problems(config, load_task(TASK), [preflight.check_student])) == []


@pytest.mark.parametrize("file", sorted(Path("examples").resolve().glob("*.yaml")))
def test_the_examples_can_be_begun(file: Path) -> None:
    config = load_config(file, {"task": TASK})
    assert list(problems(config, load_task(TASK), CHECKS)) == []
