"""Answers kept for other runs: found by any number of processes, and never in the way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from coursewright.errors import RunFolderError, StorageError
from coursewright.store import SharedAnswers

WRITER = """
import sys
from pathlib import Path
from coursewright.store import SharedAnswers
with SharedAnswers(Path(sys.argv[1])) as answers:
    for n in range(200):
        answers.put(str(n), [sys.argv[2], n])
"""


def test_the_first_answer_under_a_key_stays(tmp_path: Path) -> None:
    with SharedAnswers(tmp_path) as answers:
        answers.put("a", {"text": "\ud800 one"})
        answers.put("a", "two")
        assert answers.get("a") == {"text": "\ud800 one"}
        assert answers.get("b") is None


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    place = tmp_path / "shared"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(place), name]) for name in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    with SharedAnswers(place) as answers:
        assert [answers.get(str(n))[1] for n in range(200)] == list(range(200))


def test_a_damaged_file_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "answers.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(RunFolderError, match="damaged"):
        SharedAnswers(tmp_path)


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="shared"):
        SharedAnswers(tmp_path / "file" / "below")


def test_trouble_later_on_is_only_a_missing_answer(tmp_path: Path) -> None:
    answers = SharedAnswers(tmp_path)
    answers.put("a", 1)
    answers.close()
    answers.put("b", 2)
    assert answers.get("a") is None
