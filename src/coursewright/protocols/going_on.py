"""What decides how a run goes on, and remembers it: search, people, journal, archive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from coursewright.records import (
    Approval,
    Brief,
    Cuts,
    Decision,
    Evaluation,
    Joined,
    Labels,
    Look,
    Part,
    Promotion,
    Proposal,
    Record,
    Round,
    Shard,
    Waiting,
)

R = TypeVar("R", bound=Record)


class Search(Protocol):
    """What to do next: a pure function of the history."""

    def next(self, rounds: Sequence[Round], base: Evaluation) -> Decision | None:
        """The next round's operation and parent; None to stop early."""

    def best(self, rounds: Sequence[Round]) -> Round | None:
        """The round whose data set is delivered."""


class Halving(Protocol):
    """Decides which rounds of a wave are trained in full: a pure function of the history."""

    share: float
    """Of a round's rows, for its short training."""

    def promote(self, looks: Mapping[int, Look], rounds: Sequence[Round]) -> dict[int, Promotion]:
        """Say for each round of a wave whether it is trained in full, and why.

        `looks` are those of the wave, by number of the round; `rounds` is the history before it.
        """


class Shards(Protocol):
    """Takes data sets apart and joins them again, by topic and by the round that made a row.

    `earlier` are number, method and rows (a digest) of the rounds before, in order.
    """

    def label(
        self, rows: str, made: tuple[int, str], earlier: Sequence[tuple[int, str, str]]
    ) -> Labels:
        """Return the shards of these rows; `made` are number and method of their own round."""

    def join(self, parts: Sequence[Part], datasets: Mapping[int, str]) -> Joined:
        """Join each topic's rows of the round that a part names, up to the task's limit."""

    def without(self, shard: Shard, rows: str, earlier: Sequence[tuple[int, str, str]]) -> Joined:
        """Leave a shard out of these rows, which are those of the last round of `earlier`."""

    def cut(
        self, rows: str, earlier: Sequence[tuple[int, str, str]], minimum: int, count: int
    ) -> Cuts:
        """Return at most `count` balanced beginnings of these rows, from `minimum` rows on."""

    def sample(self, rows: str, share: float, seed: int) -> Joined:
        """Draw this share of the rows at random, in their order; a few at least."""


class People(Protocol):
    """Those who may say something while a run is under way."""

    def notes(self, after: int) -> tuple[tuple[str, ...], int]:
        """Return notes that came after request number `after`, and the last request's number."""

    def ask(self, waiting: Waiting) -> Approval:
        """Wait until a person has approved or rejected this.

        Raises:
            Interrupted: a person wants the run to stop instead.
        """


class Ideas(Protocol):
    """A library of ideas from outside the current search."""

    def next(self, brief: Brief, given: Sequence[str], offered: frozenset[str]) -> tuple[str, ...]:
        """Return ideas (see `Turn.ideas`) for rounds that have stopped gaining: a pure function.

        `given` are the ideas of earlier rounds; `offered` names methods that the agent was shown.
        """


class Journal(Protocol):
    """Remembers finished stages, so that nothing paid for is paid twice."""

    def stage(
        self, kind: str, inputs: dict[str, Any], produce: Callable[[], R], record: type[R]
    ) -> R:
        """Return the recorded outcome of this stage, or produce and record it."""

    def elapsed(self) -> float:
        """Seconds of this run over all its sessions, less those it waited for people."""


class Archive(Protocol):
    """The readable side of a run folder."""

    def round_files(self, number: int, proposal: Proposal) -> None:
        """Lay out plan and code of a round before it runs."""

    def round_done(self, done: Round) -> None:
        """Lay out the finished round: submission, feedback, logs."""

    def artifact(self, digest: str) -> Path:
        """The file with this digest."""


class Progress(Protocol):
    """Where stages report how far they are. Never influences a run."""

    def start(self, stage: str, total: int | None = None) -> None:
        """A stage begins; `total` counts rows, steps or items."""

    def advance(self, done: int, note: str = "") -> None:
        """`done` of the total so far; `note` is a running figure such as a score."""

    def finish(self, note: str = "") -> None:
        """The stage ended."""

    def say(self, line: str) -> None:
        """One line of prose."""

    def beside(self, label: str) -> AbstractContextManager[None]:
        """Until the block ends, stages of this thread run beside those of others, under a label."""
