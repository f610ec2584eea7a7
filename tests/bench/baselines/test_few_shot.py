"""Examples before the question: visible ones, answered rightly, in the form of the task's rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from coursewright.bench.baselines.few_shot import shown_examples
from coursewright.records import Message, Prompt
from coursewright.scoring import make_scorer
from coursewright.tasks import load_task
from tests.home import make_home


class Listening:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.heard: list[Prompt] = []

    def wait(self) -> None: ...

    def answer(self, weights: str | None, prompts: Sequence[Prompt]) -> list[str]:
        self.heard += prompts
        return [""] * len(prompts)


def test_visible_items_of_several_topics_follow_the_instruction() -> None:
    task, student = load_task("science-mini"), Listening()
    prompt, asked = shown_examples(task, 3, 0, make_scorer(task.scorer), student)
    assert asked is student
    shown = [item for item in task.visible if item.question in prompt]
    assert len(shown) == 3
    assert len({item.topic for item in shown}) == 3
    assert all(str(item.answer) in prompt for item in shown)


def test_where_rows_are_conversations_they_are_earlier_turns(tmp_path: Path) -> None:
    task, student = load_task(str(make_home(tmp_path / "home"))), Listening()
    scorer = make_scorer(task.scorer)
    instruction, asked = shown_examples(task, 2, 0, scorer, student)
    begun = (
        Message(role="user", content="Good night."),
        Message(role="assistant", content="Sleep well."),
        Message(role="user", content="Heat the hall to 3."),
    )
    asked.answer(None, ["Dim the hall to 4.", begun])
    assert instruction == task.instruction == ""
    first, second = student.heard
    assert isinstance(first, tuple)
    assert first[-1] == Message(role="user", content="Dim the hall to 4.")
    assert second == (*first[:-1], *begun)
    answered = [turn.content for turn in first if turn.role == "assistant"]
    golds = [json.dumps(item.answer) for item in task.visible]
    right = [text for text in answered if any(scorer.score(text, json.loads(g)) for g in golds)]
    assert len(right) == 2
