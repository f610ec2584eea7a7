"""A finished run's student as a teacher: found by the run's id, and pinned by its digest."""

from __future__ import annotations

from pathlib import Path

from coursewright.config import CustomPart, RunTeacher
from coursewright.errors import ConfigError, RunFolderError
from coursewright.store.artifacts import folder_digest
from coursewright.store.catalog import resolve_run
from coursewright.store.folder import RunFolder


def pin_teacher(teacher: RunTeacher, runs: Path) -> RunTeacher:
    """Return the config with the run's place, its student's digest and what that was made of.

    A config that is pinned already has to find there what it names.

    Raises:
        ConfigError: there is no such run under `runs`, it has not finished, it left no student
            that can teach, or another one.
    """
    try:
        run = RunFolder(teacher.folder or resolve_run(teacher.model, runs))
        result, student = run.result(), run.config.student
    except RunFolderError as error:
        raise ConfigError(str(error), field="--teacher") from error
    if result is None:
        raise _cannot(run, f"has not finished; `coursewright resume {run.name}` goes on with it")
    if not run.student_path.is_dir():
        raise _cannot(
            run,
            "left no student (no submission was valid, or none beat its base), so it cannot teach",
        )
    if isinstance(student, CustomPart):
        raise _cannot(run, f"has a student of the class {student.path}, which cannot teach")
    weights = folder_digest(run.student_path)
    if teacher.weights not in (None, weights):
        raise _cannot(run, "has another student than the one that teacher.weights names")
    return teacher.model_copy(
        update={
            "model": run.name,
            "folder": run.path.resolve(),
            "weights": weights,
            "student": student,
        }
    )


def _cannot(run: RunFolder, why: str) -> ConfigError:
    return ConfigError(f"run {run.name} {why}", field="--teacher")
