"""A whole run whose rows are conversations: with a parrot, and with a real step of training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coursewright.config import Budget, CustomPart, EmbeddedStudent, ProgramAgent, RunConfig
from coursewright.export import export_run
from coursewright.runs import run
from coursewright.store import RunFolder, read_rows
from coursewright.tasks import check_task
from tests.home import PROGRAM, SYSTEM, TOOLS, make_home

pytestmark = pytest.mark.long


def config_for(place: Path, student: Any, **more: Any) -> RunConfig:
    (place / "program.py").write_text(PROGRAM)
    return RunConfig(
        task=str(make_home(place / "home")),
        agent=ProgramAgent(path=place / "program.py"),
        teacher=CustomPart(path="tests.home:HomeTeacher"),
        student=student,
        budget=Budget(rounds=1),
        retrainings=1,
        runs=place / "runs",
        name="home",
        **more,
    )


def test_conversations_go_through_a_whole_run(tmp_path: Path) -> None:
    result = run(config_for(tmp_path, CustomPart(path="tests.home:HomeParrot")))
    (played,) = result.rounds
    assert (played.status, played.rows) == ("scored", 78), result.rounds
    assert played.dropped["call of no such tool"] == 1
    assert played.dropped["output is not that of its question in the named response"] == 1
    assert result.base is not None
    assert result.final is not None
    assert (result.base.private, result.final.private) == (0.0, 1.0)
    folder = RunFolder(tmp_path / "runs" / "home")
    rows = read_rows(folder.artifacts, str(result.final.dataset))
    assert all(row.form == "messages" for row in rows)
    assert rows[0].answer == '{"name": "set_heat", "arguments": {"degrees": 20, "room": "hall"}}'


@pytest.mark.train
def test_conversations_train_and_score_and_are_exported(tmp_path: Path) -> None:
    student = EmbeddedStudent(recipe={"epochs": 1, "max_length": 400})  # type: ignore[arg-type]
    # One epoch on 78 rows may not beat the base model, which would then be delivered.
    result = run(config_for(tmp_path, student, protocol="paper"))
    assert [played.status for played in result.rounds] == ["scored"]
    folder = RunFolder(tmp_path / "runs" / "home")
    training = folder.rounds()[0].training
    assert training is not None
    assert training.setup is not None
    assert training.supervised_tokens > 20 * training.rows, "the calls are what is trained on"
    assert training.setup.preamble is not None
    assert training.setup.preamble.system == SYSTEM

    export_run("home", tmp_path / "runs", str(tmp_path / "out"))
    place = tmp_path / "out" / "dataset"
    assert not (place / "alpaca").exists()
    row = json.loads((place / "messages" / "train.jsonl").read_text().split("\n")[0])
    assert [turn["role"] for turn in row["messages"]] == ["system", "user", "assistant"]
    (call,) = row["messages"][-1]["tool_calls"]
    assert json.loads(call["function"]["arguments"])["room"] == "hall"
    assert [tool["function"]["name"] for tool in json.loads(row["tools"])] == [
        tool["name"] for tool in TOOLS
    ]
    card = (tmp_path / "out" / "model" / "README.md").read_text()
    assert "set_light(room" in card, "nano's template knows no tools: they stand in the user turn"


def test_the_task_is_in_order_and_what_is_not_is_said(tmp_path: Path) -> None:
    assert check_task(str(make_home(tmp_path / "good"))) == []
    bad = make_home(tmp_path / "bad", instruction="Call a tool.", tools=TOOLS[1:])
    said = {(Path(p.file).name, p.field): p.message for p in check_task(str(bad))}
    assert "say it in `system`" in said["task.yaml", "instruction"]
    assert "there is no tool 'set_light'" in said["visible.jsonl", "answer"]
    assert "there is no tool 'set_light'" in said["sample_submission.json", "0.messages"]
