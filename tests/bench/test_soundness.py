"""What is wrong with a study is found before its first cell, and all of it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coursewright.bench import Plan, require_sound, run_study
from coursewright.bench.estimate import estimate, lines
from coursewright.bench.measured import result_file
from coursewright.display import Silent
from coursewright.errors import SeveralErrors
from coursewright.store.run import RunStore
from coursewright.student import memory
from coursewright.tasks import scaffold_task
from tests.bench.studies import plan_of, study_of
from tests.commands import cw
from tests.store.builders import config, result


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(plan: Plan) -> tuple[str, ...]:
    """The lines by which a study is refused; none if it is sound."""
    try:
        require_sound(plan)
    except SeveralErrors as error:
        return error.lines
    return ()


def own_task(place: Path) -> str:
    scaffold_task(place / "contracts")
    return str(place / "contracts")


@pytest.mark.parametrize("reference", ["program:nope.py", "replay:nope"])
def test_a_missing_file_names_the_field_of_the_study(place: Path, reference: str) -> None:
    (line,) = told(plan_of(place, agents=["heuristic", reference]))
    assert f"{reference.partition(':')[2]} [agents]: cannot be read" in line
    assert "name another file" in line


def test_every_problem_is_a_line_however_many_cells_it_costs(place: Path) -> None:
    refused: dict[str, Any] = {
        "tasks": [own_task(place), "science-mini"],
        "agents": ["heuristic", "program:nope.py", "no_such.module:Agent"],
        "teachers": ["simulated", "run:nope"],
        "seeds": [0, 1, 2],
        "modes": ["one-shot", "iterative"],
    }
    found = told(plan_of(place, **refused))
    assert len(found) == 4
    for said in ("nope.py [agents]", "no_such", "[teachers]: the simulated", "no run 'nope'"):
        assert sum(said in line for line in found) == 1


def test_the_command_prints_a_line_for_each_and_makes_no_folder(place: Path) -> None:
    study_of(place, agents=["program:a.py", "program:b.py"])
    for more in (["--plan"], []):
        done = cw("bench", "study.yaml", "-o", "out", *more)
        assert (done.returncode, done.stdout) == (2, "")
        assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["coursewright"] * 2
    assert not (place / "out").exists()


def test_who_asks_no_teacher_needs_none(place: Path) -> None:
    task = own_task(place)
    assert told(plan_of(place, tasks=task, baselines=["base", "few-shot"])) == ()
    (line,) = told(plan_of(place, tasks=task, baselines=["base", "teacher"]))
    assert "[teachers]" in line


def test_the_seed_setting_without_seeds_is_refused(place: Path) -> None:
    task = Path(own_task(place))
    (task / "seeds.jsonl").unlink()
    given = {"tasks": str(task), "teachers": "openai:m@http://127.0.0.1:9/v1"}
    assert told(plan_of(place, agents="heuristic", **given)) == ()
    (line,) = told(plan_of(place, agents="heuristic", settings=["scratch", "seed"], **given))
    assert "seeds.jsonl [settings]" in line


def test_what_is_there_is_not_looked_at_again(place: Path) -> None:
    unknown = {"agents": "heuristic", "tasks": own_task(place)}
    plan = plan_of(place, **unknown)
    assert len(told(plan)) == 1
    (job,) = plan.jobs
    file = result_file(job, plan.places)
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    assert told(plan_of(place, **unknown)) == ()


def test_a_run_that_list_shows_can_teach(place: Path) -> None:
    with RunStore.create(place / "runs", "first", config()) as store:
        store.student_path.mkdir()
        (store.student_path / "model.safetensors").write_bytes(b"weights")
        store.write_result(result("first"))
    plan = plan_of(place, agents="heuristic", teachers="run:first")
    assert told(plan) == ()
    (job,) = plan.jobs
    assert getattr(job.config.teacher, "folder", None) == (place / "runs" / "first").resolve()


def test_a_study_is_refused_before_a_student_is_fetched(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a plan fetches nothing")

    monkeypatch.setattr("coursewright.bench.plan.settle", refuse)
    monkeypatch.setattr("coursewright.anchoring.settle", refuse)
    students = {"students": "org/model-of-none"}
    assert len(plan_of(place, agents="heuristic", **students).jobs) == 1
    with pytest.raises(SeveralErrors, match=r"nope\.py"):
        run_study(study_of(place, agents="program:nope.py", **students), place / "out", Silent())


def test_a_plan_says_what_has_no_room_here_and_the_study_is_refused(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: 10**8)
    file = {"agents": "heuristic", "baselines": "base", "students": "nano", "seeds": [0, 1]}
    (line,) = (line for line in lines(estimate(plan_of(place, **file))) if "this machine" in line)
    assert "nano needs about" in line
    with pytest.raises(SeveralErrors, match="nano needs about") as refused:
        run_study(study_of(place, **file), place / "out", Silent())
    assert len(refused.value.lines) == 1


def test_a_student_is_fetched_once_and_this_is_told(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fetched(student: Any, say: Any) -> Any:
        asked.append(student.model)
        say("fetching")
        return student.model_copy(update={"revision": "0" * 40})

    class Heard(Silent):
        def __init__(self) -> None:
            self.lines: list[str] = []

        def say(self, line: str) -> None:
            self.lines.append(line)

    monkeypatch.setattr("coursewright.bench.plan.settle", fetched)
    study = study_of(place, agents="heuristic", students="org/model-of-none", seeds=[0, 1, 2])
    heard = Heard()
    plan = Plan(study, place / "out", heard)
    assert {getattr(job.config.student, "revision", "") for job in plan.jobs} == {"0" * 40}
    assert (asked, heard.lines) == (["org/model-of-none"], ["fetching"])
