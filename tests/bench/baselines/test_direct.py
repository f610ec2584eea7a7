"""Baselines without rounds: who is trained on what, who is shown what, and always the same."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from coursewright.bench.baselines import Direct
from coursewright.bench.baselines.direct import course, given_rows, mixed_up, sit
from coursewright.config import RunConfig
from coursewright.display import Silent
from coursewright.errors import TaskError
from coursewright.records import TracedRow
from coursewright.tasks import load_task
from tests.bench.studies import plan_of
from tests.bench.test_runner import Heard

TASK = load_task("science-mini")


def config_of(place: Path, name: str) -> tuple[Direct, RunConfig]:
    (job,) = plan_of(place, baselines=[name]).jobs
    assert job.direct is not None
    return job.direct, job.config


def test_an_oracle_is_right_and_fills_a_submission() -> None:
    rows = course(Direct(name="oracle", family="science"), TASK, seed=1)
    assert len(rows) == TASK.rows.maximum
    assert len({row.input for row in rows}) == len(rows)
    assert rows == course(Direct(name="oracle", family="science"), TASK, seed=1)
    assert rows != course(Direct(name="oracle", family="science"), TASK, seed=2)


def test_format_only_keeps_questions_and_answers_and_no_pair_of_them() -> None:
    right = course(Direct(name="oracle", family="science"), TASK, seed=1)
    wrong = course(Direct(name="format-only", family="science"), TASK, seed=1)
    assert [row.input for row in wrong] == [row.input for row in right]
    assert sorted(row.output for row in wrong) == sorted(row.output for row in right)
    assert sum(a.output == b.output for a, b in zip(wrong, right, strict=True)) < len(right) / 50


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_rows_are_mixed_up_too(count: int) -> None:
    rows = [TracedRow(instruction="", input=str(n), output=str(n)) for n in range(count)]
    mixed = mixed_up(rows, random.Random(1))
    assert sorted(row.output for row in mixed) == [str(n) for n in range(count)]
    assert count < 2 or all(row.output != row.input for row in mixed)


def test_a_training_split_of_ones_own_is_used_up_to_the_maximum(tmp_path: Path) -> None:
    file = tmp_path / "train.jsonl"
    rows = [{"input": f"question {n}", "output": str(n)} for n in range(3000)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    taken = course(Direct(name="oracle", rows=file), TASK, seed=1)
    assert len(taken) == TASK.rows.maximum
    assert all(row.input == f"question {row.output}" for row in taken)
    assert taken[0].instruction == TASK.instruction


@pytest.mark.parametrize(
    ("line", "said"),
    [("{}", "input"), ('{"input": "a"}', "output"), ("[]", "object"), ("", "empty")],
)
def test_a_bad_line_of_rows_is_said_with_its_number(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "train.jsonl"
    good = '{"input": "a", "output": "b"}\n'
    file.write_text(good + line + "\n" if line else "")
    with pytest.raises(TaskError, match=said if line != "{}" else "output") as error:
        given_rows(file, TASK)
    assert error.value.line == (2 if line else None)


def test_the_teacher_sits_the_exam_through_its_gateway(tmp_path: Path) -> None:
    direct, config = config_of(tmp_path, "teacher")
    sitting = sit(direct, config, tmp_path / "calls.sqlite", Silent())
    assert sitting.teacher.calls == 84
    base, teacher = sitting.evaluations
    assert [answered.id for answered in teacher.results] == [
        answered.id for answered in base.results
    ]
    assert teacher.accuracy > 0.5 > base.accuracy


@pytest.mark.parametrize("name", ["few-shot", "format-only", "base"])
def test_the_same_baseline_twice_measures_the_same(tmp_path: Path, name: str) -> None:
    direct, config = config_of(tmp_path, name)
    first, second = (sit(direct, config, tmp_path / "unused", Heard()) for _ in range(2))
    assert [e.results for e in first.evaluations] == [e.results for e in second.evaluations]
    assert not (tmp_path / "unused").exists()
