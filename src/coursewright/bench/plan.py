"""From a study to its cells, and from cells to the jobs that measure them.

A job is named by a digest of all that decides its outcome, so cells that cannot differ share one,
and a study file that has changed makes only what it did not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import Any

from coursewright.anchoring import anchored, inputs_of
from coursewright.bench.baselines import AS_RUNS, Direct, direct_of
from coursewright.bench.cells import Cell
from coursewright.bench.study import BaselineEntry, Study
from coursewright.config import (
    HuggingFaceStudent,
    ProgramAgent,
    ReplayAgent,
    RunConfig,
    RunTeacher,
    StudentConfig,
    TeacherConfig,
)
from coursewright.protocols import Progress
from coursewright.records import BriefLevel, Mode, Setting, Task
from coursewright.store import digest_of, pin_teacher
from coursewright.student import settle
from coursewright.tasks import load_task

DEFAULT_BRIEF: dict[Setting, BriefLevel] = {"scratch": "visible", "seed": "seeds"}
"""What a setting tells by itself."""
DEFAULT_RUNS: Path = RunConfig.model_fields["runs"].default
"""Where runs lie that are no study's."""


@dataclass(frozen=True)
class Job:
    """One run, or one baseline that needs none, and the cells that it measures."""

    key: str
    name: str
    """Of its folder or file: readable, and with the key in its end."""
    cells: tuple[Cell, ...]
    config: RunConfig
    direct: Direct | None = None
    """How a baseline without rounds is measured; None for a run."""


@dataclass(frozen=True)
class Places:
    """Where a study keeps what."""

    folder: Path

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def direct(self) -> Path:
        """Baselines that need no run: a file each, and call ledgers."""
        return self.folder / "baselines"

    @property
    def shared(self) -> Path:
        return self.folder / "shared"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def jobs(self) -> Path:
        """All jobs of the study, for who looks on (`write_jobs`)."""
        return self.folder / "jobs.json"

    @property
    def problems(self) -> Path:
        """Why jobs have no result, by key."""
        return self.folder / "problems.json"


class Plan:
    """All jobs of a study.

    Raises:
        TaskError: a task cannot be loaded.
        ConfigError: a program or notes file cannot be read, or a baseline lacks its rows.
    """

    def __init__(self, study: Study, folder: Path, progress: Progress | None = None) -> None:
        """`progress` hears of students that are fetched; without one nothing is."""
        self.study = study
        self.places = Places(folder.absolute())
        self._progress = progress
        self._tasks: dict[str, Task] = {}
        self._made: dict[Cell, Job] = {}
        self._students: dict[str, StudentConfig] = {}

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """All cells, without those that would be the same twice; seed after seed, so that a study
        that is stopped early is whole for its first seeds. Tasks take turns: runs side by side
        should not be those that wait for each other's trainings."""
        study = self.study
        found: dict[Cell, None] = {}
        for seed in study.seeds:
            by_task = (_cells(study, task.label, seed) for task in study.tasks)
            for cells in zip_longest(*by_task):
                found |= dict.fromkeys(filter(None, cells))
        return tuple(found)

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """One job for all cells that cannot differ, in the order of the cells."""
        by_key: dict[str, list[Job]] = {}
        for cell in self.cells:
            job = self.job_of(cell)
            by_key.setdefault(job.key, []).append(job)
        return tuple(
            replace(alike[0], cells=tuple(cell for job in alike for cell in job.cells))
            for alike in by_key.values()
        )

    def job_of(self, cell: Cell) -> Job:
        """Return the job that measures a cell, by itself; each is made once.

        Raises:
            TaskError, ConfigError: what the cell names cannot be used.
        """
        if cell not in self._made:
            direct = self._direct(cell)
            config = self._config(cell, direct)
            key = self._key(config, direct)
            name = _name(cell, direct, key)
            self._made[cell] = Job(key=key, name=name, cells=(cell,), config=config, direct=direct)
        return self._made[cell]

    def task(self, name: str) -> Task:
        """Return a task; each is loaded once."""
        if name not in self._tasks:
            self._tasks[name] = load_task(name)
        return self._tasks[name]

    def _direct(self, cell: Cell) -> Direct | None:
        baseline = self._baseline(cell)
        if baseline is None or baseline.name in AS_RUNS:
            return None
        entry = _entry(self.study.tasks, cell.task)
        return direct_of(baseline, self.task(entry.task), cell.task)

    def _baseline(self, cell: Cell) -> BaselineEntry | None:
        if cell.kind == "agent":
            return None
        found: BaselineEntry = _entry(self.study.baselines, cell.contestant)
        return found

    def _config(self, cell: Cell, direct: Direct | None) -> RunConfig:
        study, baseline = self.study, self._baseline(cell)
        task = _entry(study.tasks, cell.task)
        if baseline is None:
            agent = _entry(study.agents, cell.contestant).part
        elif direct is None:
            agent = AS_RUNS[baseline.name].agent
        else:
            agent = RunConfig.model_fields["agent"].default
        named = cell.brief != DEFAULT_BRIEF[cell.setting]
        config = RunConfig.model_validate(
            {
                **study.run,
                "task": task.task,
                "agent": agent,
                "teacher": self._teacher(cell.teacher),
                "student": self._student(cell.student),
                "setting": cell.setting,
                "mode": cell.mode,
                "seed": cell.seed,
                # Who is told nothing of its attempts cannot be told it in another way.
                "feedback": "full" if cell.mode == "one-shot" else cell.feedback,
                "notes": task.notes if cell.brief == "notes" else None,
                "brief": cell.brief if named else None,
                "runs": self.places.runs,
                "shared": self.places.shared,
            }
        )
        return anchored(config, None)

    def _teacher(self, label: str) -> TeacherConfig:
        """A run that teaches lies in the study's folder, or is one that `coursewright list` shows.

        The study's own is looked for first.
        """
        part: TeacherConfig = _entry(self.study.teachers, label).part
        if not isinstance(part, RunTeacher):
            return part
        own = (self.places.runs / part.model).is_dir()
        return pin_teacher(part, self.places.runs if own else DEFAULT_RUNS)

    def _student(self, label: str) -> StudentConfig:
        """Each is fetched once, so that all cells have the same commit."""
        if label not in self._students:
            part: StudentConfig = _entry(self.study.students, label).part
            if isinstance(part, HuggingFaceStudent) and self._progress is not None:
                part = settle(part, self._progress.say)
            self._students[label] = part
        return self._students[label]

    def _key(self, config: RunConfig, direct: Direct | None) -> str:
        settings: dict[str, Any] = config.model_dump(
            mode="json", exclude={"runs", "name", "shared", "executor", "task", "notes"}
        )
        inputs = inputs_of(config, self.task(config.task))
        if isinstance(config.agent, ProgramAgent | ReplayAgent):
            # Its content decides, which is among the inputs; not where it lies.
            del settings["agent"]["path"]
        if isinstance(config.teacher, RunTeacher):
            # The same with the run whose student teaches.
            del settings["teacher"]["folder"]
        what = {"settings": settings, "inputs": inputs}
        if direct is not None:
            for field in direct.ignores:
                settings.pop(field, None)
            what["direct"] = direct.settings()
        return digest_of(what)[:12]


def _cells(study: Study, task: str, seed: int) -> Iterator[Cell]:
    teachers = [entry.label for entry in study.teachers]
    students = [entry.label for entry in study.students]
    first, feedback = (teachers[0], students[0]), study.feedback[0]

    def cell(
        kind: Any, contestant: str, setting: Setting, mode: Mode, pair: tuple[str, str], **more: Any
    ) -> Cell:
        told = {"feedback": feedback, "brief": DEFAULT_BRIEF[setting], **more}
        if mode == "one-shot":
            told["feedback"] = "full"
        return Cell(
            kind=kind,
            contestant=contestant,
            task=task,
            teacher=pair[0],
            student=pair[1],
            setting=setting,
            mode=mode,
            seed=seed,
            **told,
        )

    for pair in ((teacher, student) for teacher in teachers for student in students):
        for agent in study.agents:
            for setting in study.settings:
                for mode in study.modes:
                    yield cell("agent", agent.label, setting, mode, pair)
        for baseline in study.baselines:
            for setting, mode in _places_of(study, baseline):
                yield cell("baseline", baseline.label, setting, mode, pair, feedback="full")
    for agent in study.agents:
        for level in study.brief:
            setting = "seed" if level in ("seeds", "notes") else "scratch"
            for mode in study.modes:
                yield cell("agent", agent.label, setting, mode, first, brief=level)
        for heard in study.feedback[1:] if "iterative" in study.modes else ():
            yield cell("agent", agent.label, study.settings[0], "iterative", first, feedback=heard)


def _places_of(study: Study, baseline: BaselineEntry) -> list[tuple[Setting, Mode]]:
    """The settings and the mode in which a baseline is measured."""
    as_run = AS_RUNS.get(baseline.name)
    if as_run is None:
        return [(study.settings[0], "one-shot")]
    settings = study.settings if as_run.setting is None else (as_run.setting,)
    return [(setting, as_run.mode) for setting in settings]


def _entry(entries: tuple[Any, ...], label: str) -> Any:
    return next(entry for entry in entries if entry.label == label)


def _name(cell: Cell, direct: Direct | None, key: str) -> str:
    words = [cell.contestant, cell.task, *([] if direct else [cell.mode, cell.setting])]
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", "-".join([*words, str(cell.seed)])).strip("-.")
    return f"{slug[:80] or 'cell'}-{key}"
