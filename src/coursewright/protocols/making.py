"""What makes a data set: agent, teacher, sandbox, intake, audit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from coursewright.records import (
    Audit,
    Brief,
    Collection,
    Errand,
    Execution,
    Isolation,
    Proposal,
    Turn,
    Usage,
)


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
        """What this round has spent so far. Final once the line is closed: until then, calls that a
        program left under way are still answered."""

    def student_usage(self) -> Usage:
        """The same of what it has asked the base student."""


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


class OwnRows(Protocol):
    """The data set that the user already has."""

    mixed: bool
    """Its rows are added to every submission's."""

    def collect(self) -> Collection:
        """Read it as strictly as any submission."""

    def added_to(self, rows: str, own: str) -> str:
        """Digest of these rows followed by those of `own` that are new, up to the task's limit."""


class Embedder(Protocol):
    """Turns texts into vectors that lie close where the texts mean the same.

    It sees hidden items, and lives in the supervisor: one that asks a server sends them there.
    """

    def embed(self, texts: Sequence[str]) -> Any:
        """Return one vector a text: an array of finite numbers, (texts, d)."""
