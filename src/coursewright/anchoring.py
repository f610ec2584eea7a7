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
from coursewright.guardrails import settled_policy
from coursewright.protocols import Progress
from coursewright.records import Task
from coursewright.store import file_digest, pin_teacher, storage
from coursewright.student import settle


def anchored(config: RunConfig, progress: Progress) -> RunConfig:
    """Return the config with all it names pinned down: `resume` may start elsewhere, and later.

    Files get absolute paths. A student of the hub is fetched, and gets the commit that was found;
    a teacher that is the student of another run gets that student's digest.
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
        update["student"] = settle(config.student, progress.say)
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
    """Return digests of the outside files that may not change under a run, by name."""
    inputs = dict(task.digests)
    if isinstance(config.agent, ProgramAgent | ReplayAgent):
        content = config.agent.path.read_bytes()
        inputs[f"agent {config.agent.path.name}"] = hashlib.sha256(content).hexdigest()
    if config.incumbent is not None:
        with storage(config.incumbent.path, "put it back"):
            inputs["incumbent"] = file_digest(config.incumbent.path)
    if config.replay is not None and config.replay.path is not None:
        with storage(config.replay.path, "put it back"):
            inputs["replay"] = file_digest(config.replay.path)
    if config.notes is not None:
        inputs["notes"] = hashlib.sha256(read_notes(config.notes).encode()).hexdigest()
    return inputs
