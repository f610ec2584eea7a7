"""Small records for tests that look at one stage alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

from coursewright.protocols import Search, Slots
from coursewright.records import (
    Answered,
    Approval,
    Audit,
    Brief,
    Collection,
    Evaluation,
    Execution,
    Feedback,
    Isolation,
    Noise,
    PrivateOpening,
    Proposal,
    Record,
    Round,
    RowLimits,
    Sitting,
    Split,
    Task,
    Training,
    Turn,
    Usage,
    Waiting,
)
from coursewright.stages import Rules, Stages

R = TypeVar("R", bound=Record)


def evaluation(accuracy: float, *, split: Split = "scored", items: int = 20) -> Evaluation:
    """An evaluation whose first items are right and whose topics alternate."""
    right = round(accuracy * items)
    results = tuple(
        Answered(
            id=f"i{i}",
            group=f"i{i}",
            topic=("red", "blue")[i % 2],
            output="x",
            score=float(i < right),
            readable=True,
        )
        for i in range(items)
    )
    return Evaluation(
        split=split, results=results, accuracy=right / items, readable=1.0, seconds=0.1
    )


def played(number: int, operation: str, status: str, scored: float | None = None) -> Round:
    """A round as the search sees it."""
    fields: dict[str, Any] = {
        "number": number,
        "operation": operation,
        "parent": None,
        "status": status,
        "proposal": Proposal(plan="p", code="c"),
        "feedback": Feedback(text=""),
        "seconds": 1.0,
    }
    if scored is not None:
        fields["scored"] = evaluation(scored)
    return Round.model_validate(fields)


class MemoryJournal:
    """A journal without a disk: remembers outcomes by kind and inputs, counts productions."""

    def __init__(self) -> None:
        self.kept: dict[str, Record] = {}
        self.produced: list[str] = []

    def stage(
        self, kind: str, inputs: dict[str, Any], produce: Callable[[], R], record: type[R]
    ) -> R:
        key = f"{kind} {sorted(inputs.items())}"
        if key not in self.kept:
            self.kept[key] = produce()
            self.produced.append(kind)
        return record.model_validate(self.kept[key].model_dump())

    def elapsed(self) -> float:
        return 0.0


class World:
    """Every stage of the loop, faked: a program's text decides what becomes of it.

    `program` gives, for a turn, one of: a number (rows it leaves, quality = rows / 1000),
    "crash", "late", "unparsed", or an exception to raise.
    """

    def __init__(self, program: Callable[[Turn], Any], **rules: Any) -> None:
        self.program, self.turns, self.said = program, [], []  # type: ignore[var-annotated]
        self.opened: list[list[str | None]] = []
        self.sat: list[tuple[str | None, bool]] = []
        self.asked: list[Waiting] = []
        self.alive = False
        self.journal = MemoryJournal()
        defaults: dict[str, Any] = {
            "seed": 1,
            "rounds": 4,
            "seconds": 100.0,
            "program_seconds": 10.0,
            "round_calls": 10,
            "retrainings": 2,
        }
        self.rules = Rules(**{**defaults, **rules})

    # one object plays all parts; the names below are those of the Protocols
    name = "fake"
    socket = Path("socket")
    isolation = Isolation(level="L3", mechanisms=(), verified=True)

    def propose(self, brief: Brief, turn: Turn) -> Proposal:
        self.turns.append(turn)
        wish = self.program(turn)
        if wish == "unparsed":
            return Proposal(failure="code extraction failed", message="no code")
        return Proposal(plan="plan", code=str(wish))

    @contextlib.contextmanager
    def line(self, round_number: int, cap: int, spent_elsewhere: float = 0.0) -> Iterator[World]:
        yield self

    def calls_left(self) -> int:
        return 100

    def usage(self) -> Usage:
        return Usage(calls=1)

    def student_usage(self) -> Usage:
        return Usage()

    def execute(self, code: str, **_: Any) -> Execution:
        if code == "crash":
            return Execution(status="raised", seconds=1.0, stderr="Traceback: boom")
        if code == "late":
            return Execution(status="timeout", seconds=9.0, reason="over 9 s", submission="700")
        return Execution(status="ok", seconds=1.0, submission=code)

    def notes(self, after: int) -> tuple[tuple[str, ...], int]:
        return (), after

    def ask(self, waiting: Waiting) -> Approval:
        self.asked.append(waiting)
        return Approval(gate=waiting.gate, round=waiting.round, approved=True)

    def next(self, brief: Brief, given: Sequence[str], offered: frozenset[str]) -> tuple[str, ...]:
        return (f"# idea {len(given)}",)

    def fetch(self, folder: Path) -> str | None:
        return None

    def collect(self, digest: str | None) -> Collection:
        rows = int(digest or 0)
        return Collection(rows=str(rows), read=rows, kept=rows)

    def audit(self, rows: str, round_number: int, earlier: Sequence[tuple[int, str]] = ()) -> Audit:
        return Audit(verdict="clean", rows=rows, kept=int(rows))

    def audit_final(self, rows: str, earlier: Sequence[tuple[int, str]] = ()) -> Audit:
        self.opened_at_audit = list(self.opened)
        return Audit(verdict="flagged", rows=rows, kept=int(rows))

    def train(self, rows: str, seed: int) -> Training:
        return Training(
            weights=f"{rows}-{seed}",
            seed=seed,
            rows=int(rows),
            steps=1,
            supervised_tokens=1,
            loss=0.1,
            seconds=1.0,
        )

    def fingerprint(self) -> str:
        return "fake"

    def evaluate(
        self, weights: str | None, split: Split, rival: Evaluation | None = None
    ) -> Evaluation:
        return evaluation(int(weights.split("-")[0]) / 1000 if weights else 0.1, split=split)

    def open_private(
        self, weights: Sequence[str | None], slots: Slots | None = None
    ) -> PrivateOpening:
        self.opened.append(list(weights))
        return PrivateOpening(evaluations=tuple(self.evaluate(w, "private") for w in weights))

    def sit(self, weights: str | None, names: Any = None) -> Sitting:
        self.sat.append((weights, bool(self.opened)))
        name = names[0] if names else "renumbered"
        sat = self.evaluate(weights, "scored")
        if name == "abilities":
            sat = evaluation(self.abilities(weights))
        return Sitting(evaluations={name: sat.model_copy(update={"split": name})})

    def abilities(self, weights: str | None) -> float:
        """Share of the panel that a student can do: the more rows, the less."""
        return 1 - int(weights.split("-")[0]) / 1000 if weights else 1.0

    def write(self, **parts: Any) -> Feedback:
        return Feedback(text="", error=parts["error"])

    def rows(self) -> str:
        return "150"

    def known(self) -> Noise | None:
        return None

    def settle(self, base: Evaluation, scored: Sequence[Evaluation], problem: str = "") -> Noise:
        means = tuple(one.accuracy for one in scored)
        return Noise(rows=150, scored=means, sd=0.0, step=0.05, problem=problem)

    def count(self) -> int | None:
        return len(self.opened) + 1

    def round_files(self, number: int, proposal: Proposal) -> None: ...

    def round_done(self, done: Round) -> None: ...

    def artifact(self, digest: str) -> Path:
        return Path(digest)

    def start(self, stage: str, total: int | None = None) -> None: ...

    def advance(self, done: int, note: str = "") -> None: ...

    def finish(self, note: str = "") -> None: ...

    def say(self, line: str) -> None:
        self.said.append(line)

    def beside(self, label: str) -> AbstractContextManager[None]:
        return contextlib.nullcontext()

    def stages(self, search: Search) -> Stages:
        """The bundle the loop drives."""
        task = Task(
            name="t",
            summary="",
            instruction="",
            answer_format="",
            description="",
            sample=(),
            visible=(),
            scorer={},
            rows=RowLimits(minimum=300, maximum=1000),
            folder="",
            digests={},
        )
        brief = Brief(
            task="t",
            summary="",
            description="",
            instruction="",
            answer_format="",
            sample=(),
            visible=(),
            seeds=(),
            rows=task.rows,
            teacher="fake",
            student="fake",
            program_seconds=1.0,
        )
        parts: Any = self
        return Stages(
            task=task,
            brief=brief,
            rules=self.rules,
            program_files={},
            agent=parts,
            sandbox=parts,
            teacher=parts,
            intake=parts,
            auditor=parts,
            student=parts,
            evaluator=parts,
            noise=parts,
            probes=parts,
            feedback=parts,
            search=search,
            people=parts,
            ideas=parts,
            openings=parts,
            journal=self.journal,
            archive=parts,
            progress=parts,
        )
