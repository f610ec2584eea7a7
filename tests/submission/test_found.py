"""Inputs that once broke the intake, and the seeds of its fuzzer, read again.

What `python -m benchmarks.intake_fuzz` finds is kept in `found/`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.fuzz_target import Target
from benchmarks.intake_fuzz import SEEDS
from coursewright.submission import scan

FOUND = sorted((Path(__file__).parent / "found").iterdir())


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_was_found_once_is_answered(path: Path, tmp_path: Path) -> None:
    Target(tmp_path)(path.read_bytes())


@pytest.mark.parametrize("number", range(len(SEEDS)))
def test_the_seeds_of_the_fuzzer_are_answered(number: int, tmp_path: Path) -> None:
    Target(tmp_path)(SEEDS[number])


def test_a_fault_does_not_hide_that_a_list_is_no_json(tmp_path: Path) -> None:
    for path in (path for path in FOUND if "syntax" in path.name):
        found, kept = Target(tmp_path).answer(path.read_bytes())
        assert found.error is not None
        assert "row 2 is not valid JSON" in found.error
        assert kept == []


def test_a_scan_that_errs_at_the_border_of_a_piece_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = '[{"instruction": "Add.", "input": "%s", "output": "2"}]'
    padding = 63 - row.index("%s")  # the backslash is the last byte of the first piece
    data = (row % ("x" * padding + "\\n ]")).encode()
    target = Target(tmp_path)
    target(data)
    monkeypatch.setattr(scan, "_BACKSLASH", 0)
    with pytest.raises(AssertionError, match="size of a piece"):
        target(data)
