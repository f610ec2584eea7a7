"""The exam itself: private is opened once, for all students, in whatever order they sit."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

import pytest

from coursewright.display import Silent
from coursewright.evaluation import SplitEvaluator
from coursewright.records import Item, Prompt, Split
from coursewright.waves import side_by_side
from tests.evaluation.test_sequential import Equal, items


class Shy:
    """Students who only answer while as many sit beside them; each knows as much as its name."""

    def __init__(self, together: int) -> None:
        self._together = threading.Barrier(together)

    def wait(self) -> None: ...

    def answer(self, weights: str | None, prompts: Sequence[Prompt]) -> list[str]:
        self._together.wait(10)
        knows = int(weights or 0)
        return [str(n) if n < knows else "none" for n in range(len(prompts))]


@pytest.mark.parametrize("slots", [1, 2, 3])
def test_as_many_students_sit_private_at_once_as_there_are_slots_and_keep_their_places(
    slots: int,
) -> None:
    opened: list[Split] = []

    def read(split: Split) -> Sequence[Item]:
        opened.append(split)
        return items(12)

    evaluator = SplitEvaluator(
        read, instruction="", student=Shy(slots), scorer=Equal(), progress=Silent()
    )
    weights = [None, *map(str, range(1, 6))]
    found = evaluator.open_private(weights, partial(side_by_side, slots, Silent()))
    assert [round(12 * one.accuracy) for one in found.evaluations] == [0, 1, 2, 3, 4, 5]
    assert opened == ["private"]
