import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from coursewright.audit import ROUND_CHECKS, Context, Finding, SubmissionAuditor
from coursewright.audit.checks import sift
from coursewright.records import Item, TracedRow
from coursewright.store import Artifacts, put_rows, read_rows
from tests.audit.calls import INSTRUCTION, Calls, row

VISIBLE = (Item(id="1", question="What is 2 + 2, if you think about it?", answer=4),)


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    (tmp_path / "artifacts").mkdir()
    return Artifacts(tmp_path / "artifacts")


def taught(path: Path, count: int) -> list[TracedRow]:
    """Rows that a teacher really gave."""
    calls = Calls(path)
    rows = []
    for n in range(count):
        question = f"What is {n} + {n}?"
        key = calls.add("Write one.", json.dumps({"question": question, "answer": 2 * n}))
        rows.append(row(question, str(2 * n), key))
    calls.close()
    return rows


def audited(artifacts: Artifacts, ledger: Path, rows: Sequence[TracedRow]) -> SubmissionAuditor:
    context = Context(ledger=ledger, visible=VISIBLE, instructions=(INSTRUCTION,))
    return SubmissionAuditor(artifacts, context)


def test_honest_rows_are_clean_and_kept_in_order(artifacts: Artifacts, tmp_path: Path) -> None:
    rows = taught(tmp_path / "l.sqlite", 20)
    auditor = audited(artifacts, tmp_path / "l.sqlite", rows)
    found = auditor.audit(put_rows(artifacts, rows), 0)
    assert (found.verdict, found.kept, found.dropped) == ("clean", 20, {})
    assert found.rows is not None
    assert list(read_rows(artifacts, found.rows)) == rows
    assert [check.name for check in found.checks] == [check.name for check in ROUND_CHECKS]
    assert [r.input for r in found.sample] == [rows[n].input for n in (0, 4, 8, 12, 16)]


def test_up_to_a_tenth_may_be_refused_beyond_it_is_flagged(
    artifacts: Artifacts, tmp_path: Path
) -> None:
    rows = taught(tmp_path / "l.sqlite", 18)
    forged = [row(f"forged {n}", "4", "0" * 64) for n in range(3)]
    auditor = audited(artifacts, tmp_path / "l.sqlite", rows)
    some = auditor.audit(put_rows(artifacts, [*rows, *forged[:2]]), 0)
    assert (some.verdict, some.kept) == ("clean", 18)
    many = auditor.audit(put_rows(artifacts, [*rows, *forged]), 0)
    assert (many.verdict, many.kept) == ("flagged", 18)
    assert many.dropped == {"names a response that is not in the ledger": 3}
    assert len(many.examples) == 3


def test_the_share_counts_all_checks_together(artifacts: Artifacts, tmp_path: Path) -> None:
    rows = taught(tmp_path / "l.sqlite", 17)
    calls = Calls(tmp_path / "l.sqlite")
    copy = json.dumps({"question": VISIBLE[0].question, "answer": 4})
    copies = [row(VISIBLE[0].question, "4", calls.add(f"{n}", copy)) for n in range(1)]
    calls.close()
    forged = [row(f"forged {n}", "4", "0" * 64) for n in range(1)]
    auditor = audited(artifacts, tmp_path / "l.sqlite", rows)
    assert auditor.audit(put_rows(artifacts, [*rows, *forged]), 0).verdict == "clean"
    assert auditor.audit(put_rows(artifacts, [*rows, *copies]), 0).verdict == "clean"
    assert auditor.audit(put_rows(artifacts, [*rows, *copies, *forged]), 0).verdict == "flagged"


def test_nothing_in_is_nothing_out(artifacts: Artifacts, tmp_path: Path) -> None:
    found = audited(artifacts, tmp_path / "l.sqlite", []).audit(put_rows(artifacts, []), 0)
    assert (found.verdict, found.kept) == ("clean", 0)


def test_a_damaged_ledger_is_unresolved_and_lets_nothing_pass(
    artifacts: Artifacts, tmp_path: Path
) -> None:
    rows = taught(tmp_path / "l.sqlite", 3)
    (tmp_path / "l.sqlite").write_bytes(b"garbage" * 1000)
    found = audited(artifacts, tmp_path / "l.sqlite", rows).audit(put_rows(artifacts, rows), 0)
    assert (found.verdict, found.kept) == ("unresolved", 0)
    assert found.dropped == {"provenance could not be checked": 3}


def test_a_check_that_breaks_is_unresolved_and_another_costs_one_class(
    artifacts: Artifacts, tmp_path: Path
) -> None:
    class Short:
        name = "short"

        def examine(self, rows: Sequence[TracedRow], context: Context) -> Finding:
            return sift(self.name, rows, lambda r: "too long" if len(r.output) > 1 else None)

    class Broken:
        name = "broken"

        def examine(self, rows: Sequence[TracedRow], context: Context) -> Finding:
            raise RuntimeError("no idea")

    rows = taught(tmp_path / "l.sqlite", 10)
    digest = put_rows(artifacts, rows)
    short = SubmissionAuditor(artifacts, Context(), round_checks=(Short(),)).audit(digest, 0)
    assert (short.kept, short.dropped) == (5, {"too long": 5})
    broken = SubmissionAuditor(artifacts, Context(), round_checks=(Short(), Broken()))
    found = broken.audit(digest, 0)
    assert (found.verdict, found.kept) == ("unresolved", 0)
    assert found.checks[1].evidence == ("RuntimeError: no idea",)


def test_hidden_items_are_opened_in_the_final_pass_alone_and_nothing_is_dropped_there(
    artifacts: Artifacts, tmp_path: Path
) -> None:
    opened: list[str] = []
    seen: list[Context] = []

    class Curious:
        name = "curious"

        def examine(self, rows: Sequence[TracedRow], context: Context) -> Finding:
            seen.append(context)
            return sift(self.name, rows, lambda row: "no")

    def open_hidden() -> dict[str, tuple[Item, ...]]:
        opened.append("private")
        return {"private": VISIBLE}

    auditor = SubmissionAuditor(artifacts, Context(), open_hidden, (Curious(),), (Curious(),))
    digest = put_rows(artifacts, [row("q", "a", None)] * 3)
    swept = auditor.audit(digest, 1, [(0, digest)])
    assert (swept.kept, opened, seen[0].hidden) == (0, [], {})
    assert (seen[0].round_number, seen[0].earlier[0]) == (1, (0, read_rows(artifacts, digest)))
    final = auditor.audit_final(digest, [(0, digest)])
    assert (final.verdict, final.rows, final.kept, final.dropped) == ("flagged", digest, 3, {})
    assert (seen[1].round_number, seen[1].hidden) == (None, {"private": VISIBLE})


def test_a_check_may_refuse_the_attempt_and_keep_its_rows(artifacts: Artifacts) -> None:
    class Strict:
        name = "strict"

        def examine(self, rows: Sequence[TracedRow], context: Context) -> Finding:
            return replace(sift(self.name, rows, lambda row: None), refusal="enough")

    digest = put_rows(artifacts, [row("q", "a", None)])
    found = SubmissionAuditor(artifacts, Context(), round_checks=(Strict(),)).audit(digest, 0)
    assert (found.refusal, found.kept) == ("enough", 1)


def test_foreign_text_in_examples_is_harmless(artifacts: Artifacts, tmp_path: Path) -> None:
    hostile = row("\x1b[2J\u202e" * 100, "score: 1.0\n" * 100, "0" * 64)
    found = audited(artifacts, tmp_path / "l.sqlite", []).audit(put_rows(artifacts, [hostile]), 0)
    (example,) = found.examples
    assert example.isprintable()
    assert len(example) < 300


def test_two_thousand_rows_take_seconds(artifacts: Artifacts, tmp_path: Path) -> None:
    rows = taught(tmp_path / "l.sqlite", 200) * 10
    auditor = audited(artifacts, tmp_path / "l.sqlite", rows)
    assert auditor.audit(put_rows(artifacts, rows), 0).seconds < 5
