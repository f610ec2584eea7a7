"""Reading topics and answer forms off a brief."""

from __future__ import annotations

import pytest

from coursewright.agents.exam import answer_form, read_exam
from coursewright.agents.styles import situations_for
from coursewright.agents.topics import read_topics
from coursewright.records import Item, Row
from tests.agents.fake_course import make_brief

NAMES = ["Adding", "Taking away", "Times tables"]


def names(description: str) -> list[str]:
    return [topic.name for topic in read_topics(make_brief(description=description))]


@pytest.mark.parametrize(
    "description",
    [
        "- **Adding**: sums.\n- **Taking away**: less.\n- **Times tables**: products.\n",
        "1. Adding: sums\n2. Taking away: less\n3. Times tables: products\n",
        "* Adding - sums\n* Taking away - less\n* Times tables - products\n",
        "## Adding\nsums\n\n## Taking away\nless\n\n## Times tables\nproducts\n",
        "| name | what |\n|---|---|\n|Adding|sums|\n|Taking away|less|\n|Times tables|products|\n",
        "- **Adding** — sums,\n  of two numbers\n- `Taking away` less\n- Times tables\n",
    ],
)
def test_topics_are_found_in_any_kind_of_list(description: str) -> None:
    found = names(description)
    assert [name for name in found if name in NAMES] == NAMES


def test_a_list_of_rules_is_not_taken_for_topics() -> None:
    assert names(make_brief().description) == NAMES


def test_explanations_come_along() -> None:
    assert read_topics(make_brief())[0].about == "two whole numbers are added up."


def test_without_a_list_the_visible_items_name_the_topics() -> None:
    topics = read_topics(make_brief(description="Just sums of all kinds."))
    assert [(t.name, t.key) for t in topics] == [(k, k) for k in map(str.lower, NAMES)]


def test_without_topics_anywhere_the_task_is_one_topic() -> None:
    brief = make_brief(description="Just sums.", visible=())
    topics = read_topics(brief)
    assert [(topic.name, topic.about) for topic in topics] == [("Small sums.", "Just sums.")]


def test_a_paraphrased_list_is_matched_by_the_words_of_the_questions() -> None:
    stories = {
        "t1": ["A train runs 60 km in 2 hours, how fast?", "How fast is a train of 3 km?"],
        "t2": ["A lamp draws current, which voltage?", "What voltage has the current of 3?"],
    }
    visible = tuple(
        Item(id=f"{key}{i}", question=q, answer="1", topic=key)
        for key, questions in stories.items()
        for i, q in enumerate(questions)
    )
    description = "- electricity: voltage and current\n- motion: how fast a train runs\n"
    topics = read_topics(make_brief(description=description, visible=visible))
    assert {topic.name: topic.key for topic in topics} == {"electricity": "t2", "motion": "t1"}


@pytest.mark.parametrize(
    ("outputs", "answers", "form"),
    [
        (["12 * 7 = 84"], ["84"], "calculation"),
        (["9 - 3 = 6, 6 / 2 = 3"], ["3"], "calculation"),
        (["76 - 25"], ["51"], "expression"),
        (["42"], ["-3", "1,200", "5.5"], "number"),
        (["3"], ["[1, 2]", "'a'", "True"], "literal"),
        (["card arrival"], ["card arrival", "lost card"] * 20, "label"),
        (["It melts."], ["It melts.", "It burns."], "text"),
        ([], [], "text"),
    ],
)
def test_answer_forms(outputs: list[str], answers: list[str], form: str) -> None:
    assert answer_form(outputs, answers) == form


def test_stories_with_spare_numbers_are_noticed() -> None:
    visible = tuple(
        Item(
            id=str(i),
            question=f"Mia had {20 + i} red pens and 14 blue pens. She lost {i + 2} red pens. "
            "How many red pens are left with her?",
            answer=f"{20 + i} - {i + 2}",
            topic="Subtraction",
        )
        for i in range(8)
    )
    sample = (Row(instruction="", input="", output="5 - 3"),)
    brief = make_brief(visible=visible, sample=sample, description="Stories.")
    exam = read_exam(brief)
    assert exam.is_story
    assert exam.spare == 1.0
    assert any("left" in kind for kind in situations_for(exam, exam.topics[0]))


def test_programs_are_noticed() -> None:
    code = "def f(xs):\n    return xs[0]\nf([1, 2])"
    visible = tuple(Item(id=str(i), question=code, answer="1") for i in range(4))
    assert read_exam(make_brief(visible=visible)).is_code


def test_uneven_topics_have_uneven_shares_and_even_ones_even_shares() -> None:
    visible = [
        Item(id=f"{topic}{i}", question="?", answer="1", topic=topic)
        for topic, count in (("adding", 80), ("taking away", 12), ("times tables", 8))
        for i in range(count)
    ]
    shares = {t.key: t.share for t in read_topics(make_brief(visible=tuple(visible)))}
    assert shares["adding"] == pytest.approx(0.5 / 3 + 0.4)
    assert shares["times tables"] > 0.2
    assert sum(shares.values()) == pytest.approx(1.0)
    scattered = tuple(visible[:12] + visible[80:100])
    assert {t.share for t in read_topics(make_brief(visible=scattered))} == {1 / 3}
