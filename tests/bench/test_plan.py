"""Which cells a study has, and which of them share a job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursewright.bench import Plan
from coursewright.bench.baselines import AS_RUNS
from coursewright.bench.cells import Cell
from coursewright.errors import ConfigError
from tests.bench.studies import plan_of

EVERYTHING = {
    "agents": ["heuristic", {"label": "again", "kind": "heuristic"}],
    "baselines": [
        *("base", "few-shot", "teacher", "format-only", "oracle", "seeds-only"),
        *("fixed-pipeline", "random-search", "heuristic", "heuristic-one-shot"),
    ],
    "settings": ["scratch", "seed"],
    "modes": ["one-shot", "iterative"],
    "seeds": [0, 1],
    "feedback": ["full", "shuffled", "withheld"],
    "brief": ["line", "visible", "seeds"],
}


def of(plan: Plan, contestant: str, seed: int = 0) -> list[Cell]:
    return [c for c in plan.cells if c.contestant == contestant and c.seed == seed]


def keys(plan: Plan) -> set[str]:
    return {job.key for job in plan.jobs}


def test_axes_are_crossed_and_ablations_stand_beside(tmp_path: Path) -> None:
    cells = of(plan_of(tmp_path, **EVERYTHING), "heuristic")
    main = [c for c in cells if c.kind == "agent" and c.feedback == "full"]
    default = {"scratch": "visible", "seed": "seeds"}
    assert len([c for c in main if c.brief == default[c.setting]]) == 4
    # `visible` and `seeds` are what the settings tell anyway.
    assert {(c.setting, c.brief, c.mode) for c in main if c.brief == "line"} == {
        ("scratch", "line", "one-shot"),
        ("scratch", "line", "iterative"),
    }
    heard = [c for c in cells if c.feedback != "full"]
    assert {(c.feedback, c.setting, c.mode) for c in heard} == {
        ("shuffled", "scratch", "iterative"),
        ("withheld", "scratch", "iterative"),
    }


def test_cells_that_cannot_differ_share_a_job(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, **EVERYTHING)
    shared = {job.key: job.cells for job in plan.jobs}
    assert sorted(cell for cells in shared.values() for cell in map(repr, cells)) == sorted(
        map(repr, plan.cells)
    )
    by_cell = {cell: job.key for job in plan.jobs for cell in job.cells}
    mine, again = of(plan, "heuristic"), of(plan, "again")
    assert by_cell[mine[0]] == by_cell[again[0]]
    base = [by_cell[of(plan, "base", seed)[0]] for seed in (0, 1)]
    assert base[0] == base[1], "the base model knows no seed"
    oracle = [by_cell[of(plan, "oracle", seed)[0]] for seed in (0, 1)]
    assert oracle[0] != oracle[1]


def test_baselines_with_rounds_have_the_iterating_agents_budget(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, **EVERYTHING)
    by_name = {job.cells[0].contestant: job for job in plan.jobs}
    for name in ("fixed-pipeline", "random-search"):
        config = by_name[name].config
        assert (config.mode, config.budget.rounds) == ("iterative", 2)
        assert config.budget == by_name["heuristic"].config.budget
    assert by_name["seeds-only"].config.setting == "seed"


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_one_value_more_only_adds_jobs(tmp_path: Path, data: st.DataObject) -> None:
    axis = data.draw(st.sampled_from(["seeds", "settings", "modes", "baselines", "feedback"]))
    whole: dict[str, Any] = {**EVERYTHING, "brief": []}
    fewer = {**whole, axis: whole[axis][: data.draw(st.integers(1, len(whole[axis]) - 1))]}
    if "iterative" not in fewer["modes"]:
        fewer["feedback"] = ["full"]
    assert keys(plan_of(tmp_path, **fewer)) <= keys(plan_of(tmp_path, **whole))


def test_the_same_file_gives_the_same_plan(tmp_path: Path) -> None:
    first, second = plan_of(tmp_path, **EVERYTHING), plan_of(tmp_path, **EVERYTHING)
    assert first.cells == second.cells
    assert [job.name for job in first.jobs] == [job.name for job in second.jobs]


def test_a_label_is_no_part_of_what_a_job_depends_on(tmp_path: Path) -> None:
    named = [{"label": "other name", "kind": "heuristic"}]
    assert keys(plan_of(tmp_path, agents=["heuristic"])) == keys(plan_of(tmp_path, agents=named))


def test_settings_task_and_program_decide_a_job(tmp_path: Path) -> None:
    program = tmp_path / "mine.py"
    program.write_text("1\n")
    agents = [f"program:{program}"]
    first = keys(plan_of(tmp_path, agents=agents))
    assert keys(plan_of(tmp_path, agents=agents, run={"retrainings": 2})) != first
    program.write_text("2\n")
    second = keys(plan_of(tmp_path, agents=agents))
    assert second != first
    description = tmp_path / "short-science" / "description.md"
    description.write_text(description.read_text() + "\nMore.\n")
    assert keys(plan_of(tmp_path, agents=agents)) not in (first, second)


def test_an_oracle_without_rows_is_refused_before_anything_starts(tmp_path: Path) -> None:
    plan_of(tmp_path, baselines=["base"])
    spec = tmp_path / "short-science" / "task.yaml"
    spec.write_text(yaml.safe_dump({**yaml.safe_load(spec.read_text()), "name": "mine"}))
    with pytest.raises(ConfigError, match="needs right rows for task 'short'"):
        _ = plan_of(tmp_path, baselines=["oracle"]).jobs


def test_every_baseline_that_is_a_run_can_be_made(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, baselines=list(AS_RUNS))
    assert len(plan.jobs) == len(AS_RUNS)
