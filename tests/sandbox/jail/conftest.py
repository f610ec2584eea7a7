"""One way to run a command in a jail in a test."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from coursewright.config import CommandAgent
from coursewright.records import Errand
from coursewright.sandbox.bubblewrap import Bubblewrap
from coursewright.sandbox.jail import CommandJail
from coursewright.sandbox.jail.command import agent_limits, jail_layout
from coursewright.sandbox.jail.view import make_view
from tests.sandbox.conftest import WITHOUT

WANTED = {"code.py": 100_000, "plan.md": 100_000}


def require_bubblewrap() -> None:
    if shutil.which("bwrap") is None:
        if os.environ.get(WITHOUT) == "1":
            pytest.skip("bubblewrap is missing, and that was allowed")
        pytest.fail(
            f"these tests need bubblewrap: apt-get install bubblewrap; or set {WITHOUT}=1",
            pytrace=False,
        )


def write_script(place: Path, text: str) -> Path:
    """An executable script: shell, or Python if it begins with an import."""
    text = textwrap.dedent(text).strip()
    line = "#!/usr/bin/env python3" if text.startswith("import") else "#!/bin/sh"
    place.write_text(f"{line}\n{text}\n")
    place.chmod(0o755)
    return place


def make_jail(part: CommandAgent, withheld: tuple[Path, ...] = ()) -> CommandJail:
    """A jail without the probe, which has tests of its own."""
    view = make_view(part, withheld)
    return CommandJail(part, view, Bubblewrap(agent_limits(part), view.exposure, jail_layout(view)))


Run = Callable[..., Errand]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Run a script as a command agent; further settings are those of its config."""
    require_bubblewrap()
    jails: list[CommandJail] = []

    def run_script(text: str, *, deadline: float = 30.0, **settings: Any) -> Errand:
        script = write_script(tmp_path / "agent", text)
        part = CommandAgent.model_validate({"command": [str(script)], **settings})
        jails.append(make_jail(part))
        files = {"brief.json": b'{"told": "everything"}', "parent/code.py": b"print()"}
        return jails[-1].run(files, wanted=WANTED, deadline=deadline)

    yield run_script
    for jail in jails:
        jail.close()
