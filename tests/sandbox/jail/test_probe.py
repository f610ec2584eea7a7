"""The jail's escape probe must find the holes that it is there to find."""

from __future__ import annotations

import dataclasses
import os
import socket
from pathlib import Path

import pytest

import coursewright
from coursewright.config import CommandAgent
from coursewright.errors import IsolationError
from coursewright.sandbox import jail as jails
from coursewright.sandbox import seccomp
from coursewright.sandbox.bubblewrap import Bubblewrap, Layout
from coursewright.sandbox.jail import CommandJail, open_jail
from coursewright.sandbox.jail import command as jail_command
from coursewright.sandbox.jail.command import agent_limits, jail_layout
from coursewright.sandbox.jail.forwarder import Forwarder
from coursewright.sandbox.jail.probe import probe_jail
from coursewright.sandbox.jail.view import View, make_view
from tests.sandbox.jail.conftest import make_jail, require_bubblewrap


@pytest.fixture
def part() -> CommandAgent:
    require_bubblewrap()
    return CommandAgent.model_validate({"command": "sh -c true"})


@pytest.fixture
def withheld(tmp_path: Path) -> tuple[Path, ...]:
    (tmp_path / "task").mkdir()
    (tmp_path / "task" / "private.jsonl").write_text("{}")
    return (tmp_path / "task",)


def escapes(jail: CommandJail, withheld: tuple[Path, ...]) -> str:
    try:
        return " | ".join(probe_jail(jail, withheld).escapes)
    finally:
        jail.close()


def test_a_whole_wall_holds(part: CommandAgent, withheld: tuple[Path, ...]) -> None:
    jail = open_jail(part, withheld=withheld)
    jail.close()
    assert jail.isolation.verified
    assert jail.isolation.level == "L3"


def test_shown_folders_that_are_withheld_are_found(
    part: CommandAgent, withheld: tuple[Path, ...]
) -> None:
    view = make_view(part, ())
    package = Path(coursewright.__file__).parent
    careless = dataclasses.replace(view, shown=(*withheld, package))
    wall = Bubblewrap(agent_limits(part), view.exposure, jail_layout(careless))
    found = escapes(CommandJail(part, careless, wall), withheld)
    assert f"lists {withheld[0]}" in found
    assert f"reads {package}/__init__.py" in found


def test_a_leaking_environment_is_found(
    part: CommandAgent, withheld: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = CommandJail._environment
    monkeypatch.setattr(CommandJail, "_environment", lambda *given: {**os.environ, **clean(*given)})
    assert "environment" in escapes(make_jail(part, withheld), withheld)


def test_a_proxy_that_knows_no_bounds_is_found(
    part: CommandAgent, withheld: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Everywhere(frozenset[tuple[str, int]]):
        def __contains__(self, _: object) -> bool:
            return True

    class Open(Forwarder):
        def __init__(self, hosts: tuple[str, ...]) -> None:
            super().__init__(hosts)
            self._allowed = Everywhere()

    monkeypatch.setattr(jail_command, "Forwarder", Open)
    found = escapes(make_jail(part, withheld), withheld)
    assert "a host that is not named" in found
    assert "reached the socket" in found


def test_a_shared_network_is_found(
    part: CommandAgent, withheld: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Bubblewrap._namespaces
    monkeypatch.setattr(
        Bubblewrap, "_namespaces", lambda self: [w for w in whole(self) if w != "--unshare-net"]
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        monkeypatch.setattr(jail_command, "_PORT", free.getsockname()[1])
    found = escapes(make_jail(part, withheld), withheld)
    assert "reached the socket" in found
    assert "reached a named host without the proxy" in found


def test_a_missing_call_filter_is_found(
    part: CommandAgent, withheld: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seccomp, "_REFUSED", "socket")
    found = escapes(make_jail(part, withheld), withheld)
    for escape in ("ptrace", "memfd_create", "keyctl"):
        assert f"system call {escape}" in found


def test_without_bubblewrap_it_is_refused(
    part: CommandAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coursewright.sandbox.bubblewrap.shutil.which", _no_bubblewrap)
    with pytest.raises(IsolationError, match=r"apt-get install bubblewrap.*--allow-weak"):
        open_jail(part)


def test_a_jail_that_leaks_is_refused(
    part: CommandAgent, withheld: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(view: View) -> Layout:
        return jail_layout(dataclasses.replace(view, shown=withheld))

    monkeypatch.setattr(jails, "jail_layout", careless)
    with pytest.raises(IsolationError, match="the escape probe got out: lists"):
        open_jail(part, withheld=withheld)


def test_allowed_weak_runs_without_walls_and_says_so(
    part: CommandAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coursewright.sandbox.bubblewrap.shutil.which", _no_bubblewrap)
    part = part.model_copy(
        update={"command": ("sh", "-c", "cat; echo 1 > code.py"), "network": ("a.example:443",)}
    )
    jail = open_jail(part, allow_weak=True)
    try:
        errand = jail.run({"brief.json": b"{}"}, wanted={"code.py": 10}, deadline=30)
    finally:
        jail.close()
    assert (errand.stdout, errand.files) == ("{}", {"code.py": b"1\n"})
    assert (jail.isolation.level, jail.isolation.verified) == ("L0", False)
    assert any("every host; named were: a.example:443" in note for note in jail.isolation.notes)


def _no_bubblewrap(name: str) -> str | None:
    return None if name == "bwrap" else f"/bin/{name}"
