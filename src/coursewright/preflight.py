"""What can be wrong with a run is found before its folder is made."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from coursewright import endpoints
from coursewright.config import (
    CustomPart,
    Endpoint,
    LocalExecutor,
    RunConfig,
)
from coursewright.display import Silent
from coursewright.errors import ConfigError
from coursewright.mixing import make_own_rows
from coursewright.power import smallest_gain
from coursewright.protocols import Progress
from coursewright.records import Task
from coursewright.store import Artifacts
from coursewright.student import cores, require_executor
from coursewright.tasks import read_split
from coursewright.wiring import make_student


def check_servers(config: RunConfig) -> None:
    """Ask the servers of agent and teacher whether they are there, with the right key and model.

    Raises:
        ConfigError: says in one line what is wrong with which of them.
    """
    capped = config.budget.cost_usd is not None
    # Those that the run starts itself are not there yet.
    ours = {role for server in config.servers for role in server.serves}
    for field, part in (("agent", config.agent), ("teacher", config.teacher)):
        if isinstance(part, Endpoint) and field not in ours:
            endpoints.check_endpoint(part, field=field, capped=capped)


def check_executor(config: RunConfig, progress: Progress) -> None:
    """Find out whether there is room for what computes, before anything is spent.

    Raises:
        ConfigError: there is not, or the student cannot be computed so.
    """
    executor, student = config.executor, config.student
    if executor == LocalExecutor():
        return
    if isinstance(student, CustomPart):
        raise ConfigError(
            f"the student {student.path} is a class of yours, which computes by itself; take the "
            "setting out",
            field="executor",
        )
    if config.servers and executor.slots > 1:
        raise ConfigError(
            "servers of the run take turns with one training; take one slot, or start the servers "
            "yourself, on GPUs of their own, and leave them out of `servers`",
            field="executor.slots",
        )
    require_executor(student, executor)
    threads = executor.slots * student.threads
    if isinstance(executor, LocalExecutor) and threads > cores():
        progress.say(
            f"executor: {executor.slots} slots with {student.threads} threads each on {cores()} "
            "cores; where no GPU computes, more threads than cores make all of them slower"
        )


def check_incumbent(config: RunConfig, task: Task) -> None:
    """Read the user's own data set once before a run begins.

    Raises:
        ConfigError: it cannot be read, or no row of it can be used.
    """
    if config.incumbent is None:
        return
    with tempfile.TemporaryDirectory(prefix="coursewright-") as place:
        artifacts = Artifacts(Path(place))
        student = make_student(config.student, artifacts, Silent(), task.generation, task.preamble)
        with contextlib.closing(student):
            own = make_own_rows(config, task, artifacts, student)
            assert own is not None
            own.collect()


def check_guard(config: RunConfig, task: Task) -> None:
    """A guard against forgetting needs a panel of abilities.

    Raises:
        ConfigError: the task has none.
    """
    if config.guard is not None and "abilities" not in task.probes:
        raise ConfigError(
            f"task {task.name} has no probe `abilities` to measure it by; declare one in its "
            "task.yaml, or take the guard out",
            field="guard.max_forgetting_points",
        )


def what_it_can_show(task: Task) -> str:
    """Return in a line the smallest gain that the private test can be relied on to see."""
    items = read_split(task, "private")
    groups = len({item.group or item.id for item in items})
    return (
        f"private test: {len(items)} items in {groups} groups, sees gains from "
        f"{smallest_gain(groups):.1f} points (4 times of 5, at worst)"
    )
