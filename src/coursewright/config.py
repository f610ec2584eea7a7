"""The configuration of a run: one tagged union per exchangeable part.

A field's documentation stands under the field. `parse_*` read the short model references of
the command line (`kind:model[@base_url]`).
"""

from __future__ import annotations

import re
import shlex
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from coursewright.errors import ConfigError
from coursewright.records import Mode, Setting


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# ---------------------------------------------------------------- endpoints

TextKind = Literal["description", "visible", "seeds", "corpus", "bad_cases"]
"""What a text that could leave for a server was before it stood in a request."""
TEXT_KINDS: tuple[TextKind, ...] = ("description", "visible", "seeds", "corpus", "bad_cases")


class Prices(Part):
    """US dollars per million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


def _server_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected a URL such as http://127.0.0.1:8000/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("a base URL holds no key: name its environment variable in `key`")
    return value.rstrip("/")


ServerUrl = Annotated[str, AfterValidator(_server_url)]


class Endpoint(Part):
    """A model behind a server that speaks the OpenAI chat-completions protocol."""

    model: str = Field(min_length=1, max_length=300)
    base_url: ServerUrl = "https://api.openai.com/v1"
    key: str | None = Field(default="OPENAI_API_KEY", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """Name of the environment variable that holds the key, never the key itself. A server on
    this machine needs none: there the variable may be unset."""
    seconds: float = Field(default=300.0, gt=0)
    """Deadline of one call, all its tries and pauses included."""
    try_seconds: float | None = Field(default=None, gt=0)
    """Deadline of one try; None is a third of `seconds`, so that a stalled try can be repeated."""
    attempts: int = Field(default=8, ge=1)
    """Times one call is tried."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    """Used where a request names none; None leaves it to the server."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Of one answer; None leaves it to the caller (a teacher's is `budget.max_tokens`)."""
    context_tokens: int = Field(default=32_768, ge=256)
    """What prompt and answer together may hold."""
    prices: Prices | None = None
    """None takes the offline table of `genai-prices`; a server on this machine costs nothing."""
    answers_as: tuple[str, ...] = ()
    """Further names under which the server may say that it answered; `*` is any."""
    tokenizer: Path | None = None
    """A `tokenizer.json` to count tokens with where the server does not say what it used."""
    may_leave: tuple[TextKind, ...] = TEXT_KINDS
    """Kinds of text that may be sent to this server."""

    @property
    def is_local(self) -> bool:
        """Whether the server runs on this machine."""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


# ---------------------------------------------------------------- agents


class OpenAIAgent(Endpoint):
    kind: Literal["openai"] = "openai"
    seconds: float = Field(default=900.0, gt=0)
    max_tokens: int | None = Field(default=8192, ge=1)


class HeuristicAgent(Part):
    kind: Literal["heuristic"] = "heuristic"


class ProgramAgent(Part):
    kind: Literal["program"] = "program"
    path: Path
    """A human's fixed curation program; proposed unchanged in the first round."""


class ReplayAgent(Part):
    kind: Literal["replay"] = "replay"
    path: Path
    """JSON lines of recorded proposals, in the order of their rounds."""


class CommandAgent(Part):
    """Any program that reads a brief and leaves `plan.md` and `code.py`; in a jail of its own."""

    kind: Literal["command"] = "command"
    command: tuple[str, ...] = Field(min_length=1)
    """Program and arguments, as a list or as one line that is split into words as a shell would;
    no shell runs it. The program, and files that the words name by path, are visible to it."""
    seconds: float = Field(default=1800.0, gt=0)
    """For one proposal; never more than the run has left."""
    network: tuple[str, ...] = ()
    """The only hosts it may reach, as `host` (port 443) or `host:port`."""
    environment: tuple[str, ...] = ()
    """Names of variables to hand over from our environment, such as its own key."""
    read: tuple[Path, ...] = ()
    """Further files and folders it may read, such as its installation."""
    home: Path | None = None
    """Folder whose content it finds, copied, in its home; changes are dropped every time."""
    may_leave: tuple[TextKind, ...] = TEXT_KINDS
    """Kinds of text it is told. Whatever it is told can go to the hosts it may reach."""
    output_bytes: int = Field(default=256 * 1024, ge=1024)
    """Of what it prints on each stream that is kept; the rest is cut out of the middle."""
    memory_bytes: int = Field(default=4 * 1024**3, ge=64 * 1024**2)
    processes: int = Field(default=256, ge=1)
    file_bytes: int = Field(default=1024**3, ge=1024)
    """Bytes of all files it writes together."""
    files: int = Field(default=20_000, ge=1)

    @field_validator("command", mode="before")
    @classmethod
    def split_words(cls, value: Any) -> Any:
        """Split a command given as one line."""
        return shlex.split(value) if isinstance(value, str) else value

    @field_validator("network")
    @classmethod
    def name_ports(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Write every host as `host:port`."""
        return tuple(map(_host_and_port, value))

    @field_validator("environment")
    @classmethod
    def require_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse what is no name: a value would end up in the record."""
        for position, name in enumerate(value):
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
                # Not shown: it may be the key itself.
                raise ValueError(f"entry {position + 1} is not the name of a variable")
        return value


def _host_and_port(text: str) -> str:
    found = re.fullmatch(
        r"(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)\.?)(?::([0-9]{1,5}))?",
        text,
    )
    port = 443 if found is None or found[3] is None else int(found[3])
    if found is None or not 0 < port < 65536 or len(text) > 253:
        raise ValueError(
            f"{text!r} is no host; expected a name or address as `host` or `host:port`, "
            "without a scheme, a path or wildcards"
        )
    host = found[2] or f"[{IPv6Address(found[1])}]"
    return f"{host.lower()}:{port}"


class CustomPart(Part):
    kind: Literal["custom"] = "custom"
    path: str
    """Dotted path `package.module:Class` of a class that fits the stage's Protocol."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Keyword arguments of the class."""
    environment: tuple[str, ...] = ()
    """Names of the environment variables that a teacher's class may see, such as its key's. The
    gateway process gets no others; parts that live in the command's own process see all."""


AgentConfig = Annotated[
    HeuristicAgent | ProgramAgent | ReplayAgent | OpenAIAgent | CommandAgent | CustomPart,
    Field(discriminator="kind"),
]


# ---------------------------------------------------------------- teachers


class SimulatedTeacher(Part):
    kind: Literal["simulated"] = "simulated"
    families: tuple[str, ...] = ()
    """Dotted paths of further skill families it knows beside the built-in ones."""
    wrong: float = Field(default=0.12, ge=0, le=1)
    """Share of answers that are wrong."""
    broken: float = Field(default=0.05, ge=0, le=1)
    """Share of responses in a broken format."""
    delay_seconds: float = Field(default=0.0, ge=0)
    """Artificial latency, for measuring the gateway."""


class OpenAITeacher(Endpoint):
    kind: Literal["openai"] = "openai"
    json_mode: Literal["check", "server"] = "check"
    """What happens when a program asks for JSON. `check`: the gateway looks whether the answer
    holds an object or list, and asks once more where it does not. `server`: besides, the
    server's own JSON mode is asked for, which most servers take as "an object, never a list"."""


TeacherConfig = Annotated[
    SimulatedTeacher | OpenAITeacher | CustomPart, Field(discriminator="kind")
]


# ---------------------------------------------------------------- students


class Recipe(Part):
    """How a student is fine-tuned. The defaults are those of the embedded student."""

    method: Literal["full", "lora"] = "full"
    learning_rate: float = Field(default=2e-3, gt=0)
    epochs: int = Field(default=3, ge=1)
    batch: int = Field(default=16, ge=1)
    """Rows per forward pass; times `accumulation` it is the rows of one optimiser step. Where it
    does not fit into memory, fewer rows are passed at a time, and that product stays."""
    accumulation: int = Field(default=1, ge=1)
    """Forward passes whose gradients are added up before a step."""
    warmup: float = Field(default=0.1, ge=0, lt=1)
    """Share of all steps."""
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    weight_decay: float = Field(default=0.0, ge=0)
    max_length: int = Field(default=192, ge=8)
    """Tokens of prompt and response together; longer rows are cut."""
    lora_rank: int = Field(default=8, ge=1)
    lora_alpha: int = Field(default=16, ge=1)
    lora_dropout: float = Field(default=0.0, ge=0, lt=1)
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    """Half precision is used on GPUs that have it; the record says what was used."""
    gradient_checkpointing: bool = False
    """Also switched on by itself when not even one row at a time fits into memory."""
    packing: bool = False
    """Lay rows end to end up to `max_length`, without padding; a step then sees more rows. Needs
    CUDA with flash-attention; elsewhere rows are padded, and the record says so."""


class StudyRecipe(Recipe):
    """The study's listing, setting by setting: LoRA on all linear layers, AdamW."""

    method: Literal["full", "lora"] = "lora"
    learning_rate: float = Field(default=1e-4, gt=0)
    epochs: int = Field(default=3, ge=1)
    batch: int = Field(default=1, ge=1)
    accumulation: int = Field(default=8, ge=1)
    warmup: float = Field(default=0.1, ge=0, lt=1)
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    weight_decay: float = Field(default=0.0, ge=0)
    max_length: int = Field(default=2048, ge=8)
    lora_rank: int = Field(default=8, ge=1)
    lora_alpha: int = Field(default=16, ge=1)
    lora_dropout: float = Field(default=0.0, ge=0, lt=1)
    dtype: Literal["float32", "bfloat16", "float16"] = "bfloat16"


class NanoStudent(Part):
    kind: Literal["nano"] = "nano"
    recipe: Recipe = Recipe()
    threads: int = Field(default=1, ge=1, le=64)
    """Threads of one worker. One is the default on purpose: two threads beside any other busy
    process lose far more than the second one gains."""
    answer_batch: int = Field(default=64, ge=1)
    """Prompts answered at once."""


class StudentServer(Part):
    """A server that answers in the place of the student's worker: vLLM, or `transformers serve`.

    It is asked for completions of whole prompts, which the worker has rendered as for training.
    """

    base_url: ServerUrl = "http://127.0.0.1:8000/v1"
    loads: Literal["adapter", "folder"] = "adapter"
    """How it takes a student in: `adapter` at run time, as vLLM does (LoRA alone), or `folder`, as
    `transformers serve` does, which knows a model by its folder. It sees this machine's files."""
    model: str | None = None
    """Its name for the base model, with `adapter`; None is the student's own `model`."""
    key: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """Name of the environment variable that holds the key, if it wants one."""
    concurrency: int = Field(default=128, ge=1, le=1024)
    """Prompts under way at once; the study's servers took as many."""
    seconds: float = Field(default=900.0, gt=0)
    """Deadline of one answer, all its tries and pauses included."""
    attempts: int = Field(default=8, ge=1)
    """Times one prompt is sent."""


class HuggingFaceStudent(Part):
    kind: Literal["hf"] = "hf"
    model: str
    """A causal language model: a local folder, or an id of the Hugging Face hub (`ORG/NAME`)."""
    revision: str | None = None
    """Commit, tag or branch on the hub; a run writes down the commit it found."""
    token: str | None = "HF_TOKEN"
    """Name of the environment variable that holds a hub token, for gated and private models."""
    template_options: dict[str, Any] = Field(default_factory=dict)
    """Switches of the model's own chat template, such as `enable_thinking: false`."""
    recipe: StudyRecipe = StudyRecipe()
    threads: int = Field(default=1, ge=1, le=64)
    gpu: int = Field(default=0, ge=0)
    """Which of the visible GPUs; without a GPU it trains on the CPU."""
    answer_batch: int = Field(default=16, ge=1)
    """Prompts answered at once; halved where memory is short."""
    server: StudentServer | None = None
    """Who answers instead of the worker."""

    @model_validator(mode="after")
    def _adapters_come_from_lora(self) -> HuggingFaceStudent:
        if self.server and self.server.loads == "adapter" and self.recipe.method == "full":
            raise ValueError(
                "a server that loads adapters has none to load under full fine-tuning: set "
                "server.loads to folder, or leave the answers to the worker"
            )
        return self

    @field_validator("recipe", mode="before")
    @classmethod
    def _from_any_recipe(cls, value: Any) -> Any:
        return value.model_dump() if isinstance(value, Recipe) else value


StudentConfig = Annotated[
    NanoStudent | HuggingFaceStudent | CustomPart, Field(discriminator="kind")
]


# ---------------------------------------------------------------- search, sandbox, budgets


class GreedySearch(Part):
    kind: Literal["greedy"] = "greedy"
    mend_limit: int = Field(default=3, ge=1)
    """Failed Debugs or Repairs in a row after which the next round drafts anew."""


SearchConfig = Annotated[GreedySearch | CustomPart, Field(discriminator="kind")]


class SandboxConfig(Part):
    level: Literal["auto", "L3", "L2", "L1", "L0"] = "auto"
    """`auto` takes the strongest level whose escape probe passes."""
    memory_bytes: int = Field(default=2 * 1024**3, ge=64 * 1024**2)
    """Over the program's whole process tree."""
    cpu_seconds: int = Field(default=3600, ge=1)
    processes: int = Field(default=64, ge=1)
    file_bytes: int = Field(default=256 * 1024**2, ge=1024)
    """Bytes of all files in the work folder together."""
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


class RunConfig(Part):
    """Everything that decides a run."""

    task: str
    """A task folder or the name of a built-in task."""
    agent: AgentConfig = HeuristicAgent()
    teacher: TeacherConfig = SimulatedTeacher()
    student: StudentConfig = NanoStudent()
    search: SearchConfig = GreedySearch()
    scorer: CustomPart | None = None
    """Overrides the task's scorer."""
    sandbox: SandboxConfig = SandboxConfig()
    budget: Budget = Budget()
    mode: Mode = "iterative"
    setting: Setting = "scratch"
    protocol: Literal["guarded-basic", "paper"] = "guarded-basic"
    """`guarded` on the command line means the strongest guarded protocol there is."""
    seed: int = Field(default=0, ge=0, lt=2**31)
    servers: tuple[LocalServer, ...] = ()
    """Local servers that the run itself starts and stops, so that they share a GPU in turns."""
    retrainings: int = Field(default=3, ge=1, le=20)
    """Fresh training seeds of the last training; the first is the delivered student."""
    runs: Path = Path("runs")
    name: str | None = None
    allow_weak: bool = False
    """Accept isolation below L2; the result is then never called verified."""


# ---------------------------------------------------------------- reading

TAGGED = {"agent", "teacher", "student", "search"}
_AGENTS: TypeAdapter[Any] = TypeAdapter(AgentConfig)
_TEACHERS: TypeAdapter[Any] = TypeAdapter(TeacherConfig)
_STUDENTS: TypeAdapter[Any] = TypeAdapter(StudentConfig)


def split_reference(reference: str) -> tuple[str, str, str | None]:
    """Split `kind:model[@base_url]` at the first `:` and at the last `@http`."""
    kind, _, rest = reference.partition(":")
    at = rest.rfind("@http")
    return (kind, rest[:at], rest[at + 1 :]) if at >= 0 else (kind, rest, None)


def _is_dotted(reference: str) -> bool:
    module, _, name = reference.partition(":")
    return "." in module and name.isidentifier() and "/" not in module


def parse_agent(reference: str) -> Any:
    """Return the agent config for a short name (see `agents`) or a dotted path."""
    if _is_dotted(reference):
        return CustomPart(path=reference)
    kind, model, base_url = split_reference(reference)
    part: dict[str, Any] = {"kind": kind}
    if kind in ("program", "replay"):
        part["path"] = model
    elif kind == "command":
        # Whole, whatever stands in it: the line of a command is no model reference.
        part["command"] = reference.partition(":")[2]
    else:
        part |= _model_part(model, base_url)  # what takes none refuses it, instead of dropping it
    names = "heuristic, program:FILE, replay:FILE, openai:MODEL[@BASE_URL], command:LINE"
    return _part(_AGENTS, part, "--agent", reference, names)


def parse_teacher(reference: str) -> Any:
    """Return the teacher config for `simulated`, `openai:MODEL[@BASE_URL]` or a dotted path."""
    if _is_dotted(reference):
        return CustomPart(path=reference)
    kind, model, base_url = split_reference(reference)
    part = {"kind": kind, **_model_part(model, base_url)}
    return _part(_TEACHERS, part, "--teacher", reference, "simulated, openai:MODEL[@BASE_URL]")


def _model_part(model: str, base_url: str | None) -> dict[str, str]:
    given = {"model": model, "base_url": base_url}
    return {field: value for field, value in given.items() if value}


def parse_student(reference: str) -> Any:
    """Return the student config for `nano`, `hf:` before a folder or id, either alone, or a path.

    An id alone is recognised by its slash (`ORG/NAME`); a path is `package.module:Class`.
    """
    if reference != "nano" and Path(reference).is_dir():
        return HuggingFaceStudent(model=reference)
    if _is_dotted(reference):
        return CustomPart(path=reference)
    if "/" in reference and ":" not in reference:
        return HuggingFaceStudent(model=reference)
    kind, model, _ = split_reference(reference)
    part = {"kind": kind, "model": model} if model else {"kind": kind}
    return _part(_STUDENTS, part, "--student", reference, "nano, hf:ORG/NAME, hf:FOLDER")


def _part(adapter: TypeAdapter[Any], part: dict[str, Any], flag: str, text: str, names: str) -> Any:
    try:
        return adapter.validate_python(part)
    except ValidationError as error:
        raise ConfigError(
            f"cannot read {text!r}; expected one of: {names}, or package.module:Class", field=flag
        ) from error


def load_config(file: Path | None, overrides: dict[str, Any]) -> RunConfig:
    """Read a YAML file, lay `overrides` over it, and validate.

    Raises:
        ConfigError: the file cannot be read, or a field is wrong; names file and field.
    """
    data: dict[str, Any] = {}
    if file is not None:
        try:
            loaded = yaml.safe_load(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"cannot be read: {error.strerror}", file=file) from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            line = None if mark is None else mark.line + 1
            raise ConfigError("is not valid YAML in UTF-8", file=file, line=line) from error
        if not isinstance(loaded, dict):
            raise ConfigError("expected a mapping of settings", file=file)
        data = loaded
    data = merge(data, overrides)
    try:
        return RunConfig.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        # Below a tagged part pydantic names the tag too, which stands in no file.
        loc = [str(part) for part in first["loc"]]
        field = ".".join(loc[:1] + loc[2:] if loc[0] in TAGGED and len(loc) > 2 else loc)
        raise ConfigError(
            first["msg"][0].lower() + first["msg"][1:], file=file, field=field
        ) from error


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with the settings of `over` laid over it, section by section."""
    merged = dict(base)
    for key, value in over.items():
        known = merged.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            # A part of another kind replaces the whole part: its options mean nothing there.
            same_kind = value.get("kind", known.get("kind")) == known.get("kind")
            merged[key] = merge(known, value) if same_kind else value
        else:
            merged[key] = value
    return merged
