"""Recorded trainings as a file: nothing is lost on the way, and it goes on where it stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.recording.design import point
from benchmarks.recording.table import Recorded, TableError, line_of, pack, read, unpack
from benchmarks.recording.writing import extend
from tests.recording.invented import POOL, World, header, maker

OF = {"task": "a", "pool": "b"}


class Counted:
    """Makes trainings, and notes which."""

    def __init__(self, dies_at: int | None = None) -> None:
        self.made: list[int] = []
        self._make, self._dies_at = maker(World()), dies_at

    def __call__(self, number: int) -> Recorded:
        if number == self._dies_at:
            raise KeyboardInterrupt
        self.made.append(number)
        return self._make(number)


def grow(out: Path, count: int, make: Counted, **other: str) -> None:
    list(extend(out, {**OF, **other}, lambda: header(**OF, **other), count, make))


@given(st.lists(st.booleans(), min_size=1, max_size=70))
def test_bits_come_back(right: list[bool]) -> None:
    assert unpack(pack(right), len(right)).tolist() == right


def test_what_was_recorded_is_read_back(tmp_path: Path) -> None:
    out = tmp_path / "t.jsonl"
    grow(out, 20, Counted())
    found = read(out)
    assert found.trainings == tuple(maker(World())(n) for n in range(20))
    assert found.header == header(**OF)
    assert (found.counts == [point(n, POOL).counts for n in range(20)]).all()
    first = found.trainings[0]
    assert found.results[0, found.is_scored].tolist() == unpack(first.scored, 120).tolist()
    assert found.results[0, ~found.is_scored].tolist() == unpack(first.visible, 40).tolist()
    assert np.flatnonzero(found.base).tolist() == list(range(40, 52))


def test_a_training_is_a_short_line() -> None:
    lines = [line_of(maker(World())(number)) for number in range(40)]
    assert max(map(len, lines)) < 400


def test_what_stands_there_is_not_made_again(tmp_path: Path) -> None:
    out, whole = tmp_path / "t.jsonl", tmp_path / "whole.jsonl"
    for count, made in ((3, [0, 1, 2]), (3, []), (7, [3, 4, 5, 6])):
        make = Counted()
        grow(out, count, make)
        assert make.made == made
    grow(whole, 7, Counted())
    assert out.read_bytes() == whole.read_bytes()


def test_a_kill_costs_the_training_under_way_alone(tmp_path: Path) -> None:
    out, whole = tmp_path / "t.jsonl", tmp_path / "whole.jsonl"
    grow(whole, 5, Counted())
    with pytest.raises(KeyboardInterrupt):
        grow(out, 5, Counted(dies_at=3))
    assert len(read(out).trainings) == 3
    for torn in (1, 40, len(out.read_bytes()) - 10):  # the last: killed in the header's line
        out.write_bytes(out.read_bytes()[:-torn])
        grow(out, 5, Counted())
        assert out.read_bytes() == whole.read_bytes()


def test_another_recording_is_refused_and_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "t.jsonl"
    grow(out, 2, Counted())
    before = out.read_bytes()
    with pytest.raises(TableError, match="another pool"):
        grow(out, 3, Counted(), pool="other")
    assert out.read_bytes() == before


def test_two_do_not_write_one_file(tmp_path: Path) -> None:
    out = tmp_path / "t.jsonl"
    with FileLock(f"{out}.lock"), pytest.raises(TableError, match="another process"):
        grow(out, 1, Counted())
    assert not out.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rows": {9: (1, 2, 3, 4)}}, "no method 9"),
        ({"rows": {0: (1, 2)}}, "rows of 2 topics"),
        ({"rows": {0: (1, 2, 3, -4)}}, "fewer than no rows"),
        ({"scored": pack([True] * 8)}, "1 bytes of results for 120 items"),
        ({"scored": "!"}, "base64|padding|alphabet"),
        ({"n": 0}, "stands there twice"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, change: dict[str, object], said: str) -> None:
    out = tmp_path / "t.jsonl"
    grow(out, 1, Counted())
    with out.open("a") as file:
        file.write(line_of(maker(World())(1).model_copy(update=change)))
    with pytest.raises(TableError, match=said) as caught:
        read(out)
    assert f"{out}:3:" in str(caught.value)


@pytest.mark.parametrize("text", ["", "{}\n", "no json\n", "[1]\n"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str) -> None:
    out = tmp_path / "t.jsonl"
    out.write_text(text)
    with pytest.raises(TableError, match="record_trainings"):
        read(out)
