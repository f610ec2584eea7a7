"""The loop once more, of recorded stages alone: nothing is run, asked, trained or scored.

Whatever a result says that does not follow from its own record comes out differently here.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from coursewright import loop
from coursewright.briefing import public_items
from coursewright.conclusion import conclude
from coursewright.config import RunConfig
from coursewright.display import Silent
from coursewright.errors import NotVerified
from coursewright.feedback import GuardedFeedback
from coursewright.records import Isolation, Proposal, Record, Result, Round, Task, Usage
from coursewright.searches import make_halving, make_search
from coursewright.stages import Stages
from coursewright.store import RunStore
from coursewright.store.ledger import Ledger, Totals
from coursewright.submission import OwnDataSet
from coursewright.teacher import usage_of
from coursewright.wiring import make_rules


class Replayed(Record):
    """What the record comes to."""

    result: Result
    rounds: tuple[Round, ...]


def replay(
    store: RunStore, config: RunConfig, task: Task, recorded: Result, student: str
) -> Replayed:
    """Play a run's journal through the loop; `student` is the fingerprint it names.

    Raises:
        NotVerified: the loop asks for a stage that the journal does not hold.
        RunFolderError: an artifact is missing, or a stage cannot be read.
    """
    archive = _Archive(store)
    exam = public_items(config, task)
    known: dict[str, Any] = {
        "task": task,
        "rules": make_rules(config),
        "program_files": {},
        "sandbox": _Sandbox(recorded.isolation),
        "teacher": RecordedTeacher(store),
        "student": _Student(student),
        "feedback": GuardedFeedback(
            exam, config.seed, paper=config.protocol == "paper", kind=config.feedback
        ),
        "search": make_search(config),
        "halving": make_halving(config),
        "journal": store.journal,
        "archive": archive,
        "progress": Silent(),
        "own_rows": _own_rows(config, task, store),
    }
    # Whoever is not named here has to do something, or to know something that no record holds.
    names = {field.name for field in fields(Stages)}
    stages = Stages(**{name: _Nobody(name) for name in names} | known)
    outcome = loop.run(stages)
    return Replayed(result=conclude(store, config, stages, outcome), rounds=tuple(archive.rounds))


class _Nobody:
    """Stands where a replay needs nobody: who turns to it finds that the record lacks a stage."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __getattr__(self, name: str) -> Any:
        raise NotVerified(
            f"the journal lacks a stage: the loop turns to {self._what} ({name}); journal, config "
            "or inputs were changed, or another version of coursewright made the run"
        )


class _Sandbox(_Nobody):
    def __init__(self, isolation: Isolation) -> None:
        super().__init__("the sandbox")
        self.isolation = isolation


class _Student(_Nobody):
    def __init__(self, fingerprint: str) -> None:
        super().__init__("the student")
        self._fingerprint = fingerprint

    def fingerprint(self) -> str:
        return self._fingerprint


class RecordedTeacher(_Nobody):
    """Knows what was spent, from the ledgers."""

    def __init__(self, store: RunStore) -> None:
        super().__init__("the teacher")
        self._store = store

    def calls_left(self) -> int:
        """None: nothing is asked."""
        return 0

    def usage(self, round_number: int | None = None) -> Usage:
        """What the run, or one round, has spent on the teacher."""
        return usage_of(totals_of(self._store.ledger_path, round_number))


def totals_of(ledger: Path, round_number: int | None) -> Totals:
    """What a ledger says was spent; nothing where there is none."""
    if not ledger.is_file():
        return Totals()
    with Ledger.read_only(ledger) as opened:
        return opened.totals(round_number)


def _own_rows(config: RunConfig, task: Task, store: RunStore) -> OwnDataSet | None:
    """The user's own data set, as its rows were taken in; its file is not looked for."""
    if config.incumbent is None:
        return None
    return OwnDataSet(
        config.incumbent.path,
        store.artifacts,
        _Nobody("the intake"),
        maximum=task.rows.maximum,
        mixed=config.incumbent.mix,
    )


class _Archive:
    """Takes rounds and writes nothing."""

    def __init__(self, store: RunStore) -> None:
        self.rounds: list[Round] = []
        self._store = store

    def round_files(self, number: int, proposal: Proposal) -> None:
        """Nothing: they lie there already."""

    def round_done(self, done: Round) -> None:
        """Remember it."""
        self.rounds.append(done)

    def artifact(self, digest: str) -> Path:
        return self._store.artifacts.path_of(digest)
