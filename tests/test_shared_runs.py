"""Runs that share answers: the same data whoever came first, and no need of the folder later."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from coursewright.config import Budget, ProgramAgent, RunConfig
from coursewright.display import Silent
from coursewright.records import Result
from coursewright.runs import reproduce, resume, run
from coursewright.store import RunFolder
from tests.parrot import PARROT
from tests.short import prepare
from tests.test_frontier_run import PROGRAM

pytestmark = [pytest.mark.timeout(300), pytest.mark.long]


def test_a_second_run_gets_the_same_for_nothing_and_outlives_the_folder(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    task = prepare(tmp_path)[0]

    def play(name: str, shared: Path | None) -> Result:
        return run(
            RunConfig(
                task=task,
                agent=ProgramAgent(path=tmp_path / "program.py"),
                student=PARROT,
                budget=Budget(rounds=1, student_calls=1000, round_student_calls=1000),
                retrainings=1,
                runs=tmp_path / "runs",
                name=name,
                shared=shared,
            )
        )

    alone, first, second = (
        play(name, None if name == "alone" else tmp_path / "shared")
        for name in ("alone", "first", "second")
    )
    assert [r.rounds[0].dataset for r in (first, second)] == [alone.rounds[0].dataset] * 2
    assert [r.final for r in (first, second)] == [alone.final] * 2
    calls = alone.teacher_usage.calls
    assert [r.teacher_usage.calls for r in (first, second)] == [calls, calls]
    assert [r.teacher_usage.shared for r in (alone, first, second)] == [0, 0, calls]
    folders = [RunFolder(tmp_path / "runs" / name) for name in ("alone", "first", "second")]
    trained = [folder.rounds()[0].training for folder in folders]
    assert [one is not None and one.shared for one in trained] == [False, False, True]

    shutil.rmtree(tmp_path / "shared")
    assert "shared" not in (tmp_path / "runs" / "second" / "run.yaml").read_text()
    assert reproduce("second", tmp_path / "runs", Silent(), retrain=False).identical
    RunFolder(tmp_path / "runs" / "second").result_path.unlink()
    again = resume("second", tmp_path / "runs", Silent())
    assert again.final == second.final
    assert again.teacher_usage.calls == calls
