"""All stages together: what `wiring` makes of a config, and the loop drives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from coursewright.config import SmallestConfig
from coursewright.protocols import (
    Agent,
    Archive,
    Auditor,
    Evaluator,
    FeedbackWriter,
    Halving,
    Ideas,
    Intake,
    Journal,
    NoiseMeter,
    Openings,
    OwnRows,
    People,
    ProbeSitter,
    Progress,
    Sandbox,
    Search,
    Shards,
    Student,
    Teacher,
)
from coursewright.records import Attempt, Brief, Gate, Round, Task


@dataclass(frozen=True)
class Rules:
    """The settings that the loop itself acts on."""

    seed: int
    rounds: int
    """Most rounds, or attempts in one-shot mode."""
    seconds: float
    program_seconds: float
    round_calls: int
    retrainings: int
    trainings: int | None = None
    """Most rounds that a student is trained on in full."""
    cost_usd: float | None = None
    """Cap on what agent and teacher spend together."""
    ideas_after: int | None = None
    """Rounds without a new best after which ideas come from outside; None: never."""
    guarded: bool = False
    """Scored is rationed, the base model an eligible outcome, the winner confirmed."""
    max_forgetting_points: float | None = None
    """Lost on the panel of abilities; a round beyond it cannot win. None: no guard."""
    smallest: SmallestConfig | None = None
    """How the fewest rows that keep the gain are looked for; None: they are not."""
    noise_seeds: int | None = None
    """Trainings on the baseline data before round 0; None: the agent hears nothing of scored."""
    gates: tuple[Gate, ...] = ()
    """Where the run waits for a person."""
    wave: int = 1
    """Most rounds that are decided together."""
    pilot_calls: int | None = None
    """With which a program is tried before it is run; None: it is not."""
    pilot_least: float = 0.0
    """Share of its rows (0-1) that must then pass intake and audit."""
    sequential: bool = False
    """A student is asked no more scored items once it is shown to end behind the best so far."""
    slots: int = 1
    """Students that are trained or asked at once."""


@dataclass(frozen=True)
class Stages:
    """Everything the loop drives, in data-flow order."""

    task: Task
    brief: Brief
    rules: Rules
    program_files: dict[str, Path]
    """What every program finds in its data folder: brief, visible items, seeds, sample."""
    agent: Agent
    sandbox: Sandbox
    teacher: Teacher
    intake: Intake
    auditor: Auditor
    student: Student
    evaluator: Evaluator
    noise: NoiseMeter
    probes: ProbeSitter
    feedback: FeedbackWriter
    search: Search
    people: People
    ideas: Ideas
    openings: Openings
    journal: Journal
    archive: Archive
    progress: Progress
    own_rows: OwnRows | None = None
    shards: Shards | None = None
    """None: the search asks for no shards."""
    halving: Halving | None = None
    """None: every round of a wave is trained in full."""


def attempts(rounds: Iterable[Round]) -> tuple[Attempt, ...]:
    """What an agent may remember of past rounds: nothing of those under way beside its own."""
    return tuple(
        Attempt(
            number=r.number,
            operation=r.operation,
            parent=r.parent,
            status=r.status,
            failure=r.failure,
            plan=r.proposal.plan,
            code=r.proposal.code,
            feedback=r.feedback,
        )
        for r in rounds
        if r.status != "under way"
    )
