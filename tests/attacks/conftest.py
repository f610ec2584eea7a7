"""What there is to be got at, and one run of all attacks at each level."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import coursewright
from tests.attacks import house
from tests.attacks.catalog import PROGRAMS, SUBMISSIONS
from tests.sandbox.conftest import WITHOUT

CANARY = "canary0123456789abcdef"
ATTACKS = {
    # What does not depend on how a program is shut in is played at one level.
    "L3": (*PROGRAMS, *(f"submission:{kind}" for kind, made in SUBMISSIONS.items() if made.walls)),
    "L2": (*PROGRAMS, *(f"submission:{kind}" for kind in SUBMISSIONS)),
}


LEVELS = list(ATTACKS)


@dataclass(frozen=True)
class Surroundings:
    """Secrets and listeners of this machine that no program may reach."""

    place: Path
    targets: dict[str, Any]
    listeners: tuple[socket.socket, ...]
    bystander: int

    def reached(self) -> list[str]:
        """Listeners that somebody reached."""
        found = []
        for listener in self.listeners:
            try:
                if listener.type == socket.SOCK_STREAM:
                    listener.accept()
                else:
                    listener.recv(64)
            except BlockingIOError:
                continue
            found.append(str(listener.getsockname()))
        return found


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    """A file that anybody may read, a process with a secret in its environment, and listeners."""
    place = tmp_path_factory.mktemp("surroundings")
    place.chmod(0o755)
    secret = place / "secret"
    secret.write_text(CANARY)
    secret.chmod(0o666)
    bystander = subprocess.Popen(["sleep", "600"], env={**os.environ, "SECRET": CANARY})
    abstract = f"listener-{bystander.pid}"
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as by_path,
        socket.socket(socket.AF_UNIX) as by_name,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as letters,
    ):
        by_path.bind(str(place / "named"))
        by_name.bind(f"\0{abstract}")
        letters.bind(str(place / "letters"))
        listeners = (tcp, by_path, by_name, letters)
        for listener in listeners:
            listener.setblocking(False)
            if listener.type == socket.SOCK_STREAM:
                listener.listen()
        targets = {
            "canary_backwards": CANARY[::-1],
            "port": tcp.getsockname()[1],
            "named": str(place / "named"),
            "letters": str(place / "letters"),
            "abstract": abstract,
            "processes": [os.getpid(), os.getppid(), bystander.pid],
            "files": [str(secret), *_files()],
        }
        yield Surroundings(place, targets, listeners, bystander.pid)
    bystander.kill()
    bystander.wait()


def _files() -> list[str]:
    """Files of this machine that are no program's business."""
    package = Path(coursewright.__file__).parent
    pytest_file = metadata.distribution("pytest").locate_file("pytest/__init__.py")
    found = [package / "loop.py", *sorted(package.rglob("private.jsonl")), Path(str(pytest_file))]
    return [*map(str, found), "/etc/passwd", "/etc/shadow"]


def require(level: str) -> None:
    """Skip where bubblewrap is missing, and that was allowed."""
    if level == "L3" and shutil.which("bwrap") is None and os.environ.get(WITHOUT) == "1":
        pytest.skip("bubblewrap is missing, and that was allowed")


@pytest.fixture(
    scope="module",
    params=LEVELS,
)
def siege(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    surroundings: Surroundings,
) -> Iterator[house.Siege]:
    """One run at one level, all its attacks in turn, over before the first test looks."""
    level = request.param
    require(level)
    place = tmp_path_factory.mktemp(f"siege-{level}")
    place.chmod(0o755)
    lines = (house.make_task(place / "shown", CANARY) / "visible.jsonl").read_text().splitlines()
    splits = [str(place / "sums" / f"{split}.jsonl") for split in ("scored", "private")]
    record = [str(place / "runs" / "siege" / name) for name in ("journal.sqlite", "calls.sqlite")]
    targets = {
        **surroundings.targets,
        "visible": [json.loads(line) for line in lines],
        "files": [*surroundings.targets["files"], *splits, *record],
    }
    with pytest.MonkeyPatch.context() as patch, house.upstream() as server:
        patch.setenv("OPENAI_API_KEY", CANARY)  # held by the gateway
        yield house.besiege(
            place, level, list(ATTACKS[level]), server, canary=CANARY, targets=targets
        )
