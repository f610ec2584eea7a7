"""The studies in examples/: each can be planned, and names its own command."""

from __future__ import annotations

from pathlib import Path

import pytest

from coursewright.bench import load_study, plan_study
from coursewright.tasks import builtin_tasks

EXAMPLES = Path(__file__).parents[2] / "examples" / "studies"
STUDIES = sorted(EXAMPLES.glob("*.yaml"))


@pytest.mark.parametrize("file", STUDIES, ids=lambda file: file.stem)
def test_a_study_can_be_planned_and_names_its_own_command(file: Path) -> None:
    assert f"coursewright bench examples/studies/{file.name}" in file.read_text()
    plan = plan_study(load_study(file))
    assert 0 < len(plan.jobs) <= len(plan.cells)
    assert plan.study.name == file.stem


def test_the_embedded_study_covers_every_built_in_task_and_axis() -> None:
    study = load_study(EXAMPLES / "embedded.yaml")
    assert {entry.task for entry in study.tasks} == set(builtin_tasks())
    assert len(study.feedback) == 5
    assert len(study.seeds) == 3
