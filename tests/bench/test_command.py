"""The command `bench`: what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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


def test_a_plan_heeds_the_cap_of_each_run_and_says_what_leaves(tmp_path: Path) -> None:
    server = {"kind": "openai", "model": "m", "base_url": "https://example.org/v1"}
    dear = {**server, "prices": {"input": 1000, "output": 1000}, "label": "dear"}
    settings = {"agents": "heuristic", "teachers": dear, "seeds": [0, 1]}

    def told(baselines: list[str], **budget: float) -> tuple[dict[str, Any], str]:
        run = {"budget": {"rounds": 2, **budget}}
        file = str(write_study(tmp_path, baselines=baselines, run=run, **settings))
        return json.loads(bench(file, "--plan", "--json")[1]), bench(file, "--plan")[1]

    assert told([])[0]["usd"] > 1000
    found, text = told([], cost_usd=3)
    assert (found["usd"], found["cap_usd"]) == (2 * 3, 3)
    assert "money cap  $3.00 for each run" in text
    assert "leaves     teacher m at https://example.org/v1: may be sent description" in text
    found, text = told(["teacher"], cost_usd=3)
    assert found["usd"] == 4 * 3
    assert "is asked the private questions" in text


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
