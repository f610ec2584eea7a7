"""What this machine offers a run: isolation, accelerators, endpoints, versions."""

from __future__ import annotations

import platform
from contextlib import closing
from importlib import metadata
from typing import Any

from coursewright.config import CustomPart, Endpoint, RunConfig, SandboxConfig
from coursewright.endpoints import check_endpoint
from coursewright.errors import ConfigError
from coursewright.sandbox import open_sandbox
from coursewright.student import in_words, require_executor

PACKAGES = ("coursewright", "torch", "transformers", "trl", "peft", "ray", "aiohttp", "pydantic")


def diagnose(config: RunConfig | None = None) -> dict[str, Any]:
    """Return the report of `doctor --json`; runs the escape probe of every level it tries.

    The servers that `config` names are asked for one token each.
    """
    with closing(open_sandbox(SandboxConfig(), allow_weak=True)) as sandbox:
        isolation = sandbox.isolation.model_dump(mode="json")
    return {
        "isolation": isolation,
        "accelerators": accelerators(),
        "executor": None if config is None else executor(config),
        "endpoints": [] if config is None else endpoints(config),
        "versions": {"python": platform.python_version()} | versions(),
    }


def endpoints(config: RunConfig) -> list[dict[str, Any]]:
    """Return the servers of agent and teacher, and what is wrong with each (None: nothing)."""
    found = []
    for role, part in (("agent", config.agent), ("teacher", config.teacher)):
        if not isinstance(part, Endpoint):
            continue
        problem = None
        try:
            check_endpoint(part, field=role)
        except ConfigError as error:
            problem = str(error)
        named = {"role": role, "model": part.model, "base_url": part.base_url}
        found.append({**named, "problem": problem})
    return found


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
