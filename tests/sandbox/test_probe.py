"""The escape probe must find the holes that it is there to find."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest

from coursewright import sandbox as sandboxes
from coursewright.config import SandboxConfig
from coursewright.errors import IsolationError
from coursewright.sandbox import ProgramSandbox, confine, execution, open_sandbox
from coursewright.sandbox.enclosure import Start
from coursewright.sandbox.landlock import Landlock
from coursewright.sandbox.probe import probe
from coursewright.sandbox.workspace import Folders

from .conftest import exposure, make_sandbox


class Leaky(Landlock):
    """Landlock with parts of the wall left out. Never without any: the probe runs for real."""

    def __init__(self, *, seccomp: bool = True, open_folder: str | None = None) -> None:
        super().__init__(SandboxConfig(), exposure())
        self._keep_seccomp = seccomp
        self._open_folder = open_folder

    def start(self, folders: Folders, uid: int | None) -> Start:
        start = super().start(folders, uid)
        changes: dict[str, Any] = {} if self._keep_seccomp else {"seccomp": None}
        if self._open_folder is not None and start.landlock is not None:
            rules = [*start.landlock["rules"], (self._open_folder, confine.WORK)]
            changes["landlock"] = {**start.landlock, "rules": rules}
        return dataclasses.replace(start, **changes)


def _probe(enclosure: Landlock) -> str:
    sandbox = ProgramSandbox(SandboxConfig(), enclosure, exposure())
    try:
        return " | ".join(probe(sandbox).escapes)
    finally:
        sandbox.close()


def test_a_whole_wall_holds(level: str) -> None:
    sandbox = make_sandbox(level, SandboxConfig())
    try:
        found = probe(sandbox)
    finally:
        sandbox.close()
    assert (found.escapes, found.broken) == ((), ())


def test_a_missing_call_filter_is_found() -> None:
    found = _probe(Leaky(seccomp=False))
    for escape in ("UDP", "netlink", "named socket", "datagram pair", "memfd_create", "ptrace"):
        assert escape in found


def test_an_open_folder_is_found(tmp_path: Path) -> None:
    found = _probe(Leaky(open_folder=str(Path(sandboxes.__file__).parents[1])))
    assert "reads" in found
    assert "imports coursewright" not in found
    assert "__init__.py" in found


def test_kept_rights_of_root_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.getuid() != 0:
        pytest.skip("only root has rights to keep")
    wall = Leaky()
    monkeypatch.setattr(wall, "user", lambda: None)
    start = wall.start
    monkeypatch.setattr(
        wall,
        "start",
        lambda folders, uid: dataclasses.replace(start(folders, uid), drop_capabilities=False),
    )
    assert "capabilities" in _probe(wall)


def test_a_leaking_environment_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    clean = execution._environment
    monkeypatch.setattr(
        execution, "_environment", lambda *arguments: {**os.environ, **clean(*arguments)}
    )
    assert "environment" in _probe(Landlock(SandboxConfig(), exposure()))


# ---------------------------------------------------------------- the choice of a level


def test_auto_takes_the_strongest_and_says_so(level: str) -> None:
    sandbox = open_sandbox(SandboxConfig(level="auto" if level == "L3" else "L2"))
    try:
        assert sandbox.isolation.level == level
        assert sandbox.isolation.verified
    finally:
        sandbox.close()


def test_without_bubblewrap_landlock_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    sandbox = open_sandbox(SandboxConfig())
    try:
        assert sandbox.isolation.level == "L2"
        assert any("apt-get install bubblewrap" in note for note in sandbox.isolation.notes)
    finally:
        sandbox.close()


def test_a_level_that_leaks_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandboxes, "_enclosure", lambda *a: Leaky(seccomp=False))
    with pytest.raises(IsolationError, match="the escape probe got out"):
        open_sandbox(SandboxConfig(level="L2"))


@pytest.mark.parametrize("weak", ["L1", "L0"])
def test_weak_levels_are_refused(weak: str) -> None:
    with pytest.raises(IsolationError, match="--allow-weak"):
        open_sandbox(SandboxConfig.model_validate({"level": weak}))


def test_nothing_strong_names_every_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(confine, "landlock_version", lambda: 0)
    with pytest.raises(IsolationError, match=r"bubblewrap is not installed.*no Landlock"):
        open_sandbox(SandboxConfig())


def test_weak_isolation_is_never_called_verified() -> None:
    sandbox = open_sandbox(SandboxConfig(level="L0"), allow_weak=True)
    try:
        assert sandbox.isolation.level == "L0"
        assert not sandbox.isolation.verified
    finally:
        sandbox.close()
