"""What can be wrong with a run is found before its folder is made.

`problems` needs nothing but this machine's files, so a plan asks for them as well; `check_servers`
asks servers, and `check_executor` looks at what this machine has free.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from coursewright import endpoints, wiring
from coursewright.agents import make_agent
from coursewright.audit import with_policy
from coursewright.briefing import full_brief, make_brief
from coursewright.config import (
    CustomPart,
    EmbeddedStudent,
    Endpoint,
    HuggingFaceStudent,
    LocalExecutor,
    RayExecutor,
    RunConfig,
    RunTeacher,
)
from coursewright.display import Silent
from coursewright.errors import ConfigError, UsageError
from coursewright.exams import pick_scorer
from coursewright.guardrails import settled_policy
from coursewright.mixing import make_own_rows, with_replay
from coursewright.plugins import locate
from coursewright.power import smallest_gain
from coursewright.protocols import Progress
from coursewright.records import Task
from coursewright.searches import make_search
from coursewright.store import Artifacts, new_place, pin_teacher
from coursewright.student import cores, require_executor, settle_here
from coursewright.tasks import read_split
from coursewright.teacher import check_teacher
from coursewright.wiring import make_student

Check = Callable[[RunConfig, Task], object]
"""Raises a `UsageError` where something is wrong."""


def require_sound(config: RunConfig, task: Task) -> None:
    """Refuse a run that cannot be begun, as far as `problems` can tell.

    Raises:
        UsageError: the first of them.
    """
    for problem in problems(config, task, CHECKS):
        raise problem


def problems(config: RunConfig, task: Task, checks: Sequence[Check]) -> Iterator[UsageError]:
    """Yield what keeps a run from being begun; asks, fetches and starts nothing.

    `checks` are those that matter to whoever asks.
    """
    for check in checks:
        try:
            check(config, task)
        except UsageError as error:
            yield error


def check_name(config: RunConfig, _: Task) -> None:
    """A run's name must be free.

    Raises:
        ConfigError: it cannot be the name of a folder.
        RunFolderError: there is such a run.
    """
    if config.name is not None:
        new_place(config.runs, config.name)


def check_agent(config: RunConfig, task: Task) -> None:
    """The agent's file, class or command must be there; of a server nothing is asked, nor its key.

    Raises:
        ConfigError: it is not; names the field.
    """
    if not isinstance(config.agent, Endpoint):
        wiring.check_agent(config, task)


def check_prices(config: RunConfig, _: Task) -> None:
    """A cap in money needs prices.

    Raises:
        ConfigError: nobody knows what agent or teacher charge.
    """
    if config.budget.cost_usd is None:
        return
    for field, part in (("agent", config.agent), ("teacher", config.teacher)):
        if isinstance(part, Endpoint):
            endpoints.require_tariff(part, field=field)


def check_setting(config: RunConfig, task: Task) -> None:
    """The seed setting needs seeds.

    Raises:
        ConfigError: the task has none.
    """
    if config.setting == "seed" and not task.seeds:
        raise ConfigError(
            "the seed setting needs seeds, and the task has none; write questions without answers "
            "into this file, or take the setting `scratch`",
            file=Path(task.folder) / "seeds.jsonl",
            field="setting",
        )


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


def check_policy(config: RunConfig, _: Task) -> None:
    """The rules for the data, and the classes that they name.

    Raises:
        ConfigError: they cannot be read or made.
    """
    with_policy(settled_policy(config))


def check_knowledge(config: RunConfig, task: Task) -> None:
    """The teacher must know what the task is about, or be the student of a finished run.

    Raises:
        ConfigError: says why it cannot teach.
    """
    capped = config.budget.cost_usd is not None
    check_teacher(config.teacher, full_brief(config, task), capped=capped)
    if isinstance(config.teacher, RunTeacher):
        pin_teacher(config.teacher, config.runs)


def check_student(config: RunConfig, _: Task) -> None:
    """The student must be a model or a class; whether the hub has it is not asked.

    Raises:
        ConfigError: it is neither.
    """
    if isinstance(config.student, HuggingFaceStudent):
        settle_here(config.student)
    elif isinstance(config.student, CustomPart):
        locate(config.student.path, field="student")


def check_own_rows(config: RunConfig, task: Task) -> None:
    """Read the user's own rows once: the data set to be beaten, and the student's past.

    A student that is still to be fetched is stood in for: look again once it is there.

    Raises:
        ConfigError: they cannot be read, or no row of them can be used.
    """
    if config.incumbent is None and (config.replay is None or config.replay.path is None):
        return
    student = config.student
    if isinstance(student, HuggingFaceStudent):
        # Before it is fetched nobody knows which texts its tokenizer reads as commands.
        student = settle_here(student) or EmbeddedStudent()
    with tempfile.TemporaryDirectory(prefix="coursewright-") as place:
        artifacts = Artifacts(Path(place))
        made = make_student(student, artifacts, Silent(), task.generation, task.preamble)
        with contextlib.closing(made):
            own = make_own_rows(config, task, artifacts, made)
            if own is not None:
                own.collect()
            with_replay(config, task, made, artifacts)


CHECKS: tuple[Check, ...] = (
    check_name,
    check_agent,
    lambda config, _: make_search(config),
    pick_scorer,
    make_brief,
    check_setting,
    check_guard,
    check_policy,
    check_prices,
    check_knowledge,
    check_student,
    check_own_rows,
)


def check_servers(config: RunConfig) -> None:
    """Ask the servers of agent and teacher whether they are there, with the right key and model.

    Raises:
        ConfigError: says in one line what is wrong with which of them.
    """
    if isinstance(config.agent, Endpoint):
        make_agent(config.agent)  # which wants its key also where the run starts its server
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
    if isinstance(student, CustomPart):
        if executor == LocalExecutor():
            return
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
            f"executor: {executor.slots} times {student.threads} threads on {cores()} "
            "cores; where no GPU computes, more threads than cores make all of them slower"
        )


def check_room(config: RunConfig, _: Task) -> None:
    """This machine must have room for what computes; a cluster is not asked.

    Raises:
        ConfigError: it has not.
    """
    if not isinstance(config.executor, RayExecutor):
        check_executor(config, Silent())


def what_it_can_show(task: Task) -> str:
    """Return in a line the smallest gain that the private test can be relied on to see."""
    items = read_split(task, "private")
    groups = len({item.group or item.id for item in items})
    return (
        f"private test: {len(items)} items in {groups} groups, sees gains from "
        f"{smallest_gain(groups):.1f} points (4 times of 5, at worst)"
    )
