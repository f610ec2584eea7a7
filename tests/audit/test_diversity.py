"""Rows are measured beside the exam: what is narrow for one exam is not for another."""

from __future__ import annotations

from random import Random

import pytest

from coursewright.audit import Context
from coursewright.audit.diversity import Diversity
from coursewright.families import Family, load_family
from coursewright.families.drawing import draw_rows
from coursewright.records import DiversityLimits, Floor, Item, TracedRow

SCIENCE = load_family("science")
SKILLS = [skill.name for skill in SCIENCE.skills]


def exam(per_topic: int = 6) -> tuple[Item, ...]:
    rng = Random(5)
    drawn = [skill.sample(rng) for skill in SCIENCE.skills for _ in range(per_topic)]
    return tuple(
        Item(id=f"v{number}", question=one.question, answer=one.answer, topic=one.skill)
        for number, one in enumerate(drawn)
    )


CONTEXT = Context(round_number=1, visible=exam())


def lesson(names: list[str], count: int = 240, seed: int = 1) -> list[TracedRow]:
    skills = tuple(SCIENCE.skill(name) for name in names)
    return draw_rows(Family("part", "", skills), "Solve.", count, Random(seed))


def one_template(count: int = 240) -> list[TracedRow]:
    rng = Random(1)
    words = ("tram", "boat", "cart", "train", "drone")
    return [
        TracedRow(
            instruction="Solve.",
            input=f"A {rng.choice(words)} covers {rng.randint(2, 99)} km in {hours} hours. Speed?",
            output="1 / 1 = 1",
        )
        for hours in (rng.randint(2, 99) for _ in range(count))
    ]


def test_rows_on_all_topics_are_clean_and_say_their_figures() -> None:
    finding = Diversity().examine(lesson(SKILLS), CONTEXT)
    assert finding.check.verdict == "clean"
    assert finding.check.figures["topics"] > 0.95
    assert len(finding.kept) == 240
    assert len(finding.check.evidence) == 1


def test_three_topics_of_fourteen_end_the_attempt() -> None:
    finding = Diversity().examine(lesson(SKILLS[:3]), CONTEXT)
    assert finding.check.verdict == "flagged"
    assert finding.refusal is not None
    lacking = finding.refusal.partition("hardly a row on")[2]
    assert not any(skill in lacking for skill in SKILLS[:3])
    assert sum(skill in lacking for skill in SKILLS[3:]) == 8


def test_half_the_rows_in_five_topics_are_flagged_but_may_be_trained_on() -> None:
    rows = lesson(SKILLS[:5], 150) + lesson(SKILLS, 150, seed=2)
    finding = Diversity().examine(rows, CONTEXT)
    assert finding.check.verdict == "flagged"
    assert finding.refusal is None


def test_one_template_ends_the_attempt() -> None:
    finding = Diversity().examine(one_template(), CONTEXT)
    assert finding.refusal is not None
    assert finding.check.figures["commonest_wording"] == 1.0


def test_one_template_is_enough_for_an_exam_of_one_template() -> None:
    alike = tuple(
        Item(id=f"v{number}", question=row.input, answer=1)
        for number, row in enumerate(one_template(60))
    )
    finding = Diversity().examine(one_template(), Context(round_number=1, visible=alike))
    assert finding.check.verdict == "clean"


def test_topics_that_fall_from_round_to_round_are_said_with_the_round() -> None:
    lenient = DiversityLimits(topics=Floor(flagged=0.1, refused=0.0))
    context = Context(
        round_number=2,
        visible=CONTEXT.visible,
        earlier=((0, lesson(SKILLS)), (1, lesson(SKILLS[:9]))),
        diversity=lenient,
    )
    finding = Diversity().examine(lesson(SKILLS[:7]), context)
    assert any("from 1.0" in words and "round 0" in words for words in finding.check.evidence)
    assert finding.check.verdict == "flagged"
    assert finding.refusal is None


def test_a_file_from_outside_is_flagged_and_never_refused() -> None:
    finding = Diversity().examine(one_template(), Context(visible=CONTEXT.visible))
    assert (finding.check.verdict, finding.refusal) == ("flagged", None)


@pytest.mark.parametrize("visible", [(), exam(1)])
def test_an_exam_that_tells_too_little_flags_no_spread_and_no_topics(
    visible: tuple[Item, ...],
) -> None:
    finding = Diversity().examine(lesson(SKILLS[:3]), Context(round_number=0, visible=visible))
    assert finding.check.verdict == "clean"
    assert "topics" not in finding.check.figures


def test_no_rows_at_all_are_no_collapse() -> None:
    finding = Diversity().examine([], CONTEXT)
    assert (finding.check.verdict, finding.refusal) == ("clean", None)


def test_conversations_are_measured_by_what_was_asked() -> None:
    turns = [
        TracedRow.model_validate(
            {
                "messages": [
                    {"role": "user", "content": row.input},
                    {"role": "assistant", "content": row.output},
                ]
            }
        )
        for row in lesson(SKILLS)
    ]
    assert Diversity().examine(turns, CONTEXT).check.figures["topics"] > 0.95
