"""The attacks are real: without walls around them they get at what they are after.

Only those that do no harm where they succeed. Level 3 and 2 keep them from all of it in
`test_siege.py`, with the same targets.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from coursewright import sandbox
from tests.attacks import house
from tests.attacks.conftest import CANARY, Surroundings


def unconfined(attack: str, surroundings: Surroundings, folder: Path) -> list[str]:
    """What a hostile program gets at as an ordinary process."""
    path = folder / "program.py"
    path.write_text(house.program(attack, house.marker(), surroundings.targets))
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        ours.close()  # there is no teacher out here
        done = subprocess.run(
            [sys.executable, str(path)],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(Path(sandbox.__file__).parent),
                "COURSEWRIGHT_LINE": str(theirs.fileno()),
                "COURSEWRIGHT_DATA": str(folder),
                "SECRET": CANARY,
            },
            pass_fds=[theirs.fileno()],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    return [line.split()[1] for line in done.stdout.splitlines() if line.startswith("GOT")]


@pytest.mark.parametrize(
    ("attack", "gains"),
    [
        ("scan", {"environment", "processes", "known_places"}),
        ("network", {"TCP", "abstract", "named", "any", "datagram"}),
    ],
)
def test_without_walls_an_attack_succeeds(
    attack: str, gains: set[str], surroundings: Surroundings, tmp_path: Path
) -> None:
    assert gains <= set(unconfined(attack, surroundings, tmp_path))


def test_an_orphan_would_be_found(tmp_path: Path) -> None:
    marker = house.marker()
    left = subprocess.Popen(["sleep", "60"], env={"MARK": marker})
    try:
        assert [line.split(":")[0] for line in house.orphans(marker)] == [str(left.pid)]
    finally:
        left.kill()
        left.wait()
    assert house.orphans(marker) == []
