"""Studies: many runs from one short file, and the tables made of them.

    study file ─► cells ─► jobs ─► runs, several at a time ─► what was measured ─► tables

`study` reads the file, `plan` makes cells and jobs of it, `soundness` refuses what could only fail,
`runner` carries the rest out in processes of their own (`worker`), `measured` reads them back, and
`analysis` makes the tables. `docs/studies.md` is for users.
"""

from __future__ import annotations

from pathlib import Path

from coursewright.bench.analysis import lines, report
from coursewright.bench.analysis.pictures import require_matplotlib
from coursewright.bench.cells import Cell, Measured
from coursewright.bench.measured import measured
from coursewright.bench.plan import Plan
from coursewright.bench.runner import carry, held
from coursewright.bench.soundness import require_sound
from coursewright.bench.study import Study, load_study
from coursewright.preflight import check_room
from coursewright.protocols import Progress
from coursewright.records import Record

__all__ = [
    "Cell",
    "Measured",
    "Plan",
    "Study",
    "StudyOutcome",
    "load_study",
    "plan_study",
    "require_sound",
    "run_study",
]


class StudyOutcome(Record):
    """What `bench` prints."""

    name: str
    folder: str
    cells: int
    missing: int
    """Cells without a result."""
    problems: dict[str, str]
    """Why, by cell in words."""
    lines: tuple[str, ...]
    """The study in short, for people."""


def plan_study(study: Study, folder: Path | None = None, progress: Progress | None = None) -> Plan:
    """Return a study's cells and jobs; `folder` is by default `studies/NAME`.

    `progress` hears of students that are fetched from the hub; without one none is.

    Raises:
        TaskError: a task cannot be loaded.
        ConfigError: something that the study names cannot be used.
    """
    return Plan(study, folder or Path("studies") / study.name, progress)


def run_study(study: Study, folder: Path | None, progress: Progress) -> StudyOutcome:
    """Carry a study on from wherever it is, and write its tables.

    Raises:
        SeveralErrors: a line for each thing that the study names and that cannot be used.
        RunHeld: another process works on this study.
        Interrupted: stopped by hand; the same call goes on.
        UsageError: pictures are wanted, and matplotlib is not there.
    """
    # What is wrong with the study is found before a student is fetched or a folder made.
    require_sound(plan_study(study, folder), check_room)
    plan = plan_study(study, folder, progress)
    _ = plan.jobs
    if study.analysis.pictures:
        require_matplotlib()
    with held(plan.places):
        found = measured(plan, carry(plan, progress))
        written = report(study.name, found, plan.places.folder, study.analysis, progress)
    problems = {_in_words(one.cell): one.problem for one in found if one.problem}
    return StudyOutcome(
        name=study.name,
        folder=str(plan.places.folder),
        cells=len(found),
        missing=len(problems),
        problems=problems,
        lines=(*lines(written), f"tables in {plan.places.folder / 'study.md'}"),
    )


def _in_words(cell: Cell) -> str:
    told = [cell.contestant, cell.task, cell.teacher, cell.student, cell.setting, cell.mode]
    return ", ".join(
        [*told, f"feedback {cell.feedback}", f"brief {cell.brief}", f"seed {cell.seed}"]
    )
