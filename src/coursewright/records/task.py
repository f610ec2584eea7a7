"""The exam: items, seeds, the shape of a row, and a loaded task folder."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    model_serializer,
    model_validator,
)

from coursewright.records.base import ProbeName, Record
from coursewright.records.messages import Message, Preamble, question_of

RowForm = Literal["instruction", "messages"]

_TURNS: TypeAdapter[tuple[Message, ...]] = TypeAdapter(tuple[Message, ...])


def _is_empty(turns: tuple[Message, ...]) -> bool:
    return not turns


def _with_question(values: Any) -> Any:
    """Fill `question` and `context` of an item or seed that is given as a conversation."""
    if not isinstance(values, dict) or not values.get("messages"):
        return values
    messages = _TURNS.validate_python(values["messages"])
    question, context = question_of(messages)
    return {**values, "messages": messages, "question": question, "context": context}


class Item(Record):
    """One exam question with its gold answer."""

    id: str
    question: str
    """Of a conversation the last turn, whose answer is the student's; `context` is what was said
    before."""
    context: str | None = None
    messages: tuple[Message, ...] = Field(default=(), exclude_if=_is_empty)
    answer: Any
    group: str | None = None
    """Context, template or source problem: the cluster of the statistics. Default: the item."""
    topic: str | None = None
    meta: dict[str, Any] = Field(default_factory=dict)

    _said = model_validator(mode="before")(_with_question)


class Seed(Record):
    """A raw question without an answer, given to programs in the `seed` setting."""

    id: str
    question: str
    context: str | None = None
    messages: tuple[Message, ...] = Field(default=(), exclude_if=_is_empty)
    topic: str | None = None
    meta: dict[str, Any] = Field(default_factory=dict)

    _said = model_validator(mode="before")(_with_question)


class Row(Record):
    """One training example: instruction, input and output, or else a conversation.

    Of a conversation the last turn, which is the assistant's, is trained on; what comes before
    it is what the student is asked.
    """

    instruction: str = ""
    input: str = ""
    output: str = ""
    messages: tuple[Message, ...] = Field(default=(), exclude_if=_is_empty)

    @model_validator(mode="after")
    def _is_of_one_form(self) -> Self:
        if self.messages:
            if self.instruction or self.input or self.output:
                raise ValueError("a row is a conversation or has instruction, input and output")
            if self.messages[-1].role != "assistant":
                raise ValueError("a conversation must end with the assistant's turn")
        elif not {"instruction", "output"} <= self.model_fields_set:
            raise ValueError("a row has instruction and output, or messages")
        return self

    @model_serializer(mode="wrap")
    def _in_its_form(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields: dict[str, Any] = handler(self)
        other = ("instruction", "input", "output") if self.messages else ()
        return {name: value for name, value in fields.items() if name not in other}

    @property
    def form(self) -> RowForm:
        """Which of the two it is."""
        return "messages" if self.messages else "instruction"

    @property
    def answer(self) -> str:
        """What is trained on, as text."""
        return self.messages[-1].text if self.messages else self.output

    @property
    def asked(self) -> tuple[str, str | None]:
        """The question, and the context that it is about, if there is one apart from it."""
        return question_of(self.messages[:-1]) if self.messages else (self.input, None)


class Generation(Record):
    """How the student answers: greedy, up to `max_new_tokens`."""

    max_new_tokens: int = Field(default=32, ge=1, le=8192)


class RowLimits(Record):
    """Fewer than `minimum` usable rows is an invalid submission; the first `maximum` are used."""

    minimum: int = Field(default=300, ge=1)
    maximum: int = Field(default=2000, ge=1)


class Floor(Record):
    """What is below `flagged` is called flagged; an attempt below `refused` is not trained on."""

    flagged: float = Field(ge=0, allow_inf_nan=False)
    refused: float = Field(ge=0, allow_inf_nan=False)


class Ceiling(Record):
    """What is above `flagged` is called flagged; an attempt above `refused` is not trained on."""

    flagged: float = Field(ge=0, le=1, allow_inf_nan=False)
    refused: float = Field(ge=0, le=1, allow_inf_nan=False)


class DiversityLimits(Record):
    """How varied the rows of a submission must be."""

    topics: Floor = Floor(flagged=0.92, refused=0.3)
    """Effective number of topics, as a share of the visible items' own."""
    spread: Floor = Floor(flagged=0.55, refused=0.12)
    """Vendi score of the questions, as a share of the visible items' at the same number."""
    wordings: Ceiling = Ceiling(flagged=0.4, refused=0.9)
    """Share of rows that the five commonest wordings cover; of the commonest, to be refused."""
    repeats: Ceiling = Ceiling(flagged=0.25, refused=0.6)
    """Share of rows that repeat an earlier one."""
    fall: float = Field(default=0.75, ge=0, le=1, allow_inf_nan=False)
    """Flagged where topics or spread are below this share of an earlier round's."""


class Passage(Record):
    """A piece of a document of the task's corpus, as programs search and cite it."""

    id: str
    """The place it begins at, as `file:line`; the second of one line ends in `.2`."""
    document: str
    """Path of its file below the corpus."""
    line: int
    text: str


class CorpusSummary(Record):
    """What agents are told of a task's documents, which programs can search."""

    documents: int
    passages: int
    characters: int
    excerpts: tuple[Passage, ...] = ()
    """Beginnings of a few passages, spread over the documents."""


class ProbePart(Record):
    """One file of a probe, and how its items are put and scored."""

    file: str = Field(pattern=r"^probes/[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.jsonl$")
    instruction: str | None = Field(default=None, max_length=8000)
    """None: the task's."""
    scorer: dict[str, Any] | None = None
    """None: the task's."""


class Task(Record):
    """A loaded task folder, without the splits that only the hold-out reader opens."""

    name: str
    summary: str
    instruction: str
    """Stands before every question; empty where rows are conversations."""
    preamble: Preamble = Preamble()
    answer_format: str
    description: str
    sample: tuple[Row, ...]
    visible: tuple[Item, ...]
    seeds: tuple[Seed, ...] = ()
    scorer: dict[str, Any]
    generation: Generation = Generation()
    rows: RowLimits = RowLimits()
    diversity: DiversityLimits = DiversityLimits()
    baselines: tuple[str, ...] = ()
    probes: dict[ProbeName, tuple[ProbePart, ...]] = Field(default_factory=dict)
    license: str | None = None
    """Of the task's texts, as task.yaml says it."""
    corpus: CorpusSummary | None = None
    """The documents that programs can search; None where the folder has none."""
    folder: str
    digests: dict[str, str]
    """SHA-256 of every file of the folder that takes part in a run, by file name."""


class Problem(Record):
    """One thing `task check` found, with its place."""

    file: str
    line: int | None = None
    field: str | None = None
    message: str


class SplitSize(Record):
    """How large a file of items is, and what it can show."""

    split: str
    items: int
    groups: int
    smallest_gain: float
    """In points: what a paired test sees in 4 of 5 cases, when half of all answers change."""
    line: str
    """The same in words, with advice."""
