"""Ideas come from near the task, never name what it names, and never twice."""

from __future__ import annotations

import pytest

from coursewright.agents.command_brief import tell
from coursewright.agents.curriculum import plan_of
from coursewright.agents.heuristic import HeuristicAgent
from coursewright.agents.ideas import IdeaLibrary, load_fields, topics_named
from coursewright.agents.library import load_cards
from coursewright.agents.prompting import write_request
from coursewright.records import Brief, Item
from tests.agents.fake_course import make_attempt, make_brief, make_turn

CIRCUITS = """# Circuits

- **voltage**: current times resistance
- **current**: voltage divided by resistance
- **series resistance**: resistances are added
- **charge**: current times time
"""


def circuits() -> Brief:
    return make_brief(description=CIRCUITS, visible=())


def all_ideas(brief: Brief, offered: frozenset[str] = frozenset()) -> list[str]:
    library, given = IdeaLibrary(7), []
    for _ in range(200):
        ideas = library.next(brief, given, offered)
        if not ideas:
            return given
        given += ideas
    raise AssertionError("the library never ends")


def test_every_field_lists_topics_with_what_they_are() -> None:
    for field in load_fields():
        assert len(field.topics) >= 8
        assert all(name and about for name, about in field.topics)


def test_ideas_come_from_the_field_of_the_task_and_name_nothing_it_names() -> None:
    first = IdeaLibrary(7).next(circuits(), (), frozenset())
    names = [name for name, _ in topics_named(first)]
    assert "electric power" in names
    assert not {"charge", "current", "series resistance"} & set(names)
    assert not {"card arrival", "percent of an amount"} & set(names)


def test_no_topic_and_no_method_is_given_twice() -> None:
    ideas = all_ideas(circuits())
    names = [name for name, _ in topics_named(["\n".join(ideas)])]
    assert len(names) == len({name.casefold() for name in names})
    assert len(ideas) == len(set(ideas))
    assert all(sum(card.text.strip() in idea for idea in ideas) == 1 for card in load_cards())


def test_a_method_that_the_agent_was_offered_is_no_idea() -> None:
    offered = frozenset(card.name for card in load_cards()[1:])
    methods = [idea for idea in all_ideas(circuits(), offered) if "**Watch.**" in idea]
    assert len(methods) == 1
    assert load_cards()[0].text.strip() in methods[0]


def test_ideas_are_a_pure_function() -> None:
    first = IdeaLibrary(3).next(circuits(), (), frozenset())
    assert IdeaLibrary(3).next(circuits(), (), frozenset()) == first


def test_a_task_without_a_known_word_gets_methods_at_most() -> None:
    item = Item(id="v", group="v", question="zzyzx qwrt?", answer="blorp", topic="xqz")
    brief = make_brief(description="Qwrt zzyzx.", summary="Xqz.", task="xqz", visible=(item,))
    assert not topics_named(IdeaLibrary(1).next(brief, (), frozenset())[:-1])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("- **half-life**: halve it\n- momentum: m times v", ["half-life", "momentum"]),
        ("Topics: half-life, momentum; charge.", ["half-life", "momentum", "charge"]),
        ("more topics: momentum", ["momentum"]),
        ("Ask for shorter answers, please.", []),
    ],
)
def test_notes_name_topics_by_a_list_or_after_the_word(text: str, names: list[str]) -> None:
    assert [name for name, _ in topics_named([text])] == names


class TestTheHeuristicAgent:
    IDEA = "# Nearby\n\n- **half-life**: the amount is halved\n"

    def test_teaches_topics_of_an_idea_beside_its_own(self) -> None:
        before = HeuristicAgent().propose(make_brief(), make_turn())
        turn = make_turn("improve", 4, make_attempt(before.code, accuracy={}))
        after = HeuristicAgent().propose(
            make_brief(), turn.model_copy(update={"ideas": (self.IDEA,)})
        )
        was, now = plan_of(before.code), plan_of(after.code)
        assert was is not None
        assert now is not None
        rows = {lesson.name: lesson.rows for lesson in now.topics}
        assert set(rows) == {lesson.name for lesson in was.topics} | {"half-life"}
        assert 0 < rows["half-life"] < max(rows.values())

    def test_keeps_them_when_that_round_was_the_best(self) -> None:
        first = make_turn().model_copy(update={"notes": (self.IDEA,)})
        code = HeuristicAgent().propose(make_brief(), first).code
        again = HeuristicAgent().propose(
            make_brief(), make_turn("improve", 1, make_attempt(code, accuracy={}))
        )
        plan = plan_of(again.code)
        assert plan is not None
        assert "half-life" in {lesson.name for lesson in plan.topics}

    def test_the_same_topic_is_not_taught_twice(self) -> None:
        brief = make_brief()
        own = plan_of(HeuristicAgent().propose(brief, make_turn()).code)
        assert own is not None
        turn = make_turn().model_copy(update={"notes": (f"Topics: {own.topics[0].name.upper()}",)})
        assert plan_of(HeuristicAgent().propose(brief, turn).code) == own


def test_models_and_commands_are_told_notes_and_ideas() -> None:
    turn = make_turn().model_copy(
        update={"notes": ("Shorter answers.",), "ideas": (TestTheHeuristicAgent.IDEA,)}
    )
    request = write_request(make_brief(), turn, seed=1, room=100_000)
    assert request is not None
    for told in (request.user, tell(make_brief(), turn, 10.0)):
        assert "Shorter answers." in told
        assert "half-life" in told
