"""What one stage hands to the next: frozen records without behaviour.

Big things (rows, weights, logs) are not inside: a record names them by the SHA-256 digest
under which the store keeps them. Scores are fractions, times seconds, sizes bytes.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Split = Literal["visible", "scored", "private"]
Operation = Literal["draft", "debug", "repair", "improve", "one-shot"]
Mode = Literal["one-shot", "iterative"]
Setting = Literal["scratch", "seed"]
Verdict = Literal["clean", "flagged", "unresolved"]
Failure = Literal[
    "execution timeout",
    "code extraction failed",
    "runtime error",
    "agent output truncated",
    "too few valid rows",
    "other",
]
"""The study's error types."""


class Record(BaseModel):
    """Base of all records: immutable, and closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# ---------------------------------------------------------------- task


class Item(Record):
    """One exam question with its gold answer."""

    id: str
    question: str
    context: str | None = None
    answer: Any
    group: str | None = None
    """Context, template or source problem: the cluster of the statistics. Default: the item."""
    topic: str | None = None
    meta: dict[str, Any] = Field(default_factory=dict)


class Seed(Record):
    """A raw question without an answer, given to programs in the `seed` setting."""

    id: str
    question: str
    context: str | None = None
    topic: str | None = None
    meta: dict[str, Any] = Field(default_factory=dict)


class Row(Record):
    """One training example in the study's shape."""

    instruction: str
    input: str = ""
    output: str


class Generation(Record):
    """How the student answers: greedy, up to `max_new_tokens`."""

    max_new_tokens: int = Field(default=32, ge=1, le=8192)


class RowLimits(Record):
    """Fewer than `minimum` usable rows is an invalid submission; the first `maximum` are used."""

    minimum: int = Field(default=300, ge=1)
    maximum: int = Field(default=2000, ge=1)


class Task(Record):
    """A loaded task folder, without the splits that only the hold-out reader opens."""

    name: str
    summary: str
    instruction: str
    answer_format: str
    description: str
    sample: tuple[Row, ...]
    visible: tuple[Item, ...]
    seeds: tuple[Seed, ...] = ()
    scorer: dict[str, Any]
    generation: Generation = Generation()
    rows: RowLimits = RowLimits()
    baselines: tuple[str, ...] = ()
    license: str | None = None
    """Of the task's texts, as task.yaml says it."""
    folder: str
    digests: dict[str, str]
    """SHA-256 of every file of the folder that takes part in a run, by file name."""


class Problem(Record):
    """One thing `task check` found, with its place."""

    file: str
    line: int | None = None
    field: str | None = None
    message: str


# ---------------------------------------------------------------- what the agent sees and says


class Brief(Record):
    """All that an agent is told about the task and the rules; the same in every round."""

    task: str
    summary: str
    description: str
    instruction: str
    answer_format: str
    sample: tuple[Row, ...]
    visible: tuple[Item, ...]
    seeds: tuple[Seed, ...]
    """Empty in the `scratch` setting."""
    rows: RowLimits
    teacher: str
    student: str
    packages: tuple[str, ...] = ()
    """Distributions a program may import beside the standard library."""
    interface: str = ""
    """How a program asks the teacher and saves rows: the documentation of what it imports."""
    program_seconds: float
    student_calls: int = 0
    """Questions that a program may put to the base student in one round."""
    concurrency: int = 80
    """Teacher calls that a program may have under way at once."""


class Allowance(Record):
    """What is left of the run's budget when a round begins."""

    seconds: float
    calls: int
    round_calls: int
    """Cap of teacher calls for this one round."""
    usd: float | None = None
    """US dollars left for agent and teacher together; None without a cap."""


class BadCase(Record):
    """A visible item the student got wrong, as shown to the agent."""

    id: str
    topic: str | None
    question: str
    context: str | None = None
    gold: Any
    answer: str


class TopicScore(Record):
    """Visible items of one topic: how many, and the share the student got right."""

    topic: str
    items: int
    accuracy: float


class Feedback(Record):
    """The only thing that flows from scores to the agent."""

    text: str
    """The same content in prose, for agents that read."""
    error: str | None = None
    """Traceback or validation error, for Debug and Repair."""
    visible: float | None = None
    base_visible: float | None = None
    """The base model on the same items."""
    scored: float | None = None
    """Shown only under `protocol: paper`."""
    topics: tuple[TopicScore, ...] = ()
    bad_cases: tuple[BadCase, ...] = ()
    rows_kept: int = 0
    rows_dropped: dict[str, int] = Field(default_factory=dict)
    sample: tuple[Row, ...] = ()
    """A few of the kept rows."""


class Usage(Record):
    """Metered use of a model."""

    calls: int = 0
    cached: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: int = 0
    """Calls whose tokens were counted here, because the server did not say."""
    cost_usd: float | None = None
    """None when the price of a call was not known."""
    self_reported: bool = False
    """Whether any of it is what a program said of itself, and nobody measured."""


class Isolation(Record):
    """How programs, or a command agent, are shut in, as the escape probe found it."""

    level: Literal["L4", "L3", "L2", "L1", "L0"]
    mechanisms: tuple[str, ...]
    verified: bool
    notes: tuple[str, ...] = ()


class Proposal(Record):
    """An agent's answer: analysis, plan and program; or why there is no program."""

    analysis: str = ""
    plan: str = ""
    code: str = ""
    failure: Failure | None = None
    message: str = ""
    """What went wrong, if `failure` is set."""
    out_of_money: bool = False
    """The agent could not pay for its call: there is no sense in another round."""
    methods: tuple[str, ...] = ()
    """Cards of the method library that the request offered, for agents that have one."""
    cut: tuple[str, ...] = ()
    """What the request left out because the agent's context had no room for it."""
    notes: tuple[str, ...] = ()
    """What else a reader of the record should know of how it came about."""
    log: str = ""
    """What a command agent printed: the ends of its streams, control characters escaped."""
    isolation: Isolation | None = None
    """What shut in a command agent while it wrote this."""
    usage: Usage = Usage()
    seconds: float = 0.0


class Attempt(Record):
    """A past round as its agent may remember it: never holds a hidden score."""

    number: int
    operation: Operation
    parent: int | None
    status: str
    failure: Failure | None = None
    plan: str
    code: str
    feedback: Feedback


class Decision(Record):
    """What the search wants next."""

    operation: Operation
    parent: int | None = None


class Step(Record):
    """Whether the run goes on, and how."""

    decision: Decision | None


class Turn(Record):
    """One request to an agent."""

    number: int
    operation: Operation
    parent: Attempt | None = None
    """The attempt to mend or to improve."""
    history: tuple[Attempt, ...] = ()
    allowance: Allowance
    seed: int


# ---------------------------------------------------------------- stages of a round


ExecutionStatus = Literal["ok", "raised", "timeout", "killed"]


class Execution(Record):
    """A program's run in the sandbox. Its rows are judged whatever the status."""

    status: ExecutionStatus
    exit_code: int | None = None
    reason: str = ""
    """Which cap was hit, in words, when `killed`."""
    seconds: float
    stdout: str = ""
    stderr: str = ""
    """Ends of the streams, control characters escaped."""
    submission: str | None = None
    """Digest of the bounded copy of submission.json(l), or None if there was none."""
    teacher: Usage = Usage()
    student: Usage = Usage()
    """Questions to the base student, which are metered apart."""
    peak_bytes: int | None = None
    isolation: Isolation | None = None
    """What shut it in: a resumed run may find another sandbox than it began with."""


class Errand(Record):
    """A command agent's run in its jail, and the files that were safely taken from it."""

    status: ExecutionStatus
    reason: str = ""
    """Which cap was hit, in words, when `killed`; else how it ended."""
    seconds: float
    stdout: str = ""
    stderr: str = ""
    """Ends of the streams, control characters escaped, values of handed variables left out."""
    files: dict[str, bytes] = Field(default_factory=dict)
    refused: dict[str, str] = Field(default_factory=dict)
    """Files that were there but may not be taken: name → the word for why (`store.NotTaken`)."""
    unreachable: tuple[str, ...] = ()
    """Hosts it tried to reach and may not, as `host:port`."""
    down: tuple[str, ...] = ()
    """Hosts it may reach that did not answer."""


class Collection(Record):
    """A submission after strict parsing and the format filter."""

    rows: str | None = None
    """Digest of the usable rows (JSONL of `TracedRow`)."""
    read: int = 0
    kept: int = 0
    dropped: dict[str, int] = Field(default_factory=dict)
    examples: tuple[str, ...] = ()
    """A few refusals in words: row number and reason."""
    error: str | None = None
    """Why the file as a whole cannot be used."""


class TracedRow(Record):
    """A row with the ledger key of the teacher response it claims to come from."""

    instruction: str
    input: str = ""
    output: str
    response: str | None = None


class Check(Record):
    """One audit check: verdict and its evidence."""

    name: str
    verdict: Verdict
    evidence: tuple[str, ...] = ()
    seconds: float = 0.0


class Audit(Record):
    """What the audit left of a collection."""

    verdict: Verdict
    rows: str | None = None
    """Digest of the final data set of this round (JSONL of `TracedRow`)."""
    kept: int = 0
    dropped: dict[str, int] = Field(default_factory=dict)
    examples: tuple[str, ...] = ()
    sample: tuple[Row, ...] = ()
    """A few of the kept rows, evenly spread."""
    checks: tuple[Check, ...] = ()
    seconds: float = 0.0


class TrainingSetup(Record):
    """What a training really ran with, where recipe and machine decide together."""

    device: str
    dtype: str
    batch: int
    accumulation: int
    gradient_checkpointing: bool
    packing: bool
    template: Literal["model", "coursewright"]
    """Whose chat template prompts and rows were wrapped in: the model's own, or ours."""
    notes: tuple[str, ...] = ()
    """Where this differs from the recipe, and why."""


class Training(Record):
    """A fine-tuned student."""

    weights: str
    """Digest of the checkpoint folder's manifest."""
    seed: int
    rows: int
    steps: int
    supervised_tokens: int
    loss: float
    seconds: float
    setup: TrainingSetup | None = None


class Answered(Record):
    """One item's result; `score` in [0, 1]."""

    id: str
    group: str
    topic: str | None = None
    output: str
    score: float
    readable: bool
    apart: bool = False
    """Reported apart: the item is in a form that only the test has."""


class Evaluation(Record):
    """A student's results on one split, item by item, in the order of the split's file."""

    split: Split
    results: tuple[Answered, ...]
    accuracy: float
    readable: float
    """Share of answers in a form the scorer could read."""
    seconds: float


class PrivateOpening(Record):
    """The single opening of the private split: one evaluation per student, base first."""

    evaluations: tuple[Evaluation, ...]


class Round(Record):
    """A whole round, for the supervisor and the record; the agent sees only `Attempt`."""

    number: int
    operation: Operation
    parent: int | None
    status: Literal["scored", "invalid", "failed"]
    """`invalid`: a program ran but left too few usable rows; `failed`: it did not come so far."""
    failure: Failure | None = None
    proposal: Proposal
    execution: Execution | None = None
    collection: Collection | None = None
    audit: Audit | None = None
    training: Training | None = None
    visible: Evaluation | None = None
    scored: Evaluation | None = None
    feedback: Feedback
    seconds: float = 0.0


class Outcome(Record):
    """What the loop hands back: everything measured, nothing judged."""

    base: tuple[Evaluation, ...]
    """The base model on visible, scored and, if it was opened, private."""
    rounds: tuple[Round, ...]
    best: int | None = None
    """Number of the round whose data set was delivered."""
    retrainings: tuple[Training, ...] = ()
    """On fresh seeds; the first is the delivered student."""
    final: tuple[Evaluation, ...] = ()
    """The delivered student on visible and scored."""
    private: tuple[Evaluation, ...] = ()
    """One evaluation per retraining, from the single opening of the private split."""


# ---------------------------------------------------------------- result


class RoundSummary(Record):
    """A line of the result record."""

    number: int
    operation: Operation
    parent: int | None
    status: str
    failure: Failure | None = None
    visible: float | None = None
    scored: float | None = None
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

    round: int
    private_ci95: tuple[float, float]
    retrainings: int
    private_by_retraining: tuple[float, ...] = ()
    dataset: str
    """Digest of the data set it was trained on."""


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
    improved: bool = False
    p_value: float | None = None
    few_groups: bool = False
    audit: Verdict
    human_inputs: tuple[str, ...]
    mats: float | None
    rounds: tuple[RoundSummary, ...]
    full_trainings: int
    training: TrainingSetup | None = None
    """What the delivered student was trained with."""
    baselines: dict[str, float] = Field(default_factory=dict)
    """Private score of answers that need no reading, by name (see `tasks`)."""
    reported_apart: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Private accuracy of marked subsets, such as test-only phrasings: base and final."""
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

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
