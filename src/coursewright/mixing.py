"""Rows beside those of programs: the user's own data set, and rows of the student's past.

Beside `wiring`, which makes every other part.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from coursewright.chat import item_body
from coursewright.config import RunConfig
from coursewright.exams import probe_items
from coursewright.families.drawing import FAMILY_OF
from coursewright.families.past import past_rows
from coursewright.protocols import Student
from coursewright.records import RowLimits, Task, TracedRow
from coursewright.seeding import derive
from coursewright.store import Artifacts, read_rows
from coursewright.student import ReplayingStudent
from coursewright.submission import OwnDataSet, SubmissionIntake

MOST_PAST = 20_000
"""Rows that are read of a user's file of the student's past."""


def make_intake(
    task: Task, artifacts: Artifacts, student: Student, rows: RowLimits
) -> SubmissionIntake:
    """Return the safe intake for rows of this task."""
    return SubmissionIntake(
        artifacts, rows, task.sample, student.special_tokens(), preamble=task.preamble
    )


def make_own_rows(
    config: RunConfig, task: Task, artifacts: Artifacts, student: Student
) -> OwnDataSet | None:
    """Return the data set that the user already has, if the config names one."""
    if config.incumbent is None:
        return None
    any_number = task.rows.model_copy(update={"minimum": 1})
    return OwnDataSet(
        config.incumbent.path,
        artifacts,
        make_intake(task, artifacts, student, any_number),
        maximum=task.rows.maximum,
        mixed=config.incumbent.mix,
    )


def with_replay(config: RunConfig, task: Task, student: Student, artifacts: Artifacts) -> Student:
    """Return the student, with rows of its past in every training if the config wants it."""
    replay = config.replay
    if replay is None:
        return student
    if replay.path is None:
        own = FAMILY_OF.get(task.name)
        exams = frozenset(
            item_body(item.question, item.context) for item in probe_items(task).get("probes", ())
        )

        def past(count: int) -> Sequence[TracedRow]:
            return past_rows(count, own, Random(derive(config.seed, "replay")), exams)

        said = f"families but {own}, seed {config.seed}"
        return ReplayingStudent(student, artifacts, past, replay.share, said)
    any_number = task.rows.model_copy(update={"minimum": 1, "maximum": MOST_PAST})
    intake = make_intake(task, artifacts, student, any_number)
    given = OwnDataSet(
        replay.path, artifacts, intake, maximum=MOST_PAST, mixed=False, field="replay.path"
    )
    digest = str(given.collect().rows)

    def some(count: int) -> Sequence[TracedRow]:
        rows = read_rows(artifacts, digest)
        return Random(derive(config.seed, "replay")).sample(rows, min(count, len(rows)))

    return ReplayingStudent(student, artifacts, some, replay.share, f"{digest}, seed {config.seed}")
