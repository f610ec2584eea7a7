"""Why there is no data set is said from the record: rows, reasons, and the teacher's words."""

from pathlib import Path

from coursewright.records import Audit, Collection, Feedback, Proposal, Round
from coursewright.shortfall import shortfall
from coursewright.store.ledger import Ledger


def attempt(number: int, collection: Collection | None, audit: Audit | None = None) -> Round:
    return Round(
        number=number,
        operation="draft",
        parent=None,
        status="invalid",
        failure="too few valid rows",
        proposal=Proposal(),
        collection=collection,
        audit=audit,
        feedback=Feedback(text="", error="40 rows passed the audit, at least 300 are needed"),
        seconds=1.0,
    )


def answered(path: Path, *texts: str) -> Path:
    with Ledger(path) as ledger:
        for occurrence, text in enumerate(texts):
            call = ledger.reserve(
                f"{occurrence:064x}", "d", "{}", occurrence=occurrence, round_number=0, tokens=9
            )
            ledger.settle(call, text, prompt_tokens=1, completion_tokens=1)
    return path


def test_the_round_that_kept_most_rows_is_told_with_what_was_dropped(tmp_path: Path) -> None:
    empty = Collection(error="0 usable rows, at least 300 are needed")
    some = Collection(read=60, kept=50, dropped={"not in shape": 10})
    audit = Audit(verdict="flagged", kept=40, dropped={"copy of a visible item": 10})
    told = list(shortfall([attempt(0, empty), attempt(1, some, audit)], tmp_path / "none"))
    assert told[0] == (
        "Round 1 came closest: 40 of 60 saved rows were kept "
        "(40 rows passed the audit, at least 300 are needed)."
    )
    assert "not in shape (10), copy of a visible item (10)" in told[1]


def test_nothing_saved_is_said_as_such(tmp_path: Path) -> None:
    empty = Collection(error="0 usable rows, at least 300 are needed")
    (told,) = shortfall([attempt(0, empty)], tmp_path / "none")
    assert "0 of 0 saved rows were kept (0 usable rows, at least 300 are needed)" in told
    assert list(shortfall([attempt(0, None)], tmp_path / "none")) == [
        "No round came as far as rows."
    ]


def test_a_teacher_that_repeats_itself_is_quoted_and_one_that_teaches_is_not(
    tmp_path: Path,
) -> None:
    rounds = [attempt(0, Collection())]
    declined = answered(tmp_path / "a", "I do not know.", "I do not know.", "Pardon?", "Pardon?")
    taught = answered(tmp_path / "b", "1 + 2", "2 + 3", "3 + 4")
    assert (
        'answered 4 calls with 2 different texts, most often: "I do not know."'
        in (list(shortfall(rounds, declined))[-1])
    )
    assert len(list(shortfall(rounds, taught))) == 1
