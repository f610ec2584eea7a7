from random import Random

import pytest

from coursewright.audit import Context
from coursewright.audit.repeats import Repeats, repeats_in
from coursewright.families import load_family
from coursewright.families.drawing import draw_rows
from coursewright.records import TracedRow
from tests.audit.calls import row

SCIENCE = load_family("science")


def drawn(count: int) -> list[TracedRow]:
    return draw_rows(SCIENCE, "Solve.", count, Random(1))


QUESTION = "Anna has seven red apples in a bag and eats three of them on Monday. How many are left?"


@pytest.mark.parametrize(
    ("question", "answer", "repeats"),
    [
        (QUESTION, "4", True),
        (QUESTION.upper().replace(",", " ,"), "4", True),
        (QUESTION.replace("Anna", "Nora"), "4", True),
        (QUESTION.replace("Anna", "Nora"), "5", False),
        ("Ben sold four pears. How many pears did he sell?", "4", False),
    ],
)
def test_a_repeat_has_the_answer_and_nearly_the_question(
    question: str, answer: str, repeats: bool
) -> None:
    marks, share = repeats_in([row(QUESTION, "4", "k"), row(question, answer, "k")])
    assert share == repeats / 2
    assert marks.tolist() == [False, repeats]


def test_honest_rows_are_clean() -> None:
    finding = Repeats().examine(drawn(200), Context(round_number=0))
    assert finding.check.verdict == "clean"
    assert finding.check.figures["repeats"] < 0.05


def test_forty_rows_filled_up_with_copies_end_the_attempt() -> None:
    few = drawn(40)
    finding = Repeats().examine(few * 5, Context(round_number=0))
    assert finding.check.figures["repeats"] == pytest.approx(0.8, abs=0.02)
    assert finding.refusal is not None
    assert Repeats().examine(few * 5, Context()).refusal is None


def test_some_rows_taken_twice_are_flagged_alone() -> None:
    finding = Repeats().examine([*drawn(100), *drawn(100)[:60]], Context(round_number=0))
    assert (finding.check.verdict, finding.refusal) == ("flagged", None)
    assert len(finding.kept) == 160


def test_questions_without_words_and_no_rows_are_survived() -> None:
    assert repeats_in([])[1] == 0.0
    assert repeats_in([row("", "4", "k"), row("…", "…", "k"), row("…", "…", "k")])[1] == 1 / 3


def test_of_a_large_file_the_share_is_reckoned_from_a_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [row(f"{QUESTION} {word}", "4", "k") for word in ("Say", "Tell", "Think")] * 100
    rows += drawn(300)
    _, whole = repeats_in(rows)
    monkeypatch.setattr("coursewright.audit.repeats.LARGE", 100)
    assert whole == pytest.approx(299 / 600, abs=0.02)
    assert repeats_in(rows)[1] == pytest.approx(whole, abs=0.02)
