"""One small Protocol per stage.

Read `loop.py` for how they meet, `stages.py` for all of them together. An implementation is any
class that fits its Protocol; a run names it by a short name or by a dotted path
(`package.module:Class`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from coursewright.records import (
    Approval,
    Audit,
    Brief,
    Collection,
    Cuts,
    Decision,
    Errand,
    Evaluation,
    Execution,
    Feedback,
    Isolation,
    Joined,
    Labels,
    Likelihood,
    Look,
    Noise,
    Part,
    PrivateOpening,
    ProbeName,
    Promotion,
    Prompt,
    Proposal,
    Record,
    Round,
    Shard,
    Sitting,
    Split,
    Training,
    Turn,
    Usage,
    Waiting,
)

R = TypeVar("R", bound=Record)


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


class Agent(Protocol):
    """The data engineer."""

    def propose(self, brief: Brief, turn: Turn) -> Proposal:
        """Return a plan and a program; say so in the proposal when there is none."""


class Jail(Protocol):
    """Runs the program that a command agent is, which nobody trusts either."""

    isolation: Isolation

    def run(self, files: dict[str, bytes], *, wanted: dict[str, int], deadline: float) -> Errand:
        """Run the command in a fresh folder with these files, and kill its whole tree after.

        `files` maps paths in the folder to content; `brief.json` is its standard input too.
        `wanted` maps names of files to take from there afterwards to the most bytes of each;
        `deadline` is in seconds from now.

        Raises:
            ConfigError: the command cannot be started.
        """


class Upstream(Protocol):
    """A teacher model behind the gateway; lives in the gateway's process."""

    name: str

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        """Answer one chat-completions request. Must not keep state that changes answers.

        Raises errors of `coursewright.endpoints` on upstream trouble.
        """

    async def close(self) -> None:
        """Release connections."""


@dataclass(frozen=True)
class Completion:
    """An upstream's answer with its token counts."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str = "stop"
    estimated: bool = False
    """The upstream did not say how many tokens it used; they were counted here."""
    free: bool = False
    """Another run has paid for it: it counts as a call, and costs no money."""


class TeacherLine(Protocol):
    """An open line to the gateway for one round."""

    @property
    def socket(self) -> Path:
        """The Unix socket of this round; nobody else's calls arrive there."""

    def usage(self) -> Usage:
        """What this round has spent so far."""

    def student_usage(self) -> Usage:
        """What it has asked the base student so far."""


class Teacher(Protocol):
    """The supervisor's side of the gateway."""

    name: str

    def line(
        self, round_number: int, cap: int, spent_elsewhere: float = 0.0
    ) -> AbstractContextManager[TeacherLine]:
        """Open the line of one round with its cap of calls; closed, with its socket, on exit.

        `spent_elsewhere` are US dollars of the run's money that did not go to the teacher.
        """

    def calls_left(self) -> int:
        """Calls left in the run's total."""

    def usage(self) -> Usage:
        """What the whole run has spent."""


class Sandbox(Protocol):
    """Runs a program that nobody trusts."""

    isolation: Isolation

    def execute(
        self,
        code: str,
        *,
        files: dict[str, Path],
        socket: Path,
        seed: int,
        deadline: float,
        submission: Callable[[Path], str | None],
        on_rows: Callable[[int], None],
    ) -> Execution:
        """Run `code` to its end, or to the deadline (seconds from now), and kill its whole tree.

        `files` maps names in the program's read-only data folder to trusted files.
        `submission` is handed the program's work folder after its death and returns the digest
        of what it safely took from there. `on_rows` hears how many rows are saved so far.
        """


class Intake(Protocol):
    """Takes a program's output out of the sandbox, and makes rows of it."""

    def fetch(self, folder: Path) -> str | None:
        """Copy the submission file out of a dead program's folder; its digest, None if none."""

    def collect(self, digest: str | None) -> Collection:
        """Parse strictly, apply the format filter, count every refusal."""


class Auditor(Protocol):
    """Decides which rows may be trained on."""

    def audit(self, rows: str, round_number: int, earlier: Sequence[tuple[int, str]] = ()) -> Audit:
        """Sift the collected rows (a digest) by ledger, visible items and earlier rounds.

        `earlier` are round numbers and digests of audited data sets. What it says reaches the
        agent: it knows no hidden item.
        """

    def audit_final(self, rows: str, earlier: Sequence[tuple[int, str]] = ()) -> Audit:
        """Judge the chosen data set once, against the hidden items too; drop nothing."""


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

    def open_private(self, weights: Sequence[str | None]) -> PrivateOpening:
        """Score these students in the one and only opening of the private split."""


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
        noise: Noise | None,
        released: float | None,
    ) -> Feedback:
        """Say what happened in a round; what it did not reach is None.

        `base` is the base model on visible and scored, `released` the scored mean that the agent
        was told last.
        """


class OwnRows(Protocol):
    """The data set that the user already has."""

    mixed: bool
    """Its rows are added to every submission's."""

    def collect(self) -> Collection:
        """Read it as strictly as any submission."""

    def added_to(self, rows: str, own: str) -> str:
        """Digest of these rows followed by those of `own` that are new, up to the task's limit."""


class Openings(Protocol):
    """Counts how often this machine has opened a private split."""

    def count(self) -> int | None:
        """Note that this run opens it (once, however often it is asked); None if unknown."""


class Halving(Protocol):
    """Decides which rounds of a wave are trained in full: a pure function of the history."""

    share: float
    """Of a round's rows, for its short training."""

    def promote(self, looks: Mapping[int, Look], rounds: Sequence[Round]) -> dict[int, Promotion]:
        """Say for each round of a wave whether it is trained in full, and why.

        `looks` are those of the wave, by number of the round; `rounds` is the history before it.
        """


class Embedder(Protocol):
    """Turns texts into vectors that lie close where the texts mean the same.

    It sees hidden items, and lives in the supervisor: one that asks a server sends them there.
    """

    def embed(self, texts: Sequence[str]) -> Any:
        """Return one vector a text: an array of finite numbers, (texts, d)."""


class Search(Protocol):
    """What to do next: a pure function of the history."""

    def next(self, rounds: Sequence[Round], base: Evaluation) -> Decision | None:
        """The next round's operation and parent; None to stop early."""

    def best(self, rounds: Sequence[Round]) -> Round | None:
        """The round whose data set is delivered."""


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


class Scorer(Protocol):
    """Answer and gold to score. Pure and total: any text is an answer.

    It may also have `written(answer) -> str`, a perfect answer to this gold as text: the gold
    check scores that. `scoring.written` says what stands in for it.
    """

    def score(self, output: str, answer: Any) -> float:
        """Score in [0, 1]."""

    def readable(self, output: str) -> bool:
        """Whether the answer has the form this scorer looks for."""
