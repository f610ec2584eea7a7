"""The tables of a study as records; `study.json` holds them as they are.

Gains are in points (0 to 100) or in percent of the base score, as each field says; scores and
shares are fractions, times seconds.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from coursewright.records import (
    BriefLevel,
    Failure,
    FeedbackKind,
    Mode,
    Operation,
    Record,
    Setting,
)


class Estimate(Record):
    """A mean with its 95 % interval."""

    value: float
    low: float | None = None
    high: float | None = None
    """None where there is nothing to resample."""
    p_value: float | None = None
    """Two-sided, of "the difference is 0"; not corrected."""
    runs: int
    """Runs, or pairs of runs, in the mean."""
    tasks: int
    groups: int
    """Groups of items of the smallest exam."""
    over_runs: bool
    """Whether the interval speaks of other runs; False where some part of it, a task or a
    condition, has a single run, so that it speaks of other items alone there."""
    few_groups: bool = False
    """So few groups that no coverage is promised."""


class Line(Record):
    """What a row of the main table is about: one contestant under one set of conditions."""

    kind: Literal["agent", "baseline"]
    contestant: str
    teacher: str
    student: str
    setting: Setting
    mode: Mode
    feedback: FeedbackKind
    brief: BriefLevel


class MainRow(Record):
    """One line on one task, or averaged over tasks (`task` is empty)."""

    line: Line
    label: str
    """The line in words, without what is the same in all lines."""
    task: str = ""
    runs: int
    without_submission: int = 0
    """Runs of these that left no valid submission; their gain counts as 0."""
    missing: int = 0
    """Cells without a result; they are left out."""
    tasks: int
    base: float | None
    visible: float | None
    scored: float | None
    """Of the delivered students, means over runs."""
    private: Estimate | None
    """In percent correct (0-100)."""
    gain_points: Estimate | None
    gain_pct: Estimate | None
    """None too where the base is right too seldom for a ratio."""
    mats: float | None
    """Attempts per successful attempt over all runs; None without a success."""
    mats_low: float | None = None
    mats_high: float | None = None
    """95 % bootstrap over runs; None for a single run."""


class Pair(Record):
    """Two lines of a ranking held against each other."""

    left: str
    right: str
    difference: Estimate
    """Left minus right, in points."""
    p_holm: float | None
    """Corrected for all pairs of this ranking; None where there is no p-value."""
    tie: bool
    """Not told apart once corrected, however large the difference."""


class Ranked(Record):
    """A line's place: between the best and the worst that the tests allow."""

    label: str
    best: int
    worst: int
    gain_points: Estimate


class Ranking(Record):
    """Contestants under one set of conditions, on the cells that both of a pair have."""

    title: str
    lines: tuple[Ranked, ...]
    pairs: tuple[Pair, ...]


class Delta(Record):
    """What one level of an axis is worth against another, everything else alike."""

    axis: Literal["mode", "setting", "feedback", "brief", "agent against baseline"]
    contestant: str
    """Empty: all agents together."""
    left: str
    right: str
    task: str = ""
    """Empty: all tasks."""
    difference: Estimate
    """Left minus right, in points."""


class Component(Record):
    """One source of the variance of a single measured gain."""

    source: str
    sd_points: float | None
    """Standard deviation it gives to one measured gain; None where the design cannot tell."""
    share: float | None
    levels: int
    """Most levels seen in one exam."""
    note: str = ""


class Variance(Record):
    """The variance of one measured gain, shared out; means over exams and conditions."""

    title: str
    exams: int
    runs: int
    components: tuple[Component, ...]


class RunRow(Record):
    """One cell as it ended."""

    line: Line
    label: str
    task: str
    seed: int
    run: str
    status: str
    """`finished`, `no-valid-submission`, or `missing`."""
    problem: str = ""
    base: float | None = None
    visible: float | None = None
    scored: float | None = None
    private: float | None = None
    """Mean over retrainings."""
    private_delivered: float | None = None
    retrainings: int = 0
    gain_points: float | None = None
    gain_points_low: float | None = None
    gain_points_high: float | None = None
    """Of the delivered student, over items, from the run's own record."""
    p_value: float | None = None
    improved: bool | None = None
    audit: str = ""
    attempts: int = 0
    successes: int = 0
    full_trainings: int = 0
    teacher_calls: int = 0
    teacher_cached: int = 0
    teacher_tokens: int = 0
    student_calls: int = 0
    agent_calls: int = 0
    agent_tokens: int = 0
    cost_usd: float | None = None
    """Of agent and teacher, as far as prices were known; None where none was."""
    seconds: dict[str, float] = Field(default_factory=dict)


class ErrorRow(Record):
    """How the attempts of a line ended, over tasks and seeds."""

    line: Line
    label: str
    attempts: int
    valid: int
    failures: dict[Failure, int]


class RoundRow(Record):
    """One round of one run."""

    line: Line
    label: str
    task: str
    seed: int
    run: str
    round: int
    operation: Operation
    status: str
    failure: Failure | None
    rows: int
    visible: float | None
    scored: float | None
    private: float | None = None
    """Analysis, measured after the final choice was sealed; None where it was not."""
    chosen: bool
    """Whether this round's data set was delivered."""


class Quality(Record):
    """The quality of a data set, on evenly spread rows. Every measure is an offline stand-in."""

    rows: int
    sample: int
    """Rows that were looked at."""
    instruction_distinct: float
    """Share of different word pairs among all."""
    instruction_entropy: float
    """Bits a word."""
    instruction_compression: float
    """Compressed over plain size."""
    instruction_vendi: float
    """Effective number of different instructions."""
    response_distinct: float
    response_entropy: float
    response_compression: float
    response_vendi: float
    verified: int = 0
    """Rows whose question a solver of the task's family can answer."""
    quality: float | None = None
    """Share of those whose output is right; None where none could be verified."""
    asked: int = 0
    difficulty: float | None = None
    """Share of the questions that the base student fails; None where it was not asked."""


class Profile(Quality):
    """The quality of one valid submission of a run."""

    run: str
    task: str
    label: str
    seed: int
    place: Literal["first", "middle", "last"]
    round: int


class Study(Record):
    """Everything that was made of a study's finished cells."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    name: str
    cells: int
    finished: int
    embedded: tuple[str, ...] = ()
    tasks: tuple[str, ...]
    main: tuple[MainRow, ...]
    rankings: tuple[Ranking, ...]
    variance: tuple[Variance, ...]
    deltas: tuple[Delta, ...]
    errors: tuple[ErrorRow, ...]
    rounds: tuple[RoundRow, ...]
    runs: tuple[RunRow, ...]
    profiles: tuple[Profile, ...] = ()
    remarks: tuple[str, ...] = ()
    """What a reader should know of gaps and stand-ins."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
