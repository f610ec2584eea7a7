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


def pytest_configure(config: pytest.Config) -> None:
    """No test may find what the user's runs left behind, or leave anything there."""
    # Tests start hundreds of processes. Where nobody keeps bytecode each compiles the package
    # anew, and that is more than half of what a short command costs.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # Five thousand tests and what they import are no garbage, then or later.
    gc.disable()
    # Of the tests' small matrices more threads make no less time, and wait for each other.
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    if config.pluginmanager.has_plugin("xdist"):
        config.option.loadscopereorder = False  # else by number of tests, the longest ones last
    if PLACE not in os.environ:
        place = Path(tempfile.mkdtemp(prefix="coursewright-tests-"))
        os.environ[PLACE] = f"{os.getpid()} {place}"
        os.environ[CACHE], os.environ[STATE] = str(place / "cache"), str(place / "state")


@pytest.hookimpl(tryfirst=True)  # before the groups' names become part of the tests' own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A module stays on one worker, with what its tests share; those that take long begin first.

    So nothing is set up twice, and the workers end together.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """From here on there is garbage."""
    gc.freeze()
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Whoever made the folder takes it away."""
    owner, _, place = os.environ.get(PLACE, "").partition(" ")
    if owner == str(os.getpid()):
        shutil.rmtree(place, ignore_errors=True)
