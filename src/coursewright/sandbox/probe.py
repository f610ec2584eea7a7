"""Tries to break out of a sandbox before it is trusted.

Secrets, listening sockets and files are planted around the sandbox; a program inside goes for
them (`escape.py`); and what it did is judged here, outside, not by what it says alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import coursewright
from coursewright.errors import IsolationError
from coursewright.records import Execution
from coursewright.sandbox import packages, seccomp
from coursewright.sandbox.execution import ProgramSandbox

_SECONDS = 30.0
_PROGRAM = Path(__file__).with_name("escape.py")


@dataclass(frozen=True)
class Findings:
    """What the probe found: ways out, and allowed ways that do not work."""

    escapes: tuple[str, ...]
    broken: tuple[str, ...]


@dataclass
class _Bait:
    """What was planted for one probe."""

    folder: Path
    secret: str
    targets: dict[str, Any]
    listeners: list[socket.socket] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder / "secret.txt"

    @property
    def gateway(self) -> Path:
        return self.folder / "gateway.sock"


def probe(sandbox: ProgramSandbox, *, attack: bool = True) -> Findings:
    """Run the escape probe in a sandbox; without `attack` only see that programs would work.

    Raises:
        IsolationError: the sandbox does not even run the probe.
    """
    found: dict[str, Any] = {}

    def take(work: Path) -> None:
        with contextlib.suppress(OSError, ValueError):
            found.update(json.loads((work / "found.json").read_text()))

    with _planted() as bait, _gateway(bait) as gateway:
        targets = bait.folder / "probe.json"
        targets.write_text(json.dumps({**bait.targets, "attack": attack}))
        execution = sandbox.execute(
            _PROGRAM.read_text(encoding="utf-8"),
            files={"probe.json": targets},
            socket=bait.gateway,
            seed=0,
            deadline=_SECONDS,
            submission=take,
            on_rows=lambda rows: None,
        )
        if not found:
            raise IsolationError(f"the escape probe did not run: {_last_line(execution)}")
        escapes = [*found["escapes"], *_seen_outside(bait)]
        broken = list(found["broken"])
        if not _heard(gateway, bait.secret):
            broken.append("the teacher's connection carries nothing")
    return Findings(tuple(escapes), tuple(broken))


def _last_line(execution: Execution) -> str:
    lines = execution.stderr.strip().splitlines()
    return lines[-1] if lines else execution.reason or execution.status


@contextlib.contextmanager
def _planted() -> Iterator[_Bait]:
    """Plant the bait, and remove it after."""
    secret = secrets.token_hex(16)
    folder = Path(tempfile.mkdtemp(prefix="coursewright-probe-"))
    bait = _Bait(folder, secret, {})
    descriptor = -1
    try:
        # Open to everyone on purpose: only the sandbox stands in between.
        folder.chmod(0o777)
        bait.file.write_text(secret)
        bait.file.chmod(0o666)
        descriptor = os.open(bait.file, os.O_RDONLY)
        os.set_inheritable(descriptor, True)
        os.environ["COURSEWRIGHT_PROBE_SECRET"] = secret
        bait.targets = _targets(bait)
        yield bait
    finally:
        os.environ.pop("COURSEWRIGHT_PROBE_SECRET", None)
        if descriptor >= 0:
            os.close(descriptor)
        for listener in bait.listeners:
            listener.close()
        shutil.rmtree(folder, ignore_errors=True)


def _targets(bait: _Bait) -> dict[str, Any]:
    tcp = _listen(bait, socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
    abstract = f"coursewright-{bait.secret}"
    _listen(bait, socket.AF_UNIX, socket.SOCK_STREAM, "\0" + abstract)
    for kind, name in ((socket.SOCK_STREAM, "named"), (socket.SOCK_DGRAM, "datagram")):
        _listen(bait, socket.AF_UNIX, kind, str(bait.folder / name))
        (bait.folder / name).chmod(0o777)
    known = seccomp.machine()
    home = Path.home()
    return {
        "secret": bait.secret,
        "marker": bait.file.name,
        "folder": str(bait.folder),
        "files": [str(bait.file), *_private_files()],
        "writable": [
            str(bait.folder / "left-behind"),
            str(home / f".{bait.folder.name}"),
            f"/var/tmp/{bait.folder.name}",
        ],
        "tcp": tcp.getsockname() if tcp is not None else ("127.0.0.1", 9),
        "abstract": abstract,
        "named": str(bait.folder / "named"),
        "datagram": str(bait.folder / "datagram"),
        "supervisor": os.getpid(),
        "calls": known.calls if known is not None else {},
        "modules": [name for name in ("aiohttp", "numpy") if name in _importable()],
    }


def _importable() -> dict[str, Path]:
    return packages.find_packages().entries


def _private_files() -> list[str]:
    """Files of ours and of others that no program may read."""
    package = Path(coursewright.__file__).parent
    found = [package / "__init__.py", package / "sandbox" / "probe.py"]
    # The private splits themselves, where built-in tasks lie in the package.
    found += sorted(package.rglob("private.jsonl"))[:4]
    allowed = _importable()
    for site in (*packages.site_folders(), Path(os.__file__).parent / "site-packages"):
        others = sorted(site.glob("*/__init__.py"))
        found += [path for path in others if path.parent.name not in allowed][:3]
    found += [Path(f"/proc/{os.getpid()}/environ"), Path(f"/proc/{os.getpid()}/maps")]
    found += [Path("/etc/passwd")]
    return [str(path) for path in found if path.exists()]


def _listen(
    bait: _Bait, family: socket.AddressFamily, kind: socket.SocketKind, address: Any
) -> socket.socket | None:
    try:
        listener = socket.socket(family, kind)
    except OSError:
        return None
    try:
        listener.bind(address)
        if kind == socket.SOCK_STREAM:
            listener.listen(8)
    except OSError:
        # No loopback here, say: then the program cannot reach it either.
        listener.close()
        return None
    listener.setblocking(False)
    bait.listeners.append(listener)
    return listener


@contextlib.contextmanager
def _gateway(bait: _Bait) -> Iterator[socket.socket]:
    """Stand in for the teacher's gateway: the one connection that must work."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(bait.gateway))
        bait.gateway.chmod(0o600)
        listener.listen(8)
        listener.setblocking(False)
        yield listener


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


def _seen_outside(bait: _Bait) -> list[str]:
    """Return what has changed around the sandbox."""
    escapes = []
    for listener in bait.listeners:
        with contextlib.suppress(OSError):
            if listener.type == socket.SOCK_STREAM:
                listener.accept()[0].close()
            else:
                listener.recv(64)
            escapes.append(f"reached the socket {listener.getsockname()!r}")
    for path in bait.targets["writable"]:
        if os.path.lexists(path):
            escapes.append(f"left {path} behind")
            os.unlink(path)
    try:
        status = bait.file.stat()
        if status.st_mode & 0o777 != 0o666 or status.st_mtime < 10:
            escapes.append("changed mode or times of a foreign file")
    except OSError:
        escapes.append("moved or removed a foreign file")
    return escapes
