from random import Random

import pytest

from coursewright.audit import Context
from coursewright.audit.contamination import Copies
from coursewright.families import load_family
from coursewright.records import Item
from coursewright.tasks import load_task
from tests.audit.calls import INSTRUCTION, row
from tests.audit.contamination.stories import items, rows, story, sum_of, swapped

VISIBLE = (
    Item(id="1", question="Anna has 7 apples and eats 3 of them. How many are left?", answer=4),
    Item(id="2", question="What is 2 + 2?", answer=4),
    Item(id="3", question="What were the sales?", context="Year | Sales\n2020 | 10", answer=10),
)
CONTEXT = Context(visible=VISIBLE, instructions=(INSTRUCTION,))
COPY = "copy of a visible item"
HOLDS = "holds the question of a visible item"
RENAMED = "a visible item under other names or numbers"
NEAR = "near-copy of a visible item"


@pytest.mark.parametrize(
    ("question", "why"),
    [
        (VISIBLE[0].question, COPY),
        ("ANNA has 7 apples, and eats 3 of them:\n how many are left", COPY),
        (f"Here is a question. {VISIBLE[0].question} Think!", HOLDS),
        ("What is 2 + 2?", COPY),
        ("Year | Sales\n2020 | 10\nWhat were the sales?", COPY),
        ("Anna has 8 apples. She eats none of them. How many does she have?", None),
        ("What is 2 - 2?", None),
        ("What were the sales?", None),
        ("Year | Sales\n2021 | 10\nWhat were the sales?", None),
    ],
)
def test_verbatim_copies_of_visible_items_go(question: str, why: str | None) -> None:
    finding = Copies().examine([row(question, "4", "k")], CONTEXT)
    assert next(iter(finding.dropped), None) == why


def test_a_copy_in_the_instruction_is_found() -> None:
    copy = row("", "4", "k", instruction=VISIBLE[0].question)
    assert Copies().examine([copy], CONTEXT).dropped == {COPY: 1}


def test_a_visible_item_copied_tenfold_goes_every_time() -> None:
    good = [row(f"Bo has {n} pears and gets one more. How many?", "4", "k") for n in range(90)]
    finding = Copies().examine([*good, *[row(VISIBLE[1].question, "4", "k")] * 10], CONTEXT)
    assert len(finding.kept) == 90
    assert finding.check.verdict == "clean"
    assert finding.refusal is None
    assert finding.check.evidence == ("10 of 100 rows: copy of a visible item",)
    assert len(finding.examples) == 5


def test_other_names_and_numbers_do_not_hide_a_copy_and_neither_do_changed_words() -> None:
    rng = Random(1)
    visible = items([story(rng) for _ in range(60)], "v")
    good = rows([story(rng) for _ in range(200)])
    asked = visible[7].question
    renamed = asked.replace(asked.split()[0], "Zora").replace("9", "13").replace("2", "five")
    context = Context(visible=visible, instructions=(INSTRUCTION,))
    found = Copies().examine([*good, *rows([renamed])], context)
    assert found.dropped == {RENAMED: 1}
    changed = rows([swapped(item.question, rng, 0.85) for item in visible[:4]])
    found = Copies().examine([*good, *changed], context)
    assert found.dropped.get(NEAR, 0) >= 3
    assert len(found.kept) >= 200


def test_siblings_of_one_template_are_no_copies() -> None:
    rng = Random(2)
    visible = items([sum_of(rng) for _ in range(30)], "v")
    honest = rows([sum_of(rng) for _ in range(300)])
    found = Copies().examine(honest, Context(visible=visible))
    assert (found.dropped, found.check.verdict) == ({}, "clean")


def test_past_a_limit_the_attempt_is_refused_and_says_why() -> None:
    rng = Random(3)
    visible = items([story(rng) for _ in range(60)], "v")
    good = rows([story(rng) for _ in range(200)])
    for copied, refused in ((6, False), (7, True)):
        copies = rows([item.question for item in visible[:copied]])
        found = Copies().examine([*good, *copies], Context(visible=visible))
        assert (found.refusal is not None) == refused
        assert found.check.verdict == ("flagged" if refused else "clean")
        assert len(found.kept) == 200
    assert found.refusal is not None
    assert "7 of 60 visible items" in found.refusal


def test_without_rows_or_items_there_is_nothing_to_copy() -> None:
    assert Copies().examine([], CONTEXT).kept == ()
    assert len(Copies().examine(rows(["What?"]), Context()).kept) == 1


def test_of_few_texts_nothing_but_copies_word_for_word_goes() -> None:
    """Each template shows once or twice, and looks like a question that stands alone."""
    task, skills, rng = load_task("science-mini"), load_family("science").skills, Random(0)
    honest = [skills[n % len(skills)].sample(rng).question for n in range(60)]
    context = Context(visible=task.visible[:42], instructions=(task.instruction,))
    found = Copies().examine(rows([*honest, task.visible[0].question]), context)
    assert found.dropped == {COPY: 1}
    assert found.refusal is None
