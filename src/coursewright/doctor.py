"""What this machine offers a run: isolation, accelerators, endpoints, versions."""

from __future__ import annotations

import platform
from contextlib import closing
from importlib import metadata
from typing import Any

from coursewright.config import SandboxConfig
from coursewright.sandbox import open_sandbox

PACKAGES = ("coursewright", "torch", "transformers", "trl", "peft", "aiohttp", "pydantic")


def diagnose() -> dict[str, Any]:
    """Return the report of `doctor --json`; runs the escape probe of every level it tries."""
    with closing(open_sandbox(SandboxConfig(), allow_weak=True)) as sandbox:
        isolation = sandbox.isolation.model_dump(mode="json")
    return {
        "isolation": isolation,
        "accelerators": accelerators(),
        "endpoints": [],
        "versions": {"python": platform.python_version()} | versions(),
    }


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
