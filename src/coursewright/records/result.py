"""The result record: what `run --json` prints and `result.json` holds."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from coursewright.records.base import (
    Claim,
    Failure,
    Mode,
    Operation,
    ProbeName,
    Record,
    Setting,
    Verdict,
)
from coursewright.records.dialogue import Isolation, Usage
from coursewright.records.holdout import (
    Confirmation,
    IncumbentScores,
    NoiseFloor,
    SmallestSet,
)
from coursewright.records.stages import Agreement, Check, ProxyName, TrainingSetup


class RoundSummary(Record):
    """A line of the result record."""

    number: int
    operation: Operation
    parent: int | None
    status: str
    failure: Failure | None = None
    visible: float | None = None
    scored: float | None = None
    asked: int | None = Field(default=None, exclude_if=lambda count: count is None)
    """Scored items that were put to it, where not all were: it was shown to end behind the best."""
    rows: int = 0
    dropped: dict[str, int] = Field(default_factory=dict)
    dataset: str | None = None
    seconds: float


class Scores(Record):
    """Accuracy by split."""

    visible: float
    scored: float
    private: float


class FinalScores(Scores):
    """The delivered student."""

    round: int | None
    """Whose data set it was trained on; None where the base model itself is delivered."""
    scored_corrected: float | None = None
    """Scored accuracy of the chosen round, or base model, corrected for having been chosen."""
    private_ci95: tuple[float, float]
    retrainings: int
    private_by_retraining: tuple[float, ...] = ()
    dataset: str | None
    """Digest of the data set it was trained on."""


class ProbeScores(Record):
    """Base and delivered student on one probe."""

    items: int
    base: float
    final: float
    gain_points: float
    gain_points_ci95: tuple[float, float]


class NearVisible(Record):
    """The gain on private items that resemble a visible one (`audit.near_items`), and elsewhere."""

    items: int
    """Private items that do."""
    others: int
    part_points: float
    """What these items add to the gain over the whole exam; the others add the rest."""
    gain_points: float | None = None
    gain_points_ci95: tuple[float, float] | None = None
    """On these items alone; None where there are none."""
    others_gain_points: float | None = None
    others_gain_points_ci95: tuple[float, float] | None = None


class RowReview(Record):
    """What people who judged rows of the delivered data set say about all of its rows."""

    dataset: str
    rows: int
    """Of the whole data set."""
    queued: int
    """Drawn at random to be judged."""
    judged: int
    bad: int
    unsure: int
    """Counted as bad."""
    bad_share_upper: float
    """Upper bound on the share of bad rows among all, exact and one-sided (`review.bounds`)."""
    confidence: float


class Proxy(Record):
    """What short trainings were worth, where the search halves its waves."""

    looks: int
    """Rounds that were trained shortly first."""
    seconds: float
    """Of all short trainings and looks."""
    held_back: int
    by_lottery: int
    """Rejected by their look, and trained in full all the same."""
    ranked: dict[ProxyName, Agreement]
    """How each proxy ranked rounds of the same wave."""
    full_seconds: float | None
    """A full training with its scoring, on the mean."""
    saved_seconds: float | None
    """Full trainings that were not made, less what looking took: negative where it did not pay."""


class Result(Record):
    """The outcome of a run: what `run --json` prints and `result.json` holds."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    run: str
    path: str = ""
    task: str
    agent: str
    teacher: str
    student: str
    mode: Mode
    setting: Setting
    protocol: str
    seed: int
    status: Literal["finished", "no-valid-submission"]
    base: Scores | None = None
    final: FinalScores | None = None
    gain_points: float | None = None
    gain_points_ci95: tuple[float, float] | None = None
    gain_pct: float | None = None
    gain_pct_ci95: tuple[float, float] | None = None
    gain_parts: dict[Literal["format", "ability"], float] = Field(default_factory=dict)
    """Points gained on items whose answer became readable, or ceased to be, and on all others."""
    near_visible: NearVisible | None = None
    """How much of the gain lies on items that resemble visible ones; None in older records."""
    training_seed_sd_points: float | None = None
    """How far the training seed alone moves the private score (standard deviation)."""
    verdict: Claim | None = None
    """What may be said of the delivered student against the base model, by the private test."""
    improved: bool = False
    """Whether that is "improved"."""
    p_value: float | None = None
    minimum_detectable_points: float | None = None
    """The smallest gain that the private test can be relied on to see (4 times of 5, at worst)."""
    few_groups: bool = False
    """So few groups of private items that no coverage is promised of the intervals."""
    delivered: Literal["student", "base"] | None = None
    """`base`: no round beat the base model on scored, so that is what the run ends with."""
    noise: NoiseFloor | None = None
    confirmation: Confirmation | None = None
    scored_queries: int = 0
    """How often the agent was told a mean over scored items."""
    alarms: tuple[str, ...] = ()
    """What a reader should know before believing the scores."""
    private_openings: int | None = None
    """How often this private split has been opened on this machine, this run included; None if
    that cannot be known."""
    incumbent: IncumbentScores | None = None
    """The data set that the user already had."""
    smallest: SmallestSet | None = None
    """The fewest rows that keep most of the gain; None where a run does not look for them."""
    audit: Verdict
    """On the delivered data set: the worse of its round's audit and the final one."""
    audit_checks: tuple[Check, ...] = ()
    """All checks of both, in order."""
    review: RowReview | None = None
    """What people said of the delivered rows, after the run."""
    human_inputs: tuple[str, ...]
    mats: float | None
    rounds: tuple[RoundSummary, ...]
    full_trainings: int
    """On all rows of a data set: rounds', and the retrainings."""
    proxy: Proxy | None = Field(default=None, exclude_if=lambda proxy: proxy is None)
    training: TrainingSetup | None = None
    """What the delivered student was trained with."""
    baselines: dict[str, float] = Field(default_factory=dict)
    """Private score of rules that do not understand the question, by name (see `tasks`)."""
    reported_apart: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Private accuracy of marked subsets, such as test-only phrasings: base and final."""
    probes: dict[ProbeName, ProbeScores] = Field(default_factory=dict)
    """Exams beside the exam, by name."""
    robust_gain_points: float | None = None
    """On the exam's items with other numbers and in other words; None where a task has neither."""
    robust_gain_points_ci95: tuple[float, float] | None = None
    forgetting_points: float | None = None
    """Lost on the panel of what the student could do before; None where a task has none."""
    forgetting_points_ci95: tuple[float, float] | None = None
    forgetful_rounds: tuple[int, ...] = ()
    """Refused as the winner because their students forgot more than the guard allows."""
    exam_only: bool | None = None
    """Shown to have gained on the exam far more than on its robust probes; None without those."""
    teacher_usage: Usage
    student_usage: Usage = Usage()
    """What programs asked the base student."""
    agent_usage: Usage
    isolation: Isolation
    agent_isolation: Isolation | None = None
    """What shut in the agent, where it is a program of its own (`command`)."""
    seconds: dict[str, float]
    embedded: tuple[str, ...] = ()
    """Which of agent, teacher and student are the small built-in ones."""
    record: str | None = None
    """Digest over all stages and calls of the run (see `store.sealing`), for `verify`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
