"""What the whole suite shares."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from coursewright.store.places import CACHE, STATE
from tests.serving import folder_server, nano_server

__all__ = ["folder_server", "nano_server"]

PLACE = "COURSEWRIGHT_TESTS"
"""Names the suite's own folder; workers inherit it from the process that made it."""


def pytest_configure() -> None:
    """No test may find what the user's runs left behind, or leave anything there."""
    # Tests start hundreds of processes. Where nobody keeps bytecode each compiles the package
    # anew, and that is more than half of what a short command costs.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # Five thousand tests and what they import are no garbage, then or later.
    gc.disable()
    if PLACE not in os.environ:
        place = Path(tempfile.mkdtemp(prefix="coursewright-tests-"))
        os.environ[PLACE] = f"{os.getpid()} {place}"
        os.environ[CACHE], os.environ[STATE] = str(place / "cache"), str(place / "state")


def pytest_collection_finish() -> None:
    """From here on there is garbage."""
    gc.freeze()
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Whoever made the folder takes it away."""
    owner, _, place = os.environ.get(PLACE, "").partition(" ")
    if owner == str(os.getpid()):
        shutil.rmtree(place, ignore_errors=True)
