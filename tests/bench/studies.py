"""Study files for tests: a cut task, and a student that learns nothing at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from coursewright.bench import Plan, Study, load_study, plan_study
from tests.short import prepare

PARROT = {"label": "parrot", "kind": "custom", "path": "tests.parrot:Parrot"}


def write_study(place: Path, **settings: Any) -> Path:
    """Write a study file over the short task and the parrot."""
    task = place / "short-science"
    if not task.exists():
        prepare(place)
    data: dict[str, Any] = {
        "tasks": [{"label": "short", "task": str(task)}],
        "students": [PARROT],
        "seeds": [0],
        "run": {"retrainings": 1, "budget": {"rounds": 2}},
        "analysis": {"pictures": False},
        **settings,
    }
    file = place / "study.yaml"
    file.write_text(yaml.safe_dump(data, sort_keys=False))
    return file


def study_of(place: Path, **settings: Any) -> Study:
    return load_study(write_study(place, **settings))


def plan_of(place: Path, **settings: Any) -> Plan:
    return plan_study(study_of(place, **settings), place / "out")
