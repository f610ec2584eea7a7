import pytest

from coursewright.audit import Context, overlap
from coursewright.audit.overlap import Overlap
from coursewright.records import Item
from tests.audit.calls import row

VISIBLE = (
    Item(id="1", question="Anna has 7 apples and eats 3 of them. How many are left?", answer=4),
    Item(id="2", question="What is 2 + 2?", answer=4),
    Item(id="3", question="What were the sales?", context="Year | Sales\n2020 | 10", answer=10),
)


CONTEXT = Context(visible=VISIBLE)


@pytest.mark.parametrize(
    ("question", "why"),
    [
        (VISIBLE[0].question, overlap.COPY),
        ("ANNA has 7 apples, and eats 3 of them:\n how many are left", overlap.COPY),
        (f"Here is a question. {VISIBLE[0].question} Think!", overlap.HOLDS),
        ("What is 2 + 2?", overlap.COPY),
        ("Year | Sales\n2020 | 10\nWhat were the sales?", overlap.COPY),
        ("Anna has 8 apples and eats 3 of them. How many are left?", None),
        ("What is 2 - 2?", None),
        ("What were the sales?", None),
        ("Year | Sales\n2021 | 10\nWhat were the sales?", None),
    ],
)
def test_copies_of_visible_items_are_refused(question: str, why: str | None) -> None:
    finding = Overlap().examine([row(question, "4", "k")], CONTEXT)
    assert next(iter(finding.dropped), None) == why


def test_a_copy_in_the_instruction_is_found() -> None:
    copy = row("", "4", "k", instruction=VISIBLE[0].question)
    assert Overlap().examine([copy], CONTEXT).dropped == {overlap.COPY: 1}


def test_a_visible_item_copied_tenfold_goes_every_time() -> None:
    good = [row(f"Bo has {n} pears and gets one more. How many?", "4", "k") for n in range(90)]
    finding = Overlap().examine([*good, *[row(VISIBLE[1].question, "4", "k")] * 10], CONTEXT)
    assert len(finding.kept) == 90
    assert finding.check.verdict == "clean"
    assert finding.check.evidence == ("10 of 100 rows: copy of a visible item",)
    assert len(finding.examples) == 5
