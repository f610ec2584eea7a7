"""What a run was begun with, pinned down: it may go on elsewhere, later, and has to be the same."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from coursewright.briefing import read_notes
from coursewright.config import (
    CommandAgent,
    Endpoint,
    HuggingFaceStudent,
    ProgramAgent,
    ReplayAgent,
    RunConfig,
    RunTeacher,
)
from coursewright.errors import ConfigError
from coursewright.guardrails import settled_policy
from coursewright.protocols import Progress
from coursewright.records import Task
from coursewright.store import file_digest, pin_teacher
from coursewright.student import settle, settle_here


def anchored(config: RunConfig, progress: Progress | None) -> RunConfig:
    """Return the config with all it names pinned down: `resume` may start elsewhere, and later.

    Files get absolute paths. A student of the hub is fetched, and gets the commit that was found;
    a teacher that is the student of another run gets that student's digest. Without a `progress`
    nothing is fetched: a student that is not in the cache keeps its name.

    Raises:
        ConfigError: a file, the student or the teacher's run is not there.
    """
    update: dict[str, Any] = {}
    if Path(config.task).is_dir():
        update["task"] = str(Path(config.task).absolute())
    if config.notes is not None:
        update["notes"] = config.notes.absolute()
    update["policy"] = settled_policy(config)
    if config.incumbent is not None:
        own = config.incumbent.path.absolute()
        update["incumbent"] = config.incumbent.model_copy(update={"path": own})
    if config.replay is not None and config.replay.path is not None:
        past = config.replay.path.absolute()
        update["replay"] = config.replay.model_copy(update={"path": past})
    if isinstance(config.agent, ProgramAgent | ReplayAgent):
        path = config.agent.path.absolute()
        update["agent"] = config.agent.model_copy(update={"path": path})
    if isinstance(config.agent, CommandAgent):
        update["agent"] = anchored_command(config.agent)
    if isinstance(config.student, HuggingFaceStudent):
        student = config.student
        update["student"] = (
            settle(student, progress.say) if progress else settle_here(student) or student
        )
    if isinstance(config.teacher, RunTeacher):
        update["teacher"] = pin_teacher(config.teacher, config.runs)
    for field, part in (("agent", config.agent), ("teacher", config.teacher)):
        if isinstance(part, Endpoint) and part.tokenizer is not None:
            tokenizer = part.tokenizer.expanduser().absolute()
            update[field] = part.model_copy(update={"tokenizer": tokenizer})
    return config.model_copy(update=update)


def anchored_command(part: CommandAgent) -> CommandAgent:
    """Return a command agent whose files and folders are named by absolute paths."""
    words = [str(Path(w).absolute()) if "/" in w and Path(w).is_file() else w for w in part.command]
    read = [path.expanduser().absolute() for path in part.read]
    home = None if part.home is None else part.home.expanduser().absolute()
    return part.model_copy(update={"command": tuple(words), "read": tuple(read), "home": home})


def inputs_of(config: RunConfig, task: Task) -> dict[str, str]:
    """Return digests of the outside files that may not change under a run, by name.

    Raises:
        ConfigError: one of them cannot be read; names it, and the field that does.
    """
    inputs = dict(task.digests)
    if isinstance(config.agent, ProgramAgent | ReplayAgent):
        path = config.agent.path
        inputs[f"agent {path.name}"] = _digest(path, "agent")
    if config.incumbent is not None:
        inputs["incumbent"] = _digest(config.incumbent.path, "incumbent")
    if config.replay is not None and config.replay.path is not None:
        inputs["replay"] = _digest(config.replay.path, "replay.path")
    if config.notes is not None:
        inputs["notes"] = hashlib.sha256(read_notes(config.notes).encode()).hexdigest()
    return inputs


def _digest(path: Path, field: str) -> str:
    try:
        return file_digest(path)
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {(error.strerror or str(error)).lower()}; put it there, or name "
            "another file",
            file=path,
            field=field,
        ) from error
