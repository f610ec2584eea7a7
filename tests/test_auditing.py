"""`coursewright audit` on files of all kinds."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from coursewright.auditing import audit_file
from coursewright.cli import app
from coursewright.errors import ConfigError, UsageError
from coursewright.families import load_family
from coursewright.families.drawing import draw_rows
from coursewright.records import TracedRow
from coursewright.tasks import load_task, read_split

TASK = load_task("science-mini")
HONEST = draw_rows(load_family("science"), TASK.instruction, 400, Random(1))


def written(path: Path, rows: list[TracedRow]) -> Path:
    path.write_text("".join(f"{row.model_dump_json()}\n" for row in rows))
    return path


def test_honest_rows_are_clean_and_the_json_has_its_shape(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl", HONEST)
    done = CliRunner().invoke(app, ["audit", str(path), "--task", "science-mini", "--json"])
    assert done.exit_code == 0
    said = json.loads(done.stdout)
    assert (said["verdict"], said["rows"]) == ("clean", {"read": 400, "kept": 400, "dropped": {}})
    assert [check["name"] for check in said["checks"]][-1] == "contamination"
    assert {"name", "verdict", "evidence", "seconds"} == {*said["checks"][0]}
    assert said["unchecked"] == ["provenance: no call ledger; --run RUN names one"]


def test_copies_are_dropped_counted_and_flagged_and_private_ones_raise_an_alarm(
    tmp_path: Path,
) -> None:
    copies = [
        TracedRow(instruction=TASK.instruction, input=item.question, output=str(item.answer))
        for item in TASK.visible[:30]
    ]
    leaked = [
        TracedRow(instruction=TASK.instruction, input=item.question, output=str(item.answer))
        for item in read_split(TASK, "private")[:80]
    ]
    path = written(tmp_path / "rows.jsonl", [*HONEST, *copies])
    found = audit_file(path, "science-mini", None, tmp_path)
    assert found.audit.verdict == "flagged"
    assert found.dropped["copy of a visible item"] == 30
    path = written(tmp_path / "leaked.jsonl", [*HONEST, *leaked])
    assert audit_file(path, "science-mini", None, tmp_path).audit.verdict == "flagged"


def test_lines_for_people_show_no_control_characters(tmp_path: Path) -> None:
    hostile = HONEST[0].model_copy(update={"instruction": "\x1b[2J" + TASK.visible[0].question})
    path = written(tmp_path / "rows.jsonl", [*HONEST[:50], hostile])
    done = CliRunner().invoke(app, ["audit", str(path), "--task", "science-mini"])
    assert done.exit_code == 0
    assert "verdict" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "is empty"), (b"[1, 2", "row"), (b"\xff\xfe", "UTF-16"), (b"{}\n", "no instruction")],
)
def test_what_holds_no_rows_is_a_usage_error(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=why):
        audit_file(path, "science-mini", None, tmp_path)


def test_what_is_no_plain_file_is_a_usage_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "missing", "."):
        with pytest.raises(UsageError, match=r"cannot be read|no plain file"):
            audit_file(tmp_path / name, "science-mini", None, tmp_path)


def test_a_policy_is_put_to_a_file_too(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl", HONEST[:200])
    rules = tmp_path / "policy.yaml"
    rules.write_text("personal_data: {}\nblocked: [{name: trials, patterns: ['(?i)trial']}]\n")
    trials = sum("trial" in row.input.lower() for row in HONEST[:200])
    assert trials > 0
    found = audit_file(path, "science-mini", None, tmp_path, rules)
    assert found.dropped == {"policy: blocked topic trials": trials}


class Broken:
    """An embedder that fails."""

    def embed(self, texts: Sequence[str]) -> object:
        raise OSError("no model")


def test_an_embedder_that_fails_leaves_the_verdict_open(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl", HONEST[:200])
    named = f"{__name__}:{Broken.__name__}"
    found = audit_file(path, "science-mini", None, tmp_path, embedder=named)
    assert found.audit.verdict == "unresolved"
    assert any("no model" in line for check in found.audit.checks for line in check.evidence)


def test_an_embedder_that_is_none_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no method 'embed'"):
        audit_file(tmp_path / "missing", "science-mini", None, tmp_path, embedder="io:StringIO")
