"""Only what is of another kind than the exam is flagged."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from coursewright.audit import Context
from coursewright.audit.profile import Profile
from coursewright.families import load_family
from coursewright.families.drawing import draw_rows
from coursewright.records import Item, TracedRow
from coursewright.scoring import make_scorer

SCIENCE = load_family("science")
RNG = Random(3)
VISIBLE = tuple(
    Item(id=f"v{number}", question=one.question, answer=one.answer)
    for number, one in enumerate(skill.sample(RNG) for skill in SCIENCE.skills for _ in range(4))
)
CONTEXT = Context(visible=VISIBLE, scorer=make_scorer({"kind": "numeric"}))
GERMAN = "Ein Zug fährt {} Kilometer weit und braucht dafür {} Stunden. Wie schnell ist er?"
RUSSIAN = "Поезд прошёл {} километров за {} часов. Какова его скорость?"


def drawn() -> list[TracedRow]:
    return draw_rows(SCIENCE, "Solve.", 100, Random(1))


def written(question: str = "", answer: str = "") -> list[TracedRow]:
    rows = drawn()
    return [
        one.model_copy(
            update={
                "input": question.format(2 * n, n + 1) if question else one.input,
                "output": answer or one.output,
            }
        )
        for n, one in enumerate(rows)
    ]


def test_honest_rows_are_clean_and_described() -> None:
    check = Profile().examine(drawn(), CONTEXT).check
    assert check.verdict == "clean"
    assert check.figures["readable"] == 1.0
    assert check.figures["foreign_letters"] == 0.0


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (written(question=GERMAN), "another language"),
        (written(question=RUSSIAN), "of a script"),
        (written(question="How? {} {}"), "times as long"),
        (written(answer="I am not sure."), "form that the scorer"),
        (written(answer="12 * 7 = 84"), "one answer is given in 100%"),
    ],
)
def test_what_is_of_another_kind_is_flagged_and_kept(rows: list[TracedRow], why: str) -> None:
    finding = Profile().examine(rows, CONTEXT)
    assert finding.check.verdict == "flagged"
    assert any(why in words for words in finding.check.evidence)
    assert len(finding.kept) == len(rows)
    assert finding.refusal is None


def test_words_that_are_equally_common_are_told_apart_alike_in_every_process() -> None:
    """`verify` audits again: figures may not depend on the order in which words came."""
    said = "How far does a cart roll down in so many steps before it stops at last"
    texts = [said, " ".join(f"word{letter}" for letter in "abcdefghijklmnop")] * 20
    items = [Item(id=str(n), question=text, answer="1") for n, text in enumerate(texts)]
    rows = written(question=f"{said} {{}} {{}}")
    figures = [
        Profile().examine(rows, replace(CONTEXT, visible=tuple(one))).check.figures
        for one in (items, items[::-1])
    ]
    assert figures[0] == figures[1]


def test_an_answer_that_is_common_in_the_exam_may_be_common_in_the_rows() -> None:
    often = tuple(item.model_copy(update={"answer": "84"}) for item in VISIBLE)
    check = Profile().examine(written(answer="84"), Context(visible=often)).check
    assert check.verdict == "clean"


@pytest.mark.parametrize("visible", [(), VISIBLE])
def test_few_rows_and_none_are_not_judged(visible: tuple[Item, ...]) -> None:
    for rows in ([], written(question=RUSSIAN)[:20]):
        assert Profile().examine(rows, Context(visible=visible)).check.verdict == "clean"
