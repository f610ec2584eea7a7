"""What can be wrong with a study is found before its first cell, and by `bench --plan` as well."""

from __future__ import annotations

from collections.abc import Sequence

from coursewright.bench.measured import is_done
from coursewright.bench.plan import Job, Plan
from coursewright.bench.study import OWNED
from coursewright.config import RunConfig
from coursewright.errors import ConfigError, SeveralErrors, UsageError
from coursewright.exams import pick_scorer
from coursewright.preflight import (
    CHECKS,
    Check,
    check_knowledge,
    check_room,
    check_student,
    problems,
)
from coursewright.store import digest_of

DIRECT: tuple[Check, ...] = (check_student, pick_scorer)
"""What matters to a baseline without rounds; to the teacher's, the teacher too."""


def require_sound(plan: Plan, *further: Check) -> None:
    """Refuse a study some of whose missing cells could only fail; asks, fetches and starts nothing.

    `further` checks are made of every missing cell as well.

    Raises:
        SeveralErrors: a line for each thing that is wrong, however many cells it would have cost.
    """
    found: dict[str, None] = {}
    made: set[tuple[Check, str]] = set()
    for cell in plan.cells:
        try:
            job = plan.job_of(cell)
            task = plan.task(job.config.task)
        except UsageError as error:
            found[_in_study(error)] = None
            continue
        if is_done(job, plan.places):
            continue
        due = [(check, _matters(job.config, check)) for check in (*_checks(job), *further)]
        checks = [check for check, kind in due if (check, kind) not in made]
        made.update(due)
        found |= dict.fromkeys(map(_in_study, problems(job.config, task, checks)))
    if found:
        raise SeveralErrors(found)


def _checks(job: Job) -> Sequence[Check]:
    if job.direct is None:
        return CHECKS
    return (*DIRECT, check_knowledge) if job.direct.name == "teacher" else DIRECT


def _matters(config: RunConfig, check: Check) -> str:
    """What a check sees of a config, so that it is made once for all that are alike.

    To ask a teacher for what it knows takes a second, and no agent or student changes it; nor does
    anything but the student change how much room it takes.
    """
    if check is check_knowledge:
        return digest_of(config.model_dump(mode="json", include={"task", "teacher", "budget"}))
    if check is check_room:
        return digest_of(config.model_dump(mode="json", include={"student", "executor"}))
    unseen = {"seed", "feedback", "runs", "shared"}
    return digest_of(config.model_dump(mode="json", exclude=unseen))


def _in_study(error: UsageError) -> str:
    """The error in a line, with the field of the study file where a run's stood."""
    if not isinstance(error, ConfigError) or error.field is None:
        return str(error)
    field = error.field.removeprefix("--")
    head, dot, rest = field.partition(".")
    if head in OWNED:
        field = f"{OWNED[head]}{dot}{rest}"
    elif head in RunConfig.model_fields:  # else of a file that the study names
        field = f"run.{field}"
    return str(ConfigError(error.message, file=error.file, line=error.line, field=field))
