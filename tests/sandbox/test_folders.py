"""Folders on disk, the split around hidden places, and the text of a stream."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from coursewright.sandbox.exposure import split_around
from coursewright.sandbox.output import Stream
from coursewright.sandbox.packages import PackageView
from coursewright.sandbox.workspace import Workspace

_NO_PACKAGES = PackageView({}, ())


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_workspace_goes_with_its_owner(temporary: Path) -> None:
    workspace = Workspace(_NO_PACKAGES)
    assert len(list(temporary.iterdir())) == 1
    workspace.close()
    assert list(temporary.iterdir()) == []


def test_a_killed_owners_workspace_is_swept_and_a_living_ones_is_not(temporary: Path) -> None:
    living = Workspace(_NO_PACKAGES)
    killed = temporary / "coursewright-sandbox-killed"
    killed.mkdir()
    (killed / "lock").touch()
    os.utime(living.root / "lock", (1, 1))
    os.utime(killed / "lock", (1, 1))
    Workspace(_NO_PACKAGES).close()
    assert [path.name for path in temporary.iterdir()] == [living.root.name]
    living.close()


def test_a_fresh_workspace_is_left_alone_before_it_is_locked(temporary: Path) -> None:
    fresh = temporary / "coursewright-sandbox-fresh"
    fresh.mkdir()
    (fresh / "lock").touch()
    Workspace(_NO_PACKAGES).close()
    assert fresh.exists()


def test_a_nest_deeper_than_any_path_is_removed(temporary: Path) -> None:
    workspace = Workspace(_NO_PACKAGES)
    kept = temporary / "kept"
    kept.mkdir()
    (kept / "file").touch()
    folder = workspace.attempt("", {}, None)
    place = os.open(folder.work, os.O_RDONLY)
    for depth in range(1200):
        os.mkdir("deeper", 0o700, dir_fd=place)
        if depth % 400 == 0:
            os.symlink(kept, "away", dir_fd=place)
            os.mkdir("closed", 0o000, dir_fd=place)
        below = os.open("deeper", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = below
    os.close(place)
    workspace.discard(folder)
    assert not folder.work.parent.exists()
    assert (kept / "file").exists()
    workspace.close()


def test_a_folder_is_split_around_hidden_ones(tmp_path: Path) -> None:
    for name in ("a/hidden/x", "a/shown", "b"):
        (tmp_path / name).mkdir(parents=True)
    parts = split_around(tmp_path, [tmp_path / "a" / "hidden"])
    assert parts == [tmp_path / "a" / "shown", tmp_path / "b"]
    assert split_around(tmp_path, [tmp_path]) == []
    assert split_around(tmp_path / "b", [tmp_path / "a"]) == [tmp_path / "b"]


def test_a_stream_keeps_both_ends_in_bounded_memory() -> None:
    stream = Stream(100)
    for number in range(10_000):
        stream.feed(b"%d\n" % number)
    text = stream.text({})
    assert text.startswith("0\n1\n")
    assert text.endswith("9999\n")
    assert "left out" in text
    assert len(text) < 200


def test_a_short_stream_is_whole() -> None:
    stream = Stream(100)
    stream.feed(b"a" * 70)
    stream.feed(b"b" * 30)
    assert stream.text({}) == "a" * 70 + "b" * 30


def test_control_characters_and_places_are_rewritten() -> None:
    stream = Stream(1000)
    stream.feed("\x1b[2J\u202e\u2028\r\t".encode() + b"\xff /x/y/z /x/y\n")
    assert stream.text({"/x/y": "A", "/x/y/z": "B"}) == ("\\x1b[2J\\u202e\\u2028\\x0d\t\\xff B A\n")


@pytest.mark.parametrize("shift", range(0, 40, 7))
def test_a_secret_that_the_cut_goes_through_is_not_shown_in_part(shift: int) -> None:
    stream = Stream(200)
    secret = "sk-0123456789-canary"
    stream.feed(b"." * (90 - shift) + secret.encode() * 40 + b"." * shift)
    text = stream.text({secret: "$KEY"})
    assert "left out" in text
    assert "sk-" not in text
    assert "canary" not in text
