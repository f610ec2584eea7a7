"""Secrets, listening sockets and files, planted around a sandbox for its escape probe."""

from __future__ import annotations

import contextlib
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
from coursewright.sandbox import packages, seccomp


@dataclass
class Bait:
    """What was planted for one probe."""

    folder: Path
    secret: str
    targets: dict[str, Any]
    listeners: list[socket.socket] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder / "secret.txt"


@contextlib.contextmanager
def planted() -> Iterator[Bait]:
    """Plant the bait, and remove it after."""
    secret = secrets.token_hex(16)
    folder = Path(tempfile.mkdtemp(prefix="coursewright-probe-"))
    bait = Bait(folder, secret, {})
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


def _targets(bait: Bait) -> dict[str, Any]:
    tcp = listen(bait, socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
    abstract = f"coursewright-{bait.secret}"
    listen(bait, socket.AF_UNIX, socket.SOCK_STREAM, "\0" + abstract)
    for kind, name in ((socket.SOCK_STREAM, "named"), (socket.SOCK_DGRAM, "datagram")):
        listen(bait, socket.AF_UNIX, kind, str(bait.folder / name))
        (bait.folder / name).chmod(0o777)
    known = seccomp.machine()
    home = Path.home()
    return {
        "secret": bait.secret,
        "marker": bait.file.name,
        "folder": str(bait.folder),
        "files": [str(bait.file), *private_files()],
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
    }


def private_files() -> list[str]:
    """Files of ours and of others that no program may read."""
    package = Path(coursewright.__file__).parent
    found = [package / "__init__.py", package / "sandbox" / "probe.py"]
    # The private splits themselves, where built-in tasks lie in the package.
    found += sorted(package.rglob("private.jsonl"))[:4]
    allowed = packages.find_packages().entries
    for site in (*packages.site_folders(), Path(os.__file__).parent / "site-packages"):
        others = sorted(site.glob("*/__init__.py"))
        found += [path for path in others if path.parent.name not in allowed][:3]
    found += [Path(f"/proc/{os.getpid()}/environ"), Path(f"/proc/{os.getpid()}/maps")]
    found += [Path("/etc/passwd")]
    return [str(path) for path in found if path.exists()]


def listen(
    bait: Bait, family: socket.AddressFamily, kind: socket.SocketKind, address: Any
) -> socket.socket | None:
    """Listen where the sandboxed program must not get to; None where that cannot be done."""
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


def seen_outside(bait: Bait) -> list[str]:
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
