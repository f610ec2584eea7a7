"""Files on their way to a node and back: whole, once, and taken away in the end."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursewright.errors import HelperLost
from coursewright.student.parcels import (
    Content,
    NodeFiles,
    Parcel,
    Sender,
    read_files,
    write_files,
)


class Shelf:
    """A store in memory that counts."""

    def __init__(self) -> None:
        self.kept: list[Content] = []
        self.fetched = 0

    def put(self, content: Content) -> int:
        self.kept.append(content)
        return len(self.kept) - 1

    def get(self, ref: int) -> Content:
        self.fetched += 1
        return self.kept[ref]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NodeFiles]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "node"))
    (tmp_path / "node").mkdir()
    files = NodeFiles("run")
    yield files
    if files.path.exists():
        files.close()


def write(folder: Path, **files: bytes) -> Path:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def test_a_folder_arrives_as_it_was(tmp_path: Path, shelf: Shelf, node: NodeFiles) -> None:
    folder = write(tmp_path / "model", weights=b"\x00\xff" * 1000, empty=b"")
    write(folder / "deeper", config=b"{}")
    place = node.laid_out(Sender(shelf.put).parcel(str(folder)), shelf.get)
    assert (place / "weights").read_bytes() == b"\x00\xff" * 1000
    assert (place / "empty").read_bytes() == b""
    assert (place / "deeper" / "config").read_bytes() == b"{}"


def test_a_file_arrives_under_its_name(tmp_path: Path, shelf: Shelf, node: NodeFiles) -> None:
    file = write(tmp_path / "rows", digest=b"one\n") / "digest"
    place = node.laid_out(Sender(shelf.put).parcel(str(file)), shelf.get)
    assert (place.name, place.read_bytes()) == ("digest", b"one\n")


def test_each_content_is_put_once_and_fetched_once(
    tmp_path: Path, shelf: Shelf, node: NodeFiles
) -> None:
    sender, folder = Sender(shelf.put), str(write(tmp_path / "model", weights=b"w"))
    for _ in range(3):
        node.laid_out(sender.parcel(folder), shelf.get)
    assert (len(shelf.kept), shelf.fetched) == (1, 1)
    # Another slot of the run on this node finds it.
    beside = NodeFiles("run")
    beside.laid_out(sender.parcel(folder), shelf.get)
    assert shelf.fetched == 1
    beside.close()


def test_what_the_store_has_lost_is_put_again(tmp_path: Path, shelf: Shelf) -> None:
    sender, folder = Sender(shelf.put), str(write(tmp_path / "model", weights=b"w"))
    sender.parcel(folder)
    sender.forget()
    sender.parcel(folder)
    assert len(shelf.kept) == 2


def test_old_checkpoints_leave_the_store(tmp_path: Path, shelf: Shelf) -> None:
    sender, base = Sender(shelf.put), str(write(tmp_path / "base", weights=b"base"))
    for number in range(40):
        sender.parcel(base)
        sender.parcel(str(write(tmp_path / f"{number}", weights=str(number).encode())))
    assert len(sender._sent) == 16
    assert base in sender._sent, "what every request needs stays"


def test_a_fetch_that_fails_leaves_nothing_half_there(
    tmp_path: Path, shelf: Shelf, node: NodeFiles
) -> None:
    parcel = Sender(shelf.put).parcel(str(write(tmp_path / "model", a=b"1", b=b"2")))
    calls = iter([np.zeros(1, dtype=np.uint8)])

    with pytest.raises(StopIteration):
        node.laid_out(parcel, lambda _: next(calls))
    assert (node.laid_out(parcel, shelf.get) / "a").read_bytes() == b"1"


def test_the_last_slot_of_a_node_takes_the_files_away(node: NodeFiles) -> None:
    beside = NodeFiles("run")
    beside.close()
    assert node.path.exists()
    node.close()
    assert not node.path.exists()


def test_what_a_dead_node_left_is_swept_up(tmp_path: Path, node: NodeFiles) -> None:
    dead = node.path.with_name("coursewright-node-dead")
    write(dead, weights=b"w")
    (dead / ".owner").touch()
    long_ago = time.time() - 3600
    for path in (dead, node.path):
        os.utime(path, (long_ago, long_ago))
    NodeFiles("other").close()
    assert not dead.exists()
    assert node.path.exists(), "somebody is in there"


def test_a_folder_of_somebody_else_is_not_used(tmp_path: Path, node: NodeFiles) -> None:
    place = node.path.with_name("coursewright-node-trap")
    place.symlink_to(tmp_path)
    with pytest.raises(HelperLost, match="somebody else's"):
        NodeFiles("trap")


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../../b", ""])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(HelperLost, match="a file called"):
        write_files({name: np.zeros(1, dtype=np.uint8)}, tmp_path / "in")
    assert list(tmp_path.rglob("*")) == [tmp_path / "in"]


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}(/[0-9]{1,3}){0,2}", fullmatch=True), st.binary()))
def test_files_come_back_as_they_were_written(files: dict[str, bytes]) -> None:
    import tempfile

    # A name cannot be both a file and a folder.
    files = {n: c for n, c in files.items() if not any(o.startswith(f"{n}/") for o in files)}
    with tempfile.TemporaryDirectory() as place:
        contents = {n: np.frombuffer(c, dtype=np.uint8) for n, c in files.items()}
        write_files(contents, Path(place))
        found = {name: content.tobytes() for name, content in read_files(Path(place)).items()}
    assert found == files


def test_a_parcel_names_content_not_place(tmp_path: Path, shelf: Shelf) -> None:
    def sent(name: str) -> Parcel:
        return Sender(shelf.put).parcel(str(write(tmp_path / name, weights=b"w")))

    assert sent("here").digest == sent("there").digest
