"""What the stages of a round measured, and the round and the outcome made of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from coursewright.records.base import Failure, Operation, ProbeName, Record, Split, Verdict
from coursewright.records.branching import Branch, Shard
from coursewright.records.dialogue import Feedback, Isolation, Proposal, Usage
from coursewright.records.holdout import Noise
from coursewright.records.human import Approval, Heard
from coursewright.records.messages import Preamble
from coursewright.records.task import Row

ExecutionStatus = Literal["ok", "raised", "timeout", "killed"]
RowKind = Literal["teacher", "derived", "source"]
"""Where an audited row comes from: the teacher's words; what a declared and checked transform made
of them; or, in part or whole, the task's own seeds and documents."""
Transform = Literal[
    "rounded", "executed", "back-translated", "split", "joined", "shuffled", "quoted"
]
"""What a program may declare to have made of the teacher's words (see `audit.derived`)."""


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


class TracedRow(Row):
    """A row with the ledger key of the teacher response it claims to come from."""

    response: str | None = None
    passages: tuple[str, ...] = Field(default=(), exclude_if=lambda names: not names)
    """Ids of the passages it was made from, as it says."""
    sources: tuple[str, ...] = Field(default=(), exclude_if=lambda keys: not keys)
    """Ledger keys of further responses it was made from, as it says."""
    derived: Transform | None = Field(default=None, exclude_if=lambda word: word is None)
    """What its program made of them, as it says."""
    kind: RowKind = Field(default="teacher", exclude_if=lambda kind: kind == "teacher")
    """What the audit found it to be; a program's word for it counts for nothing."""


class Check(Record):
    """One audit check: verdict and its evidence."""

    name: str
    verdict: Verdict
    evidence: tuple[str, ...] = ()
    figures: dict[str, float] = Field(default_factory=dict, exclude_if=lambda found: not found)
    """What was measured, by name; `docs/data-quality.md` explains the names."""
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
    untouched: str | None = None
    """Digest of the same rows as they were before the policy changed some; None: it changed none.
    Programs build on those, since they stand in the responses they name."""
    checks: tuple[Check, ...] = ()
    refusal: str | None = None
    """Why nothing may be trained on it, whatever rows are left."""
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
    preamble: Preamble | None = Field(default=None, exclude_if=lambda said: said is None)
    """What stood before every conversation, if anything did."""
    native: tuple[Literal["system", "tools"], ...] = Field(default=(), exclude_if=lambda t: not t)
    """What of it the chat template has a place for; the rest was said in plain words."""
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
    shared: bool = Field(default=False, exclude_if=lambda shared: not shared)
    """Another run made it; `seconds` are those that it took there."""


class Likelihood(Record):
    """How likely a student finds given answers: mean log-probability per token, one per answer."""

    means: tuple[float, ...]
    seconds: float


Promotion = Literal["best", "lottery", "unproven", "held back"]
"""Why a round was trained in full, or that it was not: its look was among the best; it was drawn
from the others; looks have not been seen to agree with scores in this run yet."""


ProxyName = Literal["likelihood", "visible"]
"""What a shortly trained student is judged by: the mean log-probability per token that it gives to
the golds of the visible items, and its score on them."""


class Look(Record):
    """What a short training promised of a round's rows."""

    values: dict[ProxyName, float]
    """Higher is better."""
    rows: int
    seconds: float
    promotion: Promotion = "unproven"


class Agreement(Record):
    """How one proxy ranked rounds of the same wave, against their full scores."""

    pairs: int
    tau: float | None
    """Kendall's; None where there is no pair."""
    chance: float = 1.0
    """The standard deviation that tau has where looks and scores have nothing to do with each
    other; too large where there are equals."""


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
    """A student's results on one split, item by item, in the order of the split's file; on scored,
    where scoring is sequential, in the run's random order."""

    split: Split | ProbeName
    results: tuple[Answered, ...]
    accuracy: float
    """The mean score; where not all were asked, the rival's and the mean paired difference."""
    readable: float
    """Share of answers in a form the scorer could read."""
    seconds: float
    of: int | None = Field(default=None, exclude_if=lambda count: count is None)
    """Items of the split, where no more than the first were asked: the student was shown to end
    behind the best so far. None: all were."""


class PrivateOpening(Record):
    """The single opening of the private split: one evaluation per student, base first."""

    evaluations: tuple[Evaluation, ...]


class Sitting(Record):
    """One student's results on the task's probes."""

    evaluations: dict[ProbeName, Evaluation] = Field(default_factory=dict)


RoundStatus = Literal["scored", "gathered", "held back", "invalid", "failed", "under way"]
"""What became of a round.

`gathered`: its rows were good, and are to be built upon before a student is trained; `held back`:
its rows were good, but others of its wave promised more, and no student was trained on all of them;
`invalid`: a program ran but left too few usable rows; `failed`: it did not come so far; `under
way`: while others of its wave are prepared, and never in a record."""

WITH_ROWS: frozenset[str] = frozenset({"scored", "gathered", "held back"})
"""Of rounds that left a valid data set."""


class Round(Record):
    """A whole round, for the supervisor and the record; the agent sees only `Attempt`."""

    number: int
    operation: Operation
    parent: int | None
    status: RoundStatus
    failure: Failure | None = None
    proposal: Proposal
    execution: Execution | None = None
    collection: Collection | None = None
    audit: Audit | None = None
    training_rows: str | None = None
    """Digest of what was trained on: the audited rows, and what the user adds to them."""
    look: Look | None = Field(default=None, exclude_if=lambda look: look is None)
    """At a short training, where the search halves its waves."""
    training: Training | None = None
    visible: Evaluation | None = None
    scored: Evaluation | None = None
    feedback: Feedback
    heard: Heard = Heard()
    """What was put before its agent from outside the search."""
    approvals: tuple[Approval, ...] = ()
    """What people answered at its gates."""
    branch: Branch | None = Field(default=None, exclude_if=lambda branch: branch is None)
    """What the search wanted of it, if it keeps several branches."""
    shards: tuple[Shard, ...] = Field(default=(), exclude_if=lambda shards: not shards)
    """What its audited rows are made of, if the search asks for that."""
    seconds: float = 0.0


class Incumbent(Record):
    """The data set that the user already had, trained and tested as the chosen one is."""

    collection: Collection
    mixed: bool
    """Its rows were added to every submission's."""
    trainings: tuple[Training, ...] = ()
    """On the seeds of the retrainings."""
    scored: tuple[Evaluation, ...] = ()
    private: tuple[Evaluation, ...] = ()
    """One evaluation per training, each."""


class SizeTried(Record):
    """A beginning of the delivered data set's rows, and the students trained on it."""

    rows: str
    """Digest."""
    kept: int
    """Its rows."""
    trainings: tuple[Training, ...] = ()
    """On the seeds of the retrainings, as many of them as it was tried with."""
    scored: tuple[Evaluation, ...] = ()


class Shrinking(Record):
    """The search for the fewest rows that keep most of the gain."""

    of: int = 0
    """Rows of the delivered data set."""
    keep: float
    """Share of the gain that was to be kept."""
    gain: float | None = None
    """Of the delivered data set's students on scored, on the mean over all seeds; a fraction."""
    spent: int = 0
    """Trainings."""
    tried: tuple[SizeTried, ...] = ()
    """From few rows to many."""
    problem: str = ""
    """Why nothing was found; what follows is then empty."""
    rows: str | None = None
    """Digest of what was found."""
    kept: int = 0
    """Its rows."""
    confirmed: bool | None = None
    """Whether it held on seeds that played no part in finding it; None: there were none."""
    trainings: tuple[Training, ...] = ()
    """On the seeds of the retrainings."""
    scored: tuple[Evaluation, ...] = ()
    private: tuple[Evaluation, ...] = ()
    """One evaluation per training, each."""


class Choice(Record):
    """What a run delivers, sealed before anything is retrained or private is opened."""

    delivered: Literal["student", "base", "nothing"]
    """`base`: no round beat it; `nothing`: no round left a data set to train on."""
    round: int | None = None
    rows: str | None = None
    """Digest of the data set that the delivered student is trained on."""
    forgetful: tuple[int, ...] = ()
    """Rounds that were refused because their students had forgotten more than `guard` allows."""
    whole: Evaluation | None = Field(default=None, exclude_if=lambda found: found is None)
    """On all scored items, of a round that had been cut short behind one that was refused."""


class Outcome(Record):
    """What the loop hands back: everything measured, nothing judged."""

    base: tuple[Evaluation, ...]
    """The base model on visible, scored and, if it was opened, private."""
    rounds: tuple[Round, ...]
    best: int | None = None
    """Number of the round whose data set was delivered; None too where the base model was."""
    noise: Noise | None = None
    choice: Choice | None = None
    final_audit: Audit | None = None
    """Of the delivered data set, against the hidden items too."""
    retrainings: tuple[Training, ...] = ()
    """On fresh seeds; the first is the delivered student. None where the base model is."""
    final: tuple[Evaluation, ...] = ()
    """The delivered student on visible and scored."""
    confirmation: tuple[Evaluation, ...] = ()
    """Every retraining on scored."""
    incumbent: Incumbent | None = None
    smallest: Shrinking | None = None
    """None: not asked for."""
    openings: int | None = None
    """How often private has been opened on this machine; None if unknown."""
    private: tuple[Evaluation, ...] = ()
    """One evaluation per retraining, from the single opening of the private split; the base
    model's own where that is delivered."""
    probes: tuple[Sitting, ...] = ()
    """The base model and the delivered student on the task's probes, if there are any."""
