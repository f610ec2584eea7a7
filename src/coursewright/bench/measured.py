"""What a study's folder holds: finished jobs read back, cell by cell."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from coursewright.bench.baselines.direct import Sitting
from coursewright.bench.cells import Cell, Measured
from coursewright.bench.plan import Job, Places, Plan
from coursewright.errors import RunFolderError
from coursewright.records import Evaluation, PrivateOpening, Result
from coursewright.store import RunFolder, read_stages


def name_of(job: Job, places: Places) -> str:
    """Return what a job is called in the folder: labels may have changed since it was begun."""
    folder = places.runs if job.direct is None else places.direct
    ending = "" if job.direct is None else ".json"
    begun = sorted(folder.glob(f"*-{job.key}{ending}")) if folder.is_dir() else []
    return begun[0].name.removesuffix(ending) if begun else job.name


def result_file(job: Job, places: Places) -> Path:
    """Return the file that is there once a job is done."""
    name = name_of(job, places)
    if job.direct is not None:
        return places.direct / f"{name}.json"
    return places.runs / name / "result.json"


def is_done(job: Job, places: Places) -> bool:
    """Whether a job has its result."""
    return result_file(job, places).is_file()


def seconds_of(job: Job, places: Places) -> float:
    """Return how long a finished job took, over all its sessions; 0 where that cannot be read."""
    try:
        told = json.loads(result_file(job, places).read_bytes())
        return float(told["seconds"]["total"] if job.direct is None else told["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0


def measured(plan: Plan, problems: dict[str, str]) -> tuple[Measured, ...]:
    """Return all cells of a study in their order, those without a result with the reason."""
    by_cell: dict[Cell, Measured] = {}
    for job in plan.jobs:
        for cell in job.cells:
            by_cell[cell] = _read(job, cell, plan.places, problems.get(job.key, "not made yet"))
    return tuple(by_cell[cell] for cell in plan.cells)


def _read(job: Job, cell: Cell, places: Places, reason: str) -> Measured:
    if not is_done(job, places):
        return Measured(cell=cell, problem=reason)
    try:
        if job.direct is not None:
            sitting = Sitting.model_validate_json(result_file(job, places).read_bytes())
            found = Measured(cell=cell, usage=sitting.teacher, seconds=sitting.seconds)
            return _with_scores(found, sitting.evaluations)
        return _read_run(cell, places, name_of(job, places))
    except (RunFolderError, ValidationError, OSError) as error:
        return Measured(cell=cell, problem=f"cannot be read: {' '.join(str(error).split())[:300]}")


def _read_run(cell: Cell, places: Places, name: str) -> Measured:
    folder = RunFolder(places.runs / name)
    result = folder.result()
    assert result is not None
    found = Measured(
        cell=cell,
        run=f"runs/{name}",
        result=result,
        rounds=result.rounds,
        usage=result.teacher_usage,
        seconds=result.seconds["total"],
    )
    sat = private_exam(folder, result)
    return _with_scores(found, sat) if sat else found


def private_exam(folder: RunFolder, result: Result) -> tuple[Evaluation, ...]:
    """Return how base model and retrained students did in a run's private exam, the base first.

    Where the base model was delivered it is its own student: the gain is 0. Empty where the exam
    was never opened. A data set that the user already had sits it too, and is left out.
    """
    opened = [s["outcome"] for s in read_stages(folder.journal_path) if s["kind"] == "private"]
    if not opened:
        return ()
    evaluations = PrivateOpening.model_validate_json(opened[-1]).evaluations
    if result.final is None or not result.final.retrainings:
        return (evaluations[0], evaluations[0])
    return evaluations[: 1 + result.final.retrainings]


def _with_scores(found: Measured, evaluations: Sequence[Evaluation]) -> Measured:
    """The base student's evaluation stands first."""
    base, students = evaluations[0].results, evaluations[1:]
    return found.model_copy(
        update={
            "items": tuple(answered.id for answered in base),
            "groups": tuple(answered.group for answered in base),
            "topics": tuple(answered.topic for answered in base),
            "base": tuple(answered.score for answered in base),
            "private": tuple(tuple(answered.score for answered in one.results) for one in students),
            "readable": sum(one.readable for one in students) / len(students) if students else None,
        }
    )
