"""What the whole suite shares."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from coursewright.store.places import CACHE, STATE
from tests.serving import folder_server, nano_server

__all__ = ["folder_server", "nano_server"]

PLACE = "COURSEWRIGHT_TESTS"
"""Names the suite's own folder; workers inherit it from the process that made it."""


SHARED = dict.fromkeys(
    ("tests/agents/test_llm_faults.py", "tests/endpoints/test_served.py"), "nano_server"
)
"""Modules that share what is made once a session, so that one worker makes it."""


def pytest_configure() -> None:
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
    if PLACE not in os.environ:
        place = Path(tempfile.mkdtemp(prefix="coursewright-tests-"))
        os.environ[PLACE] = f"{os.getpid()} {place}"
        os.environ[CACHE], os.environ[STATE] = str(place / "cache"), str(place / "state")


class WholeModules(LoadScopeScheduling):
    """A module stays on one worker, with what its tests share: nothing is set up twice.

    Groups by mark (`--dist loadgroup`) do not: of pytest 9.2's tests xdist 3.8 knows no group.
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return SHARED.get(module, module)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WholeModules:
    """Whatever `--dist` says: modules in the order in which the workers collected them."""
    config.option.loadscopereorder = False  # by number of tests, the longest would be last
    return WholeModules(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules that take long begin first, so that the workers end together."""
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
