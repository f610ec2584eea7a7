"""The base model's answers are kept for other runs; a trained student's never."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from coursewright.store import SharedAnswers
from coursewright.student import SharedBase


class Counted:
    """A student that says how often it was asked."""

    def __init__(self, fingerprint: str = "one") -> None:
        self.asked, self._fingerprint = 0, fingerprint

    def wait(self) -> None: ...

    def fingerprint(self) -> str:
        return self._fingerprint

    def answer(self, weights: str | None, prompts: Sequence[str]) -> list[str]:
        self.asked += 1
        return [f"{weights} {self._fingerprint} {prompt}" for prompt in prompts]


def test_the_base_model_is_asked_once_for_the_same_prompts(tmp_path: Path) -> None:
    with SharedAnswers(tmp_path) as answers:
        first, second = Counted(), Counted()
        told = SharedBase(cast(Any, first), answers).answer(None, ["a", "b"])
        assert SharedBase(cast(Any, second), answers).answer(None, ["a", "b"]) == told
        assert (first.asked, second.asked) == (1, 0)


def test_other_prompts_students_and_weights_are_asked_for_themselves(tmp_path: Path) -> None:
    with SharedAnswers(tmp_path) as answers:
        SharedBase(cast(Any, Counted()), answers).answer(None, ["a", "b"])
        again, other = Counted(), Counted("two")
        SharedBase(cast(Any, again), answers).answer(None, ["b", "a"])
        SharedBase(cast(Any, other), answers).answer(None, ["a", "b"])
        trained = Counted()
        for _ in range(2):
            SharedBase(cast(Any, trained), answers).answer("w", ["a"])
        assert (again.asked, other.asked, trained.asked) == (1, 1, 2)
