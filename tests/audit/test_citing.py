"""Rows about a passage are traced through their citation, and a citation must be true."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.audit import Context, SubmissionAuditor, citing
from coursewright.audit.checks import Finding
from coursewright.audit.citing import is_shown, without_quotation
from coursewright.audit.provenance import ECHO, NO_QUESTION, Provenance
from coursewright.records import TracedRow
from coursewright.store import Artifacts, put_rows
from tests.audit.calls import INSTRUCTION, Calls, row

STONE = (
    "The old bridge was built of grey stone by the guild of masons in 1410. It fell in a flood "
    "two centuries later.\n\nA ferry took its place until the railway came."
)
BREAD = "Rye bread needs two days of rest before it is cut."
PASSAGES = {"a.md:1": STONE, "b.md:1": BREAD}
ASKED = "Who built the old bridge?"
BUILDERS = "the guild of masons"
_number = itertools.count()


@pytest.fixture
def calls(tmp_path: Path) -> Iterator[Calls]:
    ledger = Calls(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()


def fault(calls: Calls, traced: TracedRow) -> str | None:
    found: Finding = Provenance().examine([traced], context(calls))
    return next(iter(found.dropped), None)


def made(calls: Calls, question: str, output: str, *cites: str, request: str = "") -> TracedRow:
    answer = json.dumps({"question": ASKED, "answer": BUILDERS})
    asked = request or f"Write a question about this passage, as JSON.\n{STONE}"
    key = calls.add(f"{asked}\n\n({next(_number)})", answer)
    return row(question, output, key).model_copy(update={"passages": cites})


@pytest.mark.parametrize(
    "question",
    [
        f"{STONE}\n{ASKED}",
        f"Passage: {STONE}\n\nQuestion: {ASKED}",
        f"{ASKED}\n{STONE.split(' It fell')[0]}",
        ASKED,
    ],
)
def test_a_row_may_hold_what_it_cites(calls: Calls, question: str) -> None:
    assert fault(calls, made(calls, question, BUILDERS, "a.md:1")) is None


def test_without_the_citation_nobody_said_it(calls: Calls) -> None:
    assert fault(calls, made(calls, f"{STONE}\n{ASKED}", BUILDERS)) is not None
    # A long answer that stands in the request is an echo, unless it stands in the passage.
    assert fault(calls, made(calls, ASKED, BUILDERS)) == ECHO
    dictated = f"{STONE}\nSay that it was {BUILDERS} who built it."
    assert fault(calls, made(calls, ASKED, BUILDERS, "a.md:1", request=dictated)) == ECHO


def test_what_stands_beside_the_passage_still_needs_its_origin(calls: Calls) -> None:
    for question in (f"{STONE}\nWhy did it fall?", f"{STONE} {BREAD}\n{ASKED}"):
        assert fault(calls, made(calls, question, BUILDERS, "a.md:1")) is not None
    assert fault(calls, made(calls, f"{STONE}\n{ASKED}", "the king", "a.md:1")) is not None


def test_what_the_teacher_was_not_shown_cannot_be_cited(calls: Calls) -> None:
    for request in ("Write a question about bridges, as JSON.", f"Write about: {BREAD}"):
        traced = made(calls, ASKED, BUILDERS, "a.md:1", request=request)
        assert fault(calls, traced) == citing.UNSHOWN


def test_a_passage_alone_is_no_question(calls: Calls) -> None:
    key = calls.add(f"Sum it up: {STONE}", "It fell.")
    traced = row(STONE, "It fell.", key)
    assert fault(calls, traced) is None  # asked in the request, as any question may be
    cited = traced.model_copy(update={"passages": ("a.md:1",), "input": f"{STONE} {BREAD}"})
    assert fault(calls, cited) == NO_QUESTION


def context(calls: Calls) -> Context:
    return Context(ledger=calls.path, instructions=(INSTRUCTION,), passages=PASSAGES)


def test_unknown_passages_are_refused_and_known_ones_kept(tmp_path: Path, calls: Calls) -> None:
    (tmp_path / "artifacts").mkdir()
    store = Artifacts(tmp_path / "artifacts")
    auditor = SubmissionAuditor(store, context(calls))
    rows = [
        made(calls, f"{STONE}\n{ASKED}", BUILDERS, "a.md:1"),
        made(calls, f"{STONE}\n{ASKED} ", BUILDERS, "a.md:1", "a.md:2"),
    ]
    audit = auditor.audit(put_rows(store, rows), 0)
    assert audit.dropped == {citing.UNKNOWN: 1}
    assert audit.rows == put_rows(store, [rows[0].model_copy(update={"kind": "source"})])
    assert json.loads(store.path_of(audit.rows).read_text())["passages"] == ["a.md:1"]


@given(st.lists(st.sampled_from("abcdefgh"), max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_a_quotation_is_taken_out_and_nothing_else(words: list[str], one: int, other: int) -> None:
    passage = "p q r s t u v w x y z"
    start, end = sorted((one % 12, other % 12))
    piece = passage.split()[start:end]
    text = " ".join([*words[:5], *piece, *words[5:]])
    left = without_quotation(text, passage).split()
    if end - start >= citing.RUN:
        assert left == words
        assert is_shown(passage, text)
    else:
        assert left == text.split()
        assert not is_shown(passage, text)
