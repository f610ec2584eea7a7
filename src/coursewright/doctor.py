"""What this machine offers a run: isolation, accelerators, endpoints, versions."""

from __future__ import annotations

import platform
from collections.abc import Callable
from contextlib import closing
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from coursewright.config import (
    CustomPart,
    Endpoint,
    HuggingFaceStudent,
    RunConfig,
    SandboxConfig,
    StudentServer,
    load_config,
)
from coursewright.endpoints import check_endpoint
from coursewright.errors import ConfigError, TaskError
from coursewright.preflight import CHECKS, problems
from coursewright.sandbox import open_sandbox
from coursewright.student import StudentServerClient, in_words, require_executor
from coursewright.tasks import load_task

PACKAGES = ("coursewright", "torch", "transformers", "trl", "peft", "ray", "aiohttp", "pydantic")


def read_config(file: Path) -> tuple[RunConfig, str | None]:
    """Return the settings of a file, and the task it is for: examples name none.

    Raises:
        ConfigError: it cannot be read, a field is wrong, or it is a study.
    """
    try:
        found = load_config(file, {"task": "any"})
    except ConfigError as error:
        if error.field != "tasks":
            raise
        hint = f"is a study; `coursewright bench {file} --plan` says what is wrong with one"
        raise ConfigError(hint, file=file) from error
    try:
        found = load_config(file, {})
    except ConfigError:
        return found, None
    return found, found.task


def diagnose(config: RunConfig | None = None, task: str | None = None) -> dict[str, Any]:
    """Return the report of `doctor --json`; runs the escape probe of every level it tries.

    The servers that `config` names are asked for one token each; with the `task` it is for, all
    else is looked at that a run would refuse.
    """
    with closing(open_sandbox(SandboxConfig(), allow_weak=True)) as sandbox:
        isolation = sandbox.isolation.model_dump(mode="json")
    return {
        "isolation": isolation,
        "accelerators": accelerators(),
        "executor": None if config is None else executor(config),
        "endpoints": [] if config is None else endpoints(config),
        "problems": [] if config is None or task is None else refusals(config, task),
        "versions": {"python": platform.python_version()} | versions(),
    }


def ails(report: dict[str, Any]) -> bool:
    """Whether a report names anything that would stop a run of its config."""
    parts = [report["executor"] or {}, *report["endpoints"]]
    return bool(report["problems"]) or any(part.get("problem") for part in parts)


def refusals(config: RunConfig, task: str) -> list[str]:
    """Return in a line each what a run would refuse, the task's own faults first."""
    try:
        return [str(problem) for problem in problems(config, load_task(task), CHECKS)]
    except TaskError as error:
        return [str(error)]


def endpoints(config: RunConfig) -> list[dict[str, Any]]:
    """Return the servers of agent, teacher and student, each with its `problem`, if any.

    Those that the run starts itself are not there yet, and are left out.
    """
    found: list[dict[str, Any]] = []

    def look(role: str, model: str, url: str, check: Callable[[], None]) -> None:
        problem = None
        try:
            check()
        except ConfigError as error:
            problem = str(error)
        found.append({"role": role, "model": model, "base_url": url, "problem": problem})

    ours = {role for server in config.servers for role in server.serves}
    for role, part in (("agent", config.agent), ("teacher", config.teacher)):
        if isinstance(part, Endpoint) and role not in ours:
            look(role, part.model, part.base_url, partial(check_endpoint, part, field=role))
    student = config.student
    if isinstance(student, HuggingFaceStudent) and student.server and "scorer" not in ours:
        server = student.server
        look("student", student.model, server.base_url, partial(_ask_for_models, server))
    return found


def _ask_for_models(server: StudentServer) -> None:
    StudentServerClient(server, lambda _: None).require_answer()


def executor(config: RunConfig) -> dict[str, Any]:
    """Return who would compute, and why it could not (None: it could)."""
    problem = None
    try:
        if not isinstance(config.student, CustomPart):
            require_executor(config.student, config.executor)
    except ConfigError as error:
        problem = str(error)
    return {"what": in_words(config.executor), "problem": problem}


def versions() -> dict[str, str]:
    """Return the installed version of each package that matters, or "missing"."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "missing"
    return found


def accelerators() -> list[str]:
    """Return the names of the accelerators that PyTorch sees; none without PyTorch."""
    try:
        import torch
    except ImportError:
        return []
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return [*names, "mps"] if torch.backends.mps.is_available() else names
