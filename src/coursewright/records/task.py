"""The exam: items, seeds, the shape of a row, and a loaded task folder."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from coursewright.records.base import Record


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
