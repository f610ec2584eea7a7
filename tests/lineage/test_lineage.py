"""A row of a finished run is followed back to its call, program, message, round and config."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from coursewright.cli import app
from coursewright.errors import UsageError
from coursewright.lineage import lines, trace_row
from coursewright.records import Audit, Feedback, Proposal, Round
from coursewright.store import RunFolder, RunStore, put_rows
from tests.audit.calls import Calls, row
from tests.export.runs import finished_run

QUESTIONS = ("How far is 3 + 4?", "How far is 5 + 6?")
CODES = ("print('first')\n", "print('second')\n")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run whose round 1 improved on round 0, kept its first row and added one."""
    calls = Calls(tmp_path / "ledger.sqlite")
    keys = [
        calls.add(f"Write one, {n}.", json.dumps({"question": q, "answer": "7"}), round_number=n)
        for n, q in enumerate(QUESTIONS)
    ]
    calls.close()
    rows = [row(question, "7", key) for question, key in zip(QUESTIONS, keys, strict=True)]
    place = finished_run(tmp_path / "runs", dataset=rows)
    shutil.move(tmp_path / "ledger.sqlite", place / "ledger.sqlite")
    shutil.rmtree(place / "rounds")
    with RunStore.open(place) as store:
        delivered = put_rows(store.artifacts, rows)
        for number, digest in enumerate((put_rows(store.artifacts, rows[:1]), delivered)):
            store.archive.round_done(
                Round(
                    number=number,
                    operation=("draft", "improve")[number],  # type: ignore[arg-type]
                    parent=(None, 0)[number],
                    status="scored",
                    proposal=Proposal(plan=f"plan {number}", code=CODES[number]),
                    audit=Audit(verdict="clean", rows=digest),
                    feedback=Feedback(text=""),
                )
            )
        result = store.result()
        assert result is not None
        assert result.final is not None
        final = result.final.model_copy(update={"round": 1})
        store.write_result(result.model_copy(update={"final": final}))
    return place


def test_a_carried_row_is_led_back_to_the_round_that_first_made_it(run: Path) -> None:
    kept, new = (trace_row(RunFolder(run), number) for number in (1, 2))
    assert kept.maker is not None
    assert new.maker is not None
    assert (kept.maker.round, kept.held_by, kept.delivered_by) == (0, (0, 1), 1)
    assert (new.maker.round, new.held_by) == (1, (1,))
    assert [a.round for a in new.maker.ancestors] == [0]
    assert (kept.maker.plan, new.maker.plan) == ("plan 0", "plan 1")
    assert new.maker.code == hashlib.sha256(CODES[1].encode()).hexdigest()
    assert kept.missing == new.missing == ()


def test_the_call_comes_with_request_response_and_the_round_that_paid(run: Path) -> None:
    (call,) = trace_row(RunFolder(run), 2).calls
    assert call.messages == ({"role": "user", "content": "Write one, 1."},)
    assert json.loads(call.response)["question"] == QUESTIONS[1]
    assert call.round == 1


def test_config_and_outside_files_are_named(run: Path) -> None:
    found = trace_row(RunFolder(run), 1)
    assert found.config["teacher"] == "simulated"
    assert len(found.config_digest) == 64
    assert "task.yaml" in found.inputs


@pytest.mark.parametrize("number", [0, -1, 3])
def test_a_row_that_is_not_there_is_named_with_those_that_are(run: Path, number: int) -> None:
    with pytest.raises(UsageError, match="rows 1 to 2"):
        trace_row(RunFolder(run), number)


def test_what_an_old_run_lacks_is_said_and_the_rest_is_told(run: Path) -> None:
    (run / "ledger.sqlite").unlink()
    shutil.rmtree(run / "rounds" / "000")
    found = trace_row(RunFolder(run), 1)
    assert found.calls == ()
    assert found.maker is not None
    assert found.maker.round == 1
    assert found.missing == ("the call ledger is not here",)
    shutil.rmtree(run / "rounds")
    assert trace_row(RunFolder(run), 1).maker is None


def test_the_run_folder_is_only_read(run: Path) -> None:
    def state() -> dict[str, tuple[int, int]]:
        found = {path: path.lstat() for path in run.rglob("*")}
        return {str(path): (s.st_size, s.st_mtime_ns) for path, s in found.items()}

    before = state()
    trace_row(RunFolder(run), 1)
    assert state() == before


def test_no_line_of_a_text_passes_for_one_of_ours(run: Path) -> None:
    found = trace_row(RunFolder(run), 1)
    hostile = found.row.model_copy(update={"input": "x\nmissing      nothing\x1b[2J"})
    told = lines(found.model_copy(update={"row": hostile}))
    assert not any(line.startswith("missing") for line in told)
    assert not any("\x1b" in line for line in told)


def test_show_prints_one_json_object_or_lines(run: Path) -> None:
    asked = ["show", str(run), "--row", "2"]
    told = CliRunner().invoke(app, [*asked, "--json"])
    assert told.exit_code == 0
    assert json.loads(told.stdout)["row"]["input"] == QUESTIONS[1]
    assert "made in      round 1" in CliRunner().invoke(app, asked).stdout
