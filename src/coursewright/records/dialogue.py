"""What an agent is told, what it answers, and what it may remember."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from coursewright.records.base import Failure, Operation, Record
from coursewright.records.branching import Branch, Guidance
from coursewright.records.messages import Preamble
from coursewright.records.task import CorpusSummary, Item, Row, RowLimits, Seed


class Brief(Record):
    """All that an agent is told about the task and the rules; the same in every round."""

    task: str
    summary: str
    description: str
    instruction: str
    preamble: Preamble = Preamble()
    answer_format: str
    sample: tuple[Row, ...]
    visible: tuple[Item, ...]
    seeds: tuple[Seed, ...]
    """Empty in the `scratch` setting."""
    corpus: CorpusSummary | None = None
    """Documents that programs can search; None where there are none."""
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
    shared: int = 0
    """Calls whose answer another run had paid for: they count, and cost no money."""
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
    branch: Branch | None = Field(default=None, exclude_if=lambda branch: branch is None)
    """Of a search that keeps several branches; None: a hill climb."""


class Step(Record):
    """Whether the run goes on, and how."""

    decision: Decision | None
    beside: tuple[Decision, ...] = Field(default=(), exclude_if=lambda wave: not wave)
    """Decided with it, before its outcome is known: the rest of a wave."""


class Turn(Record):
    """One request to an agent."""

    number: int
    operation: Operation
    parent: Attempt | None = None
    """The attempt to mend or to improve."""
    history: tuple[Attempt, ...] = ()
    allowance: Allowance
    seed: int
    notes: tuple[str, ...] = ()
    """What people have said to the agent of this run so far, oldest first."""
    ideas: tuple[str, ...] = ()
    """From outside the current search, once rounds have stopped gaining: each a Markdown text with
    a heading. One that names topics is a list of them, `- **name**: what it is`."""
    guidance: Guidance | None = Field(default=None, exclude_if=lambda told: told is None)
    """Of a search that keeps several branches: the parent need not be the best attempt then."""
