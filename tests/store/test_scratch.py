"""Temporary folders of the dead are swept; those of the living, of others, and unmarked are not."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from coursewright.store import Scratch
from coursewright.store import scratch as scratch_module

LONG_AGO = (1_000_000_000, 1_000_000_000)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def aged(folder: Path) -> Path:
    os.utime(folder, LONG_AGO)
    return folder


def left_by_the_dead(place: Path) -> Path:
    """A folder whose owner was killed."""
    script = (
        "import os, sys, tempfile\n"
        f"tempfile.tempdir = {str(place)!r}\n"
        "from coursewright.store import Scratch\n"
        "print(Scratch('cw-test-').path, flush=True); os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert done.returncode == -9
    (Path(done.stdout.strip()) / "weights").write_text("big")
    return aged(Path(done.stdout.strip()))


def test_a_folder_goes_with_its_owner(place: Path) -> None:
    with Scratch("cw-test-") as scratch:
        assert scratch.path.stat().st_mode & 0o777 == 0o700
        assert scratch.path.parent == place
    assert not scratch.path.exists()
    scratch.close()


def test_the_next_owner_sweeps_what_the_dead_left_and_nothing_else(place: Path) -> None:
    dead = left_by_the_dead(place)
    unmarked = place / "cw-test-unmarked"
    unmarked.mkdir()
    outside = place / "elsewhere"
    outside.mkdir()
    (outside / ".owner").touch()
    (place / "cw-test-link").symlink_to(outside)
    with Scratch("cw-test-") as living:
        aged(living.path)
        aged(unmarked)
        aged(outside)
        with Scratch("cw-test-"), Scratch("cw-other-"):
            assert not dead.exists()
            assert living.path.exists(), "its owner lives"
    assert unmarked.exists()
    assert (outside / ".owner").exists()


def test_a_young_folder_is_left_to_its_owner(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = left_by_the_dead(place)
    os.utime(dead)
    with Scratch("cw-test-"):
        assert dead.exists()


def test_folders_of_other_users_are_not_touched(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = left_by_the_dead(place)
    mine = os.getuid()
    monkeypatch.setattr(scratch_module.os, "getuid", lambda: mine + 1)
    with Scratch("cw-test-"):
        assert dead.exists()
