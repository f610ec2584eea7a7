"""The count of private openings: exact, kept for good, and never in a run's way."""

from __future__ import annotations

import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from coursewright.store import PrivateOpenings
from coursewright.store.openings import FILE


def count(folder: Path, run: str, split: str = "s") -> int | None:
    return PrivateOpenings(folder, split=split, run=run).count()


def test_each_run_counts_once_and_each_split_for_itself(tmp_path: Path) -> None:
    assert [count(tmp_path, run) for run in ("a", "b", "b", "a", "c")] == [1, 2, 2, 2, 3]
    assert count(tmp_path, "a", split="other") == 1


def test_runs_that_open_at_once_get_different_numbers(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        found = pool.starmap(count, [(tmp_path, f"run {n}") for n in range(9)])
    assert sorted(filter(None, found)) == list(range(1, 10))


def test_openings_are_never_forgotten(tmp_path: Path) -> None:
    count(tmp_path, "a")
    database = sqlite3.connect(tmp_path / FILE)
    for statement in ("DELETE FROM openings", "UPDATE openings SET run = 'b'"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            database.execute(statement)
    database.close()
    assert count(tmp_path, "b") == 2


def test_a_folder_that_cannot_be_written_leaves_the_count_unknown(tmp_path: Path) -> None:
    # A file in the folder's place refuses root, too.
    place = tmp_path / "state"
    place.write_text("")
    assert count(place, "a") is None


def test_a_damaged_file_leaves_the_count_unknown_and_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all" * 100)
    assert count(tmp_path, "a") is None
    assert (tmp_path / FILE).read_bytes().startswith(b"no database")
