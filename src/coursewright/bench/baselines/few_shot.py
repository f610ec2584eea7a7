"""The baseline that is shown visible items with their answers before every question.

They follow the instruction, or are earlier turns of the conversation where rows are conversations.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from coursewright.chat import item_body, prompt_of
from coursewright.protocols import Examinee, Scorer
from coursewright.records import Item, Message, Prompt, Task
from coursewright.scoring import written
from coursewright.seeding import derive


def shown_examples(
    task: Task, count: int, seed: int, scorer: Scorer, student: Examinee
) -> tuple[str, Examinee]:
    """Return the instruction and who is asked under it, so that `count` examples are shown.

    An answer is written as the sample writes it, as far as the scorer knows how to.
    """
    shown = examples_of(task, count, seed)
    if task.sample[0].form == "messages":
        turns = [turn for item in shown for turn in as_turns(item, scorer)]
        return task.instruction, Reminded(student, turns)
    solved = [
        f"{item_body(item.question, item.context)}\n{written(scorer, item.answer)}"
        for item in shown
    ]
    return "\n\n".join([task.instruction.strip(), *solved]) + "\n", student


def examples_of(task: Task, count: int, seed: int) -> list[Item]:
    """Return visible items, topics in turn."""
    items = list(task.visible)
    random.Random(derive(seed, "few-shot", task.name)).shuffle(items)
    by_topic: dict[str | None, list[Item]] = {}
    for item in items:
        by_topic.setdefault(item.topic, []).append(item)
    turns = max(map(len, by_topic.values()))
    mixed = [topic[n] for n in range(turns) for topic in by_topic.values() if n < len(topic)]
    return mixed[:count]


def as_turns(item: Item, scorer: Scorer) -> tuple[Message, ...]:
    """Return an item as turns that end with its answer; a call is written as text.

    As a real call it would ask for a result, which nobody has.
    """
    answer = Message(role="assistant", content=written(scorer, item.answer))
    return (*turns_of(prompt_of(item, "")), answer)


def turns_of(prompt: Prompt) -> tuple[Message, ...]:
    """Return a prompt as a conversation."""
    return (Message(role="user", content=prompt),) if isinstance(prompt, str) else prompt


class Reminded:
    """Meets `protocols.Examinee`: one who has the same turns before every question."""

    def __init__(self, student: Examinee, turns: Sequence[Message]) -> None:
        self._student = student
        self._turns = tuple(turns)

    def wait(self) -> None:
        """Return once the student is ready."""
        self._student.wait()

    def answer(self, weights: str | None, prompts: Sequence[Prompt]) -> list[str]:
        """Greedy answers to the questions, each after those turns."""
        asked = [(*self._turns, *turns_of(prompt)) for prompt in prompts]
        return self._student.answer(weights, asked)
