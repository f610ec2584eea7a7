"""A hostile file is read whole and once, or not at all."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from coursewright.store import NotTaken, chunks_of, untrusted_folder


def read(folder: Path, limit: int = 1000) -> bytes:
    with untrusted_folder(folder) as directory:
        return b"".join(chunks_of(directory, "file", limit))


def test_a_plain_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 1000)
    assert read(tmp_path) == b"x" * 1000


def test_a_missing_file_or_folder_is_no_refusal(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(FileNotFoundError):
            read(folder)


@pytest.mark.parametrize("kind", ["link", "hard link", "folder", "special", "large"])
def test_anything_else_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    file, other = tmp_path / "file", tmp_path / "other"
    other.write_bytes(b"other")
    match kind:
        case "link":
            file.symlink_to(other)
        case "hard link":
            file.hardlink_to(other)
        case "folder":
            file.mkdir()
        case "special":
            os.mkfifo(file)
        case "large":
            file.write_bytes(b"x" * 1001)
    with pytest.raises(NotTaken) as caught:
        read(tmp_path)
    assert caught.value.code == kind


def test_a_socket_is_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "file"))
        with pytest.raises(NotTaken, match="special"):
            read(tmp_path)


def test_a_folder_that_is_a_link_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_bytes(b"x")
    (tmp_path / "folder").symlink_to("real")
    with pytest.raises((NotTaken, NotADirectoryError)):
        read(tmp_path / "folder")


def test_a_file_that_grows_while_it_is_read_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 900)
    with untrusted_folder(tmp_path) as directory:
        chunks = chunks_of(directory, "file", 1000)
        assert next(chunks) == b"x" * 900
        with (tmp_path / "file").open("ab") as file:
            file.write(b"x" * 200)
        with pytest.raises(NotTaken, match="large"):
            next(chunks)
