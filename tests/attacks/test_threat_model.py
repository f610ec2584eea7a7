"""The table in the threat model names tests that exist, and every attack of the suite."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.attacks.catalog import PROGRAMS, SUBMISSIONS

TESTS = Path(__file__).parents[1]
TEXT = (TESTS.parent / "docs" / "threat-model.md").read_text()


def named() -> set[str]:
    """Paths, and `path::test` names, of the table."""
    rows = [line for line in TEXT.splitlines() if line.startswith("| ")]
    return {name for row in rows for name in re.findall(r"`(\w+/[\w/]+\.py(?:::\w+)?)`", row)}


def test_every_test_that_is_named_exists() -> None:
    assert len(named()) > 40
    for name in named():
        path, _, test = name.partition("::")
        if not (TESTS / path).is_file():
            assert (TESTS.parent / "src" / "coursewright" / path).is_file(), name
        elif test:
            tree = ast.parse((TESTS / path).read_text())
            assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_hostile_program_is_named_and_every_name_is_played() -> None:
    files = {path.stem for path in (TESTS / "attacks" / "programs").glob("*.py")} - {"prelude"}
    in_table = {Path(name).stem for name in named() if name.startswith("attacks/programs/")}
    assert in_table == files
    alone = {"submission", "upstream_faults", "collecting", "deaf"}
    assert files - alone == set(PROGRAMS)


def test_every_kind_of_submission_is_made_by_the_program() -> None:
    text = (TESTS / "attacks" / "programs" / "submission.py").read_text()
    assert set(re.findall(r'^    "(\w+)": ', text, re.MULTILINE)) == set(SUBMISSIONS)
