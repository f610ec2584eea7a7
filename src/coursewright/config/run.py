"""The whole of a run: its parts, budgets, sandbox, search and servers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from coursewright.config.agents import AgentConfig, HeuristicAgent
from coursewright.config.endpoints import ServerUrl
from coursewright.config.executors import ExecutorConfig, LocalExecutor
from coursewright.config.parts import CustomPart, Part
from coursewright.config.policy import Policy
from coursewright.config.references import BY_NAME
from coursewright.config.students import EmbeddedStudent, StudentConfig
from coursewright.config.teachers import SimulatedTeacher, TeacherConfig
from coursewright.errors import ConfigError
from coursewright.records import BriefLevel, FeedbackKind, Gate, Mode, Setting


class GreedySearch(Part):
    kind: Literal["greedy"] = "greedy"
    mend_limit: int = Field(default=3, ge=1)
    """Failed Debugs or Repairs in a row after which the next round drafts anew."""


class Halving(Part):
    """Of a wave, who is worth a full training: docs/search.md."""

    share: float = Field(default=0.25, gt=0, lt=1)
    """Of its rows, for the short training that each round of a wave gets first; 50 at least."""
    keep: float = Field(default=0.5, gt=0, lt=1)
    """Share of a wave that is then trained in full."""
    lottery: float = Field(default=0.1, ge=0, le=1)
    """Chance of each of the others to be trained in full all the same, which keeps the estimate of
    what a look is worth honest."""
    pairs: int = Field(default=10, ge=3)
    """Pairs of wave mates with a look and a full score that are wanted before a look decides."""


class TreeSearch(Part):
    """Several branches, a bandit between them, merges and ablations: docs/search.md."""

    kind: Literal["tree"] = "tree"
    drafts: int = Field(default=1, ge=1)
    """First drafts, each of another family of the method library; the agent's own goes first."""
    mend_limit: int = Field(default=3, ge=1)
    """Failed Debugs or Repairs in a row after which another branch has its turn."""
    widen_after: int = Field(default=3, ge=1)
    """Rounds without a new best after which it is improved upon by another family's method, with
    ideas of the library; and again after as many more. Takes the place of `ideas_after`."""
    patience: int | None = Field(default=8, ge=2)
    """Rounds without a new best after which the search ends; more than `widen_after`. None: rounds
    and budget alone end it."""
    alike: float = Field(default=0.9, gt=0, le=1)
    """How much a program may resemble an earlier one from the same rows before it is refused."""
    wave: int = Field(default=1, ge=1, le=64, exclude_if=lambda width: width == 1)
    """Rounds that are decided together, none knowing of the others' scores: as many students are
    trained side by side as the executor has slots."""
    halving: Halving | None = Field(default=None, exclude_if=lambda part: part is None)
    """None: every round is trained in full."""
    stride: int | None = Field(default=None, ge=1, le=64, exclude_if=lambda count: count is None)
    """Rounds that build upon one another before a student is trained on the rows of all. None: 3;
    1 where rounds are decided in waves, since those do not build upon one another."""
    ablations: int = Field(default=0, ge=0)
    """Trainings beside those of `budget.rounds` that measure what a shard of a new best is worth.
    0: what agents are told of shards is estimated from visible items."""

    @field_validator("patience")
    @classmethod
    def _widens_first(cls, value: int | None, others: ValidationInfo) -> int | None:
        widen_after = others.data.get("widen_after", 0)
        if value is not None and value <= widen_after:
            raise ValueError(f"must exceed `widen_after` ({widen_after}): widen before giving up")
        return value

    @field_validator("stride")
    @classmethod
    def _one_after_another(cls, value: int | None, others: ValidationInfo) -> int | None:
        if value is not None and value > 1 and others.data.get("wave", 1) > 1:
            raise ValueError("needs `wave: 1`: rounds of a wave do not build upon one another")
        return value

    @field_validator("halving")
    @classmethod
    def _something_to_halve(cls, value: Halving | None, others: ValidationInfo) -> Halving | None:
        if value is not None and others.data.get("wave", 1) < 2:
            raise ValueError("needs `wave: 2` at least: of a single round there is nothing to hold")
        return value


class OneShotSearch(Part):
    """The first valid attempt is final."""

    kind: Literal["one-shot"] = "one-shot"


SearchConfig = Annotated[
    GreedySearch | TreeSearch | OneShotSearch | CustomPart, Field(discriminator="kind")
]


class SandboxConfig(Part):
    level: Literal["auto", "L3", "L2", "L1", "L0"] = "auto"
    """`auto` takes the strongest level whose escape probe passes."""
    memory_bytes: int = Field(default=2 * 1024**3, ge=64 * 1024**2)
    """Over the program's whole process tree."""
    cpu_seconds: int = Field(default=3600, ge=1)
    processes: int = Field(default=64, ge=1)
    file_bytes: int = Field(default=256 * 1024**2, ge=1024)
    """Bytes on disk of all its files together, those open without a name included."""
    files: int = Field(default=2000, ge=1)
    output_bytes: int = Field(default=1024**2, ge=1024)
    """Of each of standard output and error; the rest is cut out of the middle."""


class Budget(Part):
    """Defaults suit the embedded models: their calls are the study's (50,000 in all, 5,000 a round)
    by 12.5. The study gives a program 3 h, a run 12 h and 30 rounds."""

    calls: int = Field(default=4000, ge=1)
    """Teacher calls in all."""
    round_calls: int = Field(default=400, ge=1)
    """Teacher calls in one round."""
    student_calls: int = Field(default=8000, ge=0)
    """Questions that programs may put to the base student in all; 0: they cannot ask it."""
    round_student_calls: int = Field(default=1000, ge=0)
    tokens: int | None = Field(default=None, ge=1)
    """Teacher tokens (prompt and completion) in all."""
    round_tokens: int | None = Field(default=None, ge=1)
    cost_usd: float | None = Field(default=None, ge=0)
    """US dollars that agent and teacher may spend together, over all sessions of the run."""
    program_seconds: float = Field(default=120.0, gt=0)
    seconds: float = Field(default=12 * 3600.0, gt=0)
    """Of the whole run, over all its sessions."""
    rounds: int = Field(default=8, ge=1)
    trainings: int | None = Field(default=None, ge=1, exclude_if=lambda count: count is None)
    """Rounds that a student is trained on in full; those after the choice come on top."""
    one_shot_attempts: int = Field(default=8, ge=1)
    concurrency: int = Field(default=80, ge=1, le=1024)
    """Teacher calls under way at once."""
    max_tokens: int = Field(default=1024, ge=1)
    """Of one teacher response."""


Turn = Literal["agent", "teacher", "trainer", "scorer"]
"""Who may need the memory of a GPU: one after the other, where it does not hold all."""


class LocalServer(Part):
    """A server on this machine that the run starts, lays to rest and stops."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    serves: tuple[Literal["agent", "teacher", "scorer"], ...] = Field(min_length=1)
    """Whose turn it is up for; `scorer` is the student's server."""
    start: tuple[str, ...] = Field(min_length=1)
    """Command and arguments; no shell reads them."""
    url: ServerUrl = "http://127.0.0.1:8000"
    """Its root, without /v1."""
    health: str = Field(default="/health", pattern="^/")
    """What answers with success under its root once it is ready."""
    rest: Literal["sleep", "stop", "stay"] = "sleep"
    """In another's turn it sleeps (vLLM with --enable-sleep-mode and VLLM_SERVER_DEV_MODE=1; where
    there is no such thing it is stopped), is stopped, or stays up: it has a GPU of its own."""
    ready_seconds: float = Field(default=900.0, gt=0)
    """How long a start may take."""
    environment: tuple[str, ...] = ()
    """Names of environment variables it may see beside paths, caches and visible GPUs."""
    variables: dict[str, str] = Field(default_factory=dict)
    """Environment variables to set. Not for keys: this stands in the run's record."""


class Pilot(Part):
    """A first run of each program with few calls: one whose rows are no good is not run in full."""

    calls: int = Field(default=40, ge=1)
    """Of the teacher; they count for the round, and what is asked again in full is not paid again.
    """
    least: float = Field(default=0.2, gt=0, le=1)
    """Share of the pilot's rows that must pass intake and audit."""


class Sequential(Part):
    """Scored items are put in one random order, and to a student no further than is needed."""

    alpha: float = Field(default=0.05, gt=0, le=0.2)
    """Chance that a student is cut short that would not have ended behind the best so far."""


class IncumbentConfig(Part):
    """A data set to be beaten: trained with the same recipe, tested in the same opening."""

    path: Path
    """JSON lines, or one JSON list, of rows as a program submits them."""
    mix: bool = False
    """Add its rows to every submission's, up to `rows.maximum` of the task."""


class GuardConfig(Part):
    """What a winner may not be."""

    max_forgetting_points: float = Field(ge=0, le=100)
    """Refuse a round whose student lost more than this on the task's panel of abilities: the next
    best is looked at, and the base model is delivered where none is left."""


class SmallestConfig(Part):
    """After the choice: the fewest rows that keep most of the gain. See docs/smallest.md."""

    keep: float = Field(default=0.95, gt=0, le=1)
    """Share of the delivered data set's gain on scored that has to be kept."""
    trainings: int = Field(default=8, ge=1)
    """Most trainings, none on more rows than the delivered data set has; as many as `retrainings`
    at least. More of them tell sizes closer to each other apart."""
    minimum: int = Field(default=16, ge=1)
    """Rows of the smallest set that is tried."""


class ReplayConfig(Part):
    """Rows of the student's own past beside those of a submission, against forgetting."""

    share: float = Field(default=0.1, gt=0, le=0.5)
    """Of all rows of a training."""
    path: Path | None = None
    """JSON lines, or one JSON list, of rows. None: the embedded students' past is drawn anew, but
    for the family of the task itself."""


class RunConfig(Part):
    """Everything that decides a run.

    In the place of agent, teacher, student, search, executor, scorer and embedder a text may stand:
    what the command line takes for them (`openai:gpt-5.2`, `pico`, `tree`, `ray:auto`), or a dotted
    path.
    """

    task: str
    """A task folder or the name of a built-in task."""
    agent: AgentConfig = HeuristicAgent()
    teacher: TeacherConfig = SimulatedTeacher()
    student: StudentConfig = EmbeddedStudent()
    search: SearchConfig = GreedySearch()
    """What is done next."""
    scorer: CustomPart | None = None
    """Overrides the task's scorer."""
    sandbox: SandboxConfig = SandboxConfig()
    budget: Budget = Budget()
    mode: Mode = "iterative"
    setting: Setting = "scratch"
    feedback: FeedbackKind = "full"
    """How much the agent hears of its rounds. Anything but `full` is an ablation."""
    policy: Policy | Path | None = None
    """What may be in training data, or the file that says so (see `policy`). None: what the task
    folder's `policy.yaml` says, if it has one. The run's record holds the rules themselves."""
    embedder: CustomPart | None = Field(default=None, exclude_if=lambda part: part is None)
    """A class with `embed(texts)`, an array (texts, d): the final audit then compares the data with
    visible and hidden items by meaning, too (see `protocols.Embedder`)."""
    gates: tuple[Gate, ...] = ()
    """Where the run waits until a person has said `coursewright approve`: at the `plan` of every
    round, before its program runs; at the first data `sample`, before anything is trained on it; at
    the `export` of the finished run. While it waits its budget of seconds does not run."""
    ideas_after: int | None = Field(default=None, ge=0)
    """Rounds without a new best after which the library of ideas puts topics and a method from
    outside the search before the agent; 0 is every round from the first. None: 3 under a guarded
    protocol, never under `paper`."""
    notes: Path | None = None
    """A text file of what people know about the task; the agent reads it with the description."""
    brief: BriefLevel | None = None
    """How much the agent is told beforehand, each level with all before it: a `line` that says what
    the task is about, its `description`, `visible` items, `seeds`, `notes`. None: the visible
    items, the seeds in the `seed` setting, and the notes if there are any."""
    protocol: Literal["guarded", "guarded-basic", "paper"] = "guarded"
    """See docs/protocol.md. `guarded-basic` is what older runs call theirs: splits kept apart, and
    none of the rest."""
    noise_seeds: int = Field(default=3, ge=0, le=20, exclude_if=lambda count: count == 3)
    """Trainings on the visible items before the first round of a guarded, iterative run, kept in
    the user's cache for later runs; 0: none, and what the agent hears of scored is rationed by the
    number of items alone."""
    pilot: Pilot | None = Field(default=None, exclude_if=lambda part: part is None)
    """None: programs are run in full at once."""
    sequential: Sequential | None = Field(default=None, exclude_if=lambda part: part is None)
    """None: every student is asked every scored item. Not under `paper`."""
    guard: GuardConfig | None = Field(default=None, exclude_if=lambda guard: guard is None)
    replay: ReplayConfig | None = Field(default=None, exclude_if=lambda replay: replay is None)
    incumbent: IncumbentConfig | None = Field(default=None, exclude_if=lambda own: own is None)
    """A data set that the user already has."""
    seed: int = Field(default=0, ge=0, lt=2**31)
    servers: tuple[LocalServer, ...] = ()
    """Local servers that the run itself starts and stops, so that they share a GPU in turns."""
    retrainings: int = Field(default=3, ge=1, le=20)
    """Fresh training seeds of the last training; the first is the delivered student."""
    smallest: SmallestConfig | None = Field(default=None, exclude_if=lambda wanted: wanted is None)
    """Look, once the choice is sealed, for the fewest of its rows that keep most of the gain."""
    shared: Path | None = None
    """A folder in which several runs keep answers for one another: the teacher's, and the base
    student's on the splits. What is found there counts as a call and costs no money."""
    executor: ExecutorConfig = Field(
        default=LocalExecutor(), exclude_if=lambda part: part == LocalExecutor()
    )
    """Where trainings and answers are computed: docs/executors.md. It decides no outcome, so a run
    may be resumed with another one."""
    runs: Path = Path("runs")
    name: str | None = None
    allow_weak: bool = False
    """Accept isolation below L2; the result is then never called verified."""

    @field_validator("sequential")
    @classmethod
    def _scored_is_its_own(
        cls, value: Sequential | None, others: ValidationInfo
    ) -> Sequential | None:
        if value is not None and others.data.get("protocol") == "paper":
            raise ValueError("visible and scored are one set under `protocol: paper`: leave it out")
        return value

    @field_validator(*BY_NAME, mode="before")
    @classmethod
    def _part_by_name(cls, value: Any, field: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return BY_NAME[str(field.field_name)](value)
        except ConfigError as error:
            # Its place is this field; the reference knows only of the command line's.
            raise ValueError(error.message) from error

    @field_validator("executor", mode="before")
    @classmethod
    def _executor_is_local(cls, value: Any) -> Any:
        return {"kind": "local", **value} if isinstance(value, dict) else value

    @field_validator("smallest")
    @classmethod
    def _can_be_confirmed(
        cls, value: SmallestConfig | None, others: ValidationInfo
    ) -> SmallestConfig | None:
        """What is found on one seed is confirmed on all others."""
        seeds = others.data.get("retrainings", 1)
        if value is not None and value.trainings < seeds:
            raise ValueError(
                f"`trainings` must be {seeds} at least, the number of `retrainings`: "
                "what is found on one seed is trained on all others, too"
            )
        return value

    @field_validator("replay")
    @classmethod
    def _past_is_known(
        cls, value: ReplayConfig | None, others: ValidationInfo
    ) -> ReplayConfig | None:
        """Only of the embedded students is it known what they met before."""
        student = others.data.get("student")
        if value is not None and value.path is None and not isinstance(student, EmbeddedStudent):
            raise ValueError("of this student's past nothing is known: name rows of it in `path`")
        return value

    @field_validator("brief")
    @classmethod
    def _brief_fits(cls, value: BriefLevel | None, others: ValidationInfo) -> BriefLevel | None:
        """Seeds are told in one setting alone, and notes need a file."""
        setting = others.data.get("setting")
        wanted = "seed" if value in ("seeds", "notes") else "scratch"
        if value is not None and setting != wanted:
            raise ValueError(
                f"`{value}` belongs to `setting: {wanted}`, and the setting is {setting}"
            )
        if value == "notes" and others.data.get("notes") is None:
            raise ValueError("`notes` needs the file that holds them, in the field `notes`")
        return value
