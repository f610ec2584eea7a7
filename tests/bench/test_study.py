"""A study file is short, and says where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from coursewright.bench import load_study
from coursewright.config import OpenAIAgent
from coursewright.errors import ConfigError

SHORT = """\
tasks: [science-mini, code-mini]
agents: [heuristic, openai:gpt-5@http://127.0.0.1:8000/v1]
baselines: [base, oracle]
settings: [scratch, seed]
modes: [one-shot, iterative]
"""


def read(place: Path, text: str) -> object:
    file = place / "mine.yaml"
    file.write_text(text)
    return load_study(file)


def refused(place: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as error:
        read(place, text)
    return error.value


def test_five_lines_make_a_study(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(SHORT)
    study = load_study(tmp_path / "mine.yaml")
    assert study.name == "mine"
    assert [entry.label for entry in study.tasks] == ["science-mini", "code-mini"]
    assert isinstance(study.agents[1].part, OpenAIAgent)
    assert study.agents[1].part.base_url == "http://127.0.0.1:8000/v1"
    assert (study.teachers[0].label, study.students[0].label) == ("simulated", "nano")


def test_a_single_value_needs_no_brackets(tmp_path: Path) -> None:
    text = "tasks: science-mini\nagents: {kind: heuristic, label: mine}\nseeds: 3\n"
    (tmp_path / "mine.yaml").write_text(text)
    study = load_study(tmp_path / "mine.yaml")
    assert (study.agents[0].label, study.seeds) == ("mine", (3,))


@pytest.mark.parametrize(
    ("text", "line", "field", "said"),
    [
        ("agents: heuristic\n", None, "tasks", "is missing"),
        ("tasks: science-mini\n", None, None, "nothing would be measured"),
        ("tasks: a\nagents: [heuristic, nobody]\n", 2, "agents.1", "nobody"),
        (
            "tasks: a\nagents:\n  - {kind: openai, model: m, top: 1}\n",
            3,
            "agents.0.top",
            "unknown setting",
        ),
        ("tasks: a\nagents:\n  - {kind: openai}\n", 3, "agents.0.model", "is missing"),
        ("tasks: a\nagents: [heuristic, heuristic]\n", 2, "agents", "stands twice"),
        ("tasks: a\nbaselines: [best]\n", 2, "baselines.0", "base"),
        ("tasks: a\nbaselines: base\nseeds: [0, -1]\n", 3, "seeds.1", "greater"),
        ("tasks: a\nbaselines: base\nfeedback: [loud]\n", 3, "feedback.0", "withheld"),
        ("tasks: a\nbaselines: base\nrun:\n  mode: one-shot\n", 3, "run", "`modes`"),
        (
            "tasks: a\nbaselines: base\nrun:\n  budget: {round: 4}\n",
            4,
            "run.budget.round",
            "`rounds`",
        ),
        ("tasks: a\nbaselines: base\nbrief: notes\n", None, None, "needs `notes: FILE`"),
        (
            "tasks: science-mini\nbaselines: {name: oracle, rows: {science: x.jsonl}}\n",
            None,
            None,
            "no task of this study; its tasks are science-mini",
        ),
        ("tasks: a\ntasks: b\n", 2, "tasks", "twice"),
        ("tasks: a\nbaselines: base\nsedes: [0]\n", 3, "sedes", "did you mean `seeds`?"),
        (
            "tasks: a\nteachers:\n  - {model: m}\n",
            3,
            "teachers.0",
            "expected `kind` to be one of simulated",
        ),
        ("tasks: [a\n", 2, None, "YAML"),
        ("- a\n", 1, None, "key: value"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, text: str, line: int | None, field: str | None, said: str
) -> None:
    error = refused(tmp_path, text)
    assert said in error.message
    assert error.file is not None
    assert error.file.endswith("mine.yaml")
    assert (error.line, error.field) == (line, field)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="missing"):
        load_study(tmp_path / "none.yaml")
