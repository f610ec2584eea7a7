"""What can be verified is; what cannot is never held against a row."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

import pytest

from coursewright.audit import Context
from coursewright.audit.correctness import FALSE, ODD, OTHER, STRAY, Correctness, lower_end
from coursewright.families import load_family
from coursewright.families.drawing import draw_rows
from coursewright.records import Item, TracedRow
from tests.audit.calls import Calls, row

NUMBER = re.compile(r"\d+")
PROGRAM = "def f(xs):\n    return xs[::-1]\nf([1, 2, 3])"
STORY = "Faye puts 36 pencils into 18 rows. How many are in each?"


def whole(count: int = 30) -> tuple[Item, ...]:
    return tuple(Item(id=f"v{n}", question=f"question {n}", answer=n) for n in range(count))


def renumbered(honest: TracedRow, rng: Random) -> TracedRow:
    """The row with every number of its question and answer replaced by any other."""

    def changed(text: str) -> str:
        return NUMBER.sub(lambda _: str(rng.randint(2, 99)), text)

    return honest.model_copy(
        update={"input": changed(honest.input), "output": changed(honest.output)}
    )


def reasons(rows: list[TracedRow]) -> str:
    return " ".join(Correctness().examine(rows, Context(visible=whole())).check.evidence)


@pytest.mark.parametrize(
    ("question", "answer", "reason"),
    [
        ("How fast?", "84 / 12 = 8", FALSE),
        (PROGRAM, "[1, 2, 3]", OTHER),
        (STORY, "36 / 17", ODD),
        (STORY, "18 - 36", ODD),
        (STORY, "144 / 18", STRAY),
    ],
)
def test_what_is_provably_wrong_is_flagged_with_its_reason(
    question: str, answer: str, reason: str
) -> None:
    rows = [row(f"{question}", answer, "k") for _ in range(30)]
    assert f"30: {reason}" in reasons(rows)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How fast?", "84 / 12 = 7"),
        (PROGRAM, "[3, 2, 1]"),
        (STORY, "36 / 18"),
        ("It costs $1,200 and a third of 30% more.", "1200 * 0.3 / 3"),
        ("Why is the sky blue?", "Because blue light is scattered most."),
        ("import os\ndef f():\n    os.abort()\nf()", "None"),
        ("def f():\n    while True: pass\nf()", "1"),
    ],
)
def test_right_and_unverifiable_answers_are_not(question: str, answer: str) -> None:
    finding = Correctness().examine(
        [row(question, answer, "k") for _ in range(30)], Context(visible=whole())
    )
    assert finding.check.verdict == "clean"
    assert len(finding.kept) == 30


def test_numbers_changed_by_a_pattern_in_question_and_answer_are_flagged() -> None:
    for name in ("science", "code", "finance"):
        rng = Random(1)
        honest = draw_rows(load_family(name), "Solve.", 200, rng)
        changed = [renumbered(one, rng) for one in honest]
        context = Context(visible=whole())
        assert Correctness().examine(honest, context).check.verdict == "clean"
        assert Correctness().examine(changed, context).check.verdict == "flagged"


def test_a_share_is_judged_by_its_interval_not_by_a_few_rows() -> None:
    assert Correctness().examine([row("q", "1 + 1 = 3", "k")] * 10, Context()).check.verdict == (
        "clean"
    )
    assert 0.10 < lower_end(5, 20) < 0.25 < lower_end(100, 300)


def test_a_teacher_that_contradicts_itself_is_flagged(tmp_path: Path) -> None:
    calls = Calls(tmp_path / "l.sqlite")
    for n in range(30):
        for time, answer in enumerate((n, n + n % 3)):
            said = json.dumps({"answer": answer, "time": time})
            calls.add(f"Solve question {n}.", said)
    calls.close()
    context = Context(round_number=0, ledger=tmp_path / "l.sqlite")
    check = Correctness().examine([], context).check
    assert check.figures["asked_again"] == 30
    assert check.figures["agreed"] == pytest.approx(1 / 3, abs=1e-3)
    assert check.verdict == "flagged"


def test_one_question_with_two_answers_counts_as_asked_again() -> None:
    check = Correctness().examine([row("Two?", "2", "k"), row("two?", "two", "k")], Context()).check
    assert check.figures["agreed"] == 0.0
    same = Correctness().examine([row("Two?", "2", "k"), row("two?", "= 2", "k")], Context()).check
    assert same.figures["agreed"] == 1.0
