"""Tries to break out of a sandbox before it is trusted.

Secrets, listening sockets and files are planted around the sandbox; a program inside goes for
them (`escape.py`); and what it did is judged here, outside, not by what it says alone.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursewright.errors import IsolationError
from coursewright.records import Execution
from coursewright.sandbox import packages
from coursewright.sandbox.bait import Bait, planted, seen_outside
from coursewright.sandbox.execution import ProgramSandbox

_SECONDS = 30.0
_PROGRAM = Path(__file__).with_name("escape.py")


@dataclass(frozen=True)
class Findings:
    """What the probe found: ways out, and allowed ways that do not work."""

    escapes: tuple[str, ...]
    broken: tuple[str, ...]


def probe(sandbox: ProgramSandbox, *, attack: bool = True) -> Findings:
    """Run the escape probe in a sandbox; without `attack` only see that programs would work.

    Raises:
        IsolationError: the sandbox does not even run the probe.
    """
    found: dict[str, Any] = {}

    def take(work: Path) -> None:
        with contextlib.suppress(OSError, ValueError):
            found.update(json.loads((work / "found.json").read_text()))

    modules = [n for n in ("aiohttp", "numpy") if n in packages.find_packages().entries]
    with planted() as bait, _gateway(bait) as (place, gateway):
        targets = bait.folder / "probe.json"
        targets.write_text(json.dumps({**bait.targets, "modules": modules, "attack": attack}))
        execution = sandbox.execute(
            _PROGRAM.read_text(encoding="utf-8"),
            files={"probe.json": targets},
            socket=place,
            seed=0,
            deadline=_SECONDS,
            submission=take,
            on_rows=lambda rows: None,
        )
        if not found:
            raise IsolationError(f"the escape probe did not run: {_last_line(execution)}")
        escapes = [*found["escapes"], *seen_outside(bait)]
        broken = list(found["broken"])
        if not _heard(gateway, bait.secret):
            broken.append("the teacher's connection carries nothing")
    return Findings(tuple(escapes), tuple(broken))


def _last_line(execution: Execution) -> str:
    lines = execution.stderr.strip().splitlines()
    return lines[-1] if lines else execution.reason or execution.status


@contextlib.contextmanager
def _gateway(bait: Bait) -> Iterator[tuple[Path, socket.socket]]:
    """Stand in for the teacher's gateway: the one connection that must work."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        place = bait.folder / "gateway.sock"
        listener.bind(str(place))
        place.chmod(0o600)
        listener.listen(8)
        listener.setblocking(False)
        yield place, listener


def _heard(gateway: socket.socket, secret: str) -> bool:
    try:
        connection, _ = gateway.accept()
    except OSError:
        return False
    with connection:
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            return connection.recv(64) == secret.encode()
    return False
