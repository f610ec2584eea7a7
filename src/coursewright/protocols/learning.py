"""What learns from it and is examined: student, exams, scorer, feedback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from coursewright.records import (
    Audit,
    Collection,
    Evaluation,
    Feedback,
    Likelihood,
    Noise,
    PrivateOpening,
    ProbeName,
    Prompt,
    Sitting,
    Split,
    Training,
)

Slots = Callable[[], AbstractContextManager[Callable[[str, Callable[[], object]], object]]]
"""A block in which named pieces of work can be begun, and that ends when all of them are done."""


class Examinee(Protocol):
    """Who sits an exam."""

    def wait(self) -> None:
        """Return once it is ready, so that getting ready is not timed as work."""

    def answer(self, weights: str | None, prompts: Sequence[Prompt]) -> list[str]:
        """Greedy answers, in order, of the base model (None) or of a fine-tuned one."""


class Student(Protocol):
    """The model that learns: a warm worker process behind this small face."""

    name: str

    def start(self) -> None:
        """Begin to load in the background; returns at once."""

    def wait(self) -> None:
        """Return once it is loaded, so that loading is not timed as work."""

    def train(self, rows: str, seed: int) -> Training:
        """Fine-tune the base model on the data set with this digest."""

    def answer(self, weights: str | None, prompts: Sequence[Prompt]) -> list[str]:
        """Greedy answers, in order, of the base model (None) or of a fine-tuned one."""

    def likelihood(self, weights: str | None, rows: str) -> Likelihood:
        """How likely it finds the outputs of these rows (a digest). Asked for halving alone."""

    def special_tokens(self) -> tuple[str, ...]:
        """Texts that the student's tokenizer reads as commands: no row may hold them."""

    def fingerprint(self) -> str:
        """Digest of base weights and recipe."""

    def close(self) -> None:
        """End the worker process."""


class Evaluator(Protocol):
    """Asks the student and grades; the only reader of gold answers."""

    def evaluate(
        self, weights: str | None, split: Split, rival: Evaluation | None = None
    ) -> Evaluation:
        """Score one student on `visible` or `scored`; `rival` is the best so far, to be beaten."""

    def open_private(
        self, weights: Sequence[str | None], slots: Slots | None = None
    ) -> PrivateOpening:
        """Score these students in the one and only opening of the private split.

        `slots` begins their exams, several at once where there is room; None: one by one.
        """


class ProbeSitter(Protocol):
    """Puts the task's probes to a student; nothing of them is ever told to an agent."""

    def sit(self, weights: str | None, names: Sequence[ProbeName] | None = None) -> Sitting:
        """Score one student (the base model if `weights` is None) on these probes, or on all."""


class NoiseMeter(Protocol):
    """Knows the baseline data of the noise floor, and what earlier runs measured with it."""

    def rows(self) -> str:
        """Digest of the baseline data: the visible items with their golds."""

    def known(self) -> Noise | None:
        """What an earlier run with the same task and student measured on this machine."""

    def settle(self, base: Evaluation, scored: Sequence[Evaluation], problem: str = "") -> Noise:
        """Judge the students' results on scored, one per training seed, and remember it.

        `base` is the base model on the same items; `problem` says why there are no students.
        """


class Openings(Protocol):
    """Counts how often this machine has opened a private split."""

    def count(self) -> int | None:
        """Note that this run opens it (once, however often it is asked); None if unknown."""


class Scorer(Protocol):
    """Answer and gold to score. Pure and total: any text is an answer.

    It may also have `written(answer) -> str`, a perfect answer to this gold as text: the gold
    check scores that. `scoring.written` says what stands in for it.
    """

    def score(self, output: str, answer: Any) -> float:
        """Score in [0, 1]."""

    def readable(self, output: str) -> bool:
        """Whether the answer has the form this scorer looks for."""


class FeedbackWriter(Protocol):
    """The only path from scores to the agent."""

    def write(
        self,
        *,
        base: tuple[Evaluation, Evaluation],
        error: str | None,
        collection: Collection | None,
        audit: Audit | None,
        visible: Evaluation | None,
        scored: Evaluation | None,
        student_of: int | None,
        noise: Noise | None,
        released: float | None,
    ) -> Feedback:
        """Say what happened in a round; what it did not reach is None.

        `student_of` is the earlier round whose student `visible` speaks of; None: this one's.
        `base` is the base model on visible and scored, `released` the scored mean that the agent
        was told last.
        """
