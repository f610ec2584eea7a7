"""The study file: which agents meet which tasks, under which conditions, how often.

Every axis is a list; a single value may stand without brackets. What stands under `run` holds for
all runs, in the words of a run's own config. `docs/studies.md` shows one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from coursewright.bench.analysis.options import AnalysisOptions
from coursewright.config import (
    AgentConfig,
    EmbeddedStudent,
    Part,
    RunConfig,
    SimulatedTeacher,
    StudentConfig,
    TeacherConfig,
    parse_agent,
    parse_student,
    parse_teacher,
)
from coursewright.errors import ConfigError, TaskError
from coursewright.records import BriefLevel, FeedbackKind, Mode, Setting
from coursewright.refusals import Refusal, refusal
from coursewright.tasks.reading import Lines, read_yaml

BaselineName = Literal[
    "base",
    "few-shot",
    "teacher",
    "format-only",
    "oracle",
    "seeds-only",
    "fixed-pipeline",
    "random-search",
    "heuristic",
    "heuristic-one-shot",
]

OWNED = {
    "task": "tasks",
    "agent": "agents",
    "teacher": "teachers",
    "student": "students",
    "setting": "settings",
    "mode": "modes",
    "seed": "seeds",
    "feedback": "feedback",
    "brief": "brief",
    "notes": "tasks[].notes",
    "runs": "-o DIR",
    "name": "name",
    "shared": "-o DIR",
}
"""Settings of a run that a study sets itself, and where."""


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | Mapping | int) else value


Label = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Entry(Part):
    """A part with the name it has in the tables."""

    label: Label


class AgentEntry(Entry):
    part: AgentConfig

    @model_validator(mode="before")
    @classmethod
    def _from_reference(cls, value: Any) -> Any:
        return _labelled(value, parse_agent)


class TeacherEntry(Entry):
    part: TeacherConfig

    @model_validator(mode="before")
    @classmethod
    def _from_reference(cls, value: Any) -> Any:
        return _labelled(value, parse_teacher)


class StudentEntry(Entry):
    part: StudentConfig

    @model_validator(mode="before")
    @classmethod
    def _from_reference(cls, value: Any) -> Any:
        return _labelled(value, parse_student)


def _short(name: str) -> str:
    return name if len(name) <= 80 else f"{name[:38]}…{name[-38:]}"


def _labelled(value: Any, parse: Callable[[str], Any]) -> Any:
    """Make an entry of `kind:model`, or of a mapping of settings with perhaps a label."""
    if isinstance(value, str):
        try:
            return {"label": _short(value), "part": parse(value)}
        except ConfigError as error:
            raise ValueError(error.message) from error
    if isinstance(value, Mapping) and "part" not in value:
        part = {key: inner for key, inner in value.items() if key != "label"}
        name = next((part[key] for key in ("model", "path", "command") if part.get(key)), "")
        words = " ".join(map(str, name)) if isinstance(name, list) else str(name)
        fallback = f"{part.get('kind', '')}:{words}" if words else str(part.get("kind", ""))
        return {"label": value.get("label", _short(fallback)), "part": part}
    return value


class TaskEntry(Entry):
    task: str = Field(min_length=1)
    """A task folder or the name of a built-in task."""
    notes: Path | None = None
    """What people know about it, for the `notes` level of the brief."""

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        entry = {"task": value} if isinstance(value, str) else value
        if isinstance(entry, Mapping) and isinstance(entry.get("task"), str):
            return {"label": Path(entry["task"]).name or entry["task"], **entry}
        return entry


class BaselineEntry(Entry):
    name: BaselineName
    examples: int = Field(default=4, ge=1, le=64)
    """Of `few-shot`: visible items shown in the prompt."""
    rows: dict[str, Path] = Field(default_factory=dict)
    """Of `oracle` and `format-only`, by task label: a JSONL file of right rows (`input`, `output`
    and perhaps `instruction`), such as a training split. Built-in tasks need none."""

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        entry = {"name": value} if isinstance(value, str) else value
        if isinstance(entry, Mapping) and isinstance(entry.get("name"), str):
            return {"label": entry["name"], **entry}
        return entry


Agents = Annotated[tuple[AgentEntry, ...], BeforeValidator(_listed)]
Baselines = Annotated[tuple[BaselineEntry, ...], BeforeValidator(_listed)]
Tasks = Annotated[tuple[TaskEntry, ...], BeforeValidator(_listed), Field(min_length=1)]
Teachers = Annotated[tuple[TeacherEntry, ...], BeforeValidator(_listed), Field(min_length=1)]
Students = Annotated[tuple[StudentEntry, ...], BeforeValidator(_listed), Field(min_length=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


class Study(Part):
    """Everything that decides a study."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")
    """Default: the file's name without its ending."""
    tasks: Tasks
    agents: Agents = ()
    baselines: Baselines = ()
    teachers: Teachers = (TeacherEntry(label="simulated", part=SimulatedTeacher()),)
    students: Students = (StudentEntry(label="nano", part=EmbeddedStudent()),)
    settings: Annotated[tuple[Setting, ...], BeforeValidator(_listed), Field(min_length=1)] = (
        "scratch",
    )
    modes: Annotated[tuple[Mode, ...], BeforeValidator(_listed), Field(min_length=1)] = (
        "iterative",
    )
    seeds: Annotated[tuple[Seed, ...], BeforeValidator(_listed), Field(min_length=1)] = (0, 1, 2)
    feedback: Annotated[tuple[FeedbackKind, ...], BeforeValidator(_listed), Field(min_length=1)] = (
        "full",
    )
    """The first holds for the whole study. The others are tried one at a time, in the first setting
    and with the first teacher and student, in iterative mode: one-shot agents hear nothing."""
    brief: Annotated[tuple[BriefLevel, ...], BeforeValidator(_listed)] = ()
    """Levels tried one at a time beside what the settings tell by themselves (`visible`, or
    `seeds` in the seed setting), with the first feedback, teacher and student."""
    run: dict[str, Any] = Field(default_factory=dict)
    """Settings of all runs."""
    at_once: int = Field(default=1, ge=1, le=64)
    """Runs that are made at the same time, each in a process of its own with one thread."""
    analysis: AnalysisOptions = AnalysisOptions()
    """What the tables may spend time on once the runs are there."""

    @field_validator(
        *("tasks", "agents", "baselines", "teachers", "students"),
        *("settings", "modes", "seeds", "feedback", "brief"),
    )
    @classmethod
    def _once(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        names = [getattr(value, "label", value) for value in values]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice!r} stands twice; give one of them another `label`")
        return values

    @field_validator("run")
    @classmethod
    def _leaves_axes_alone(cls, value: dict[str, Any]) -> dict[str, Any]:
        for key in value:
            if key in OWNED:
                raise ValueError(f"`{key}` is set by the study itself: see `{OWNED[key]}`")
        return value

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Study:
        if not self.agents and not self.baselines:
            raise ValueError("names neither `agents` nor `baselines`: nothing would be measured")
        lacking = [task.label for task in self.tasks if task.notes is None]
        if "notes" in self.brief and lacking:
            raise ValueError(f"brief: notes needs `notes: FILE` for task {lacking[0]!r}")
        labels = [task.label for task in self.tasks]
        for baseline in self.baselines:
            if unknown := [label for label in baseline.rows if label not in labels]:
                raise ValueError(
                    f"baseline {baseline.label!r} has rows for {unknown[0]!r}, which is no task of "
                    f"this study; its tasks are {', '.join(labels)}"
                )
        return self


def load_study(file: Path) -> Study:
    """Read a study file.

    Raises:
        ConfigError: it cannot be read, or a field is wrong; names file, line and field.
    """
    try:
        data, lines = read_yaml(file.parent, file.name)
    except TaskError as error:
        raise ConfigError(
            error.message, file=error.file, line=error.line, field=error.field
        ) from error
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", file.stem).strip("-._")[:80]
    try:
        study = Study.model_validate({"name": stem or "study", **data})
    except ValidationError as error:
        raise _told(refusal(error, Study), file, lines) from error
    try:
        RunConfig.model_validate({**study.run, "task": study.tasks[0].task})
    except ValidationError as error:
        raise _told(refusal(error, RunConfig), file, lines, ("run",)) from error
    return study


def _told(refused: Refusal, file: Path, lines: Lines, inside: tuple[str, ...] = ()) -> ConfigError:
    """A refusal at its place in the file.

    An axis may stand there without its list, and a part without its entry. What is not in the file
    is left out, except at the end, where it is what is missing.
    """
    at = inside
    for position, part in enumerate(refused.place, start=1):
        missing = refused.missing and position == len(refused.place) and part != "part"
        if (*at, part) in lines or missing:
            at = (*at, part)
    near = at
    while near and near not in lines:
        near = near[:-1]
    return ConfigError(
        refused.message,
        file=file,
        line=lines.get(near),
        field=".".join(at) or None,
    )
