"""The command `bench`: what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import coursewright.bench
from coursewright.bench import StudyOutcome
from coursewright.cli import app
from coursewright.errors import StudyIncomplete
from tests.bench.studies import write_study


def bench(*arguments: str) -> tuple[int, str, BaseException | None]:
    done = CliRunner().invoke(app, ["bench", *arguments])
    return done.exit_code, done.stdout, done.exception


def test_a_plan_starts_nothing_and_says_what_it_may_cost(tmp_path: Path) -> None:
    settings = {"agents": "heuristic", "baselines": ["base", "teacher"], "seeds": [0, 1]}
    file = str(write_study(tmp_path, **settings))
    code, text, _ = bench(file, "-o", str(tmp_path / "out"), "--plan", "--json")
    told = json.loads(text)
    assert code == 0
    assert (told["cells"], told["jobs"], told["done"]) == (6, 5, 0)
    assert told["teacher_calls"] == 2 * 4000 + 2 * 2 * 84
    assert not (tmp_path / "out").exists()
    assert "nothing was started" in bench(file, "--plan")[1]


def test_it_fails_in_words_while_cells_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = StudyOutcome(
        name="s", folder="out", cells=3, missing=1, problems={"a": "lost"}, lines=("2 of 3",)
    )
    monkeypatch.setattr(coursewright.bench, "run_study", lambda *_: outcome)
    _, text, error = bench(str(write_study(tmp_path, baselines="base")))
    assert text == "2 of 3\n"
    assert isinstance(error, StudyIncomplete)
    assert error.exit_code == 1
    assert "1 of 3 cells have no result" in str(error)
