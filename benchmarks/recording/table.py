"""A table of recorded trainings: a text file, one JSON object a line.

The first line says what was recorded (`Header`), each further one is a training (`Recorded`), some
350 bytes. Lines are only ever added, so a table grows by its new lines alone in a repository, which
packs text better than anything packed already.

Results are bits, an item each in the order of the split's file, the first item in the highest bit
of the first byte, in base64. The scorers of the built-in tasks know right and wrong alone.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from benchmarks.recording.design import Counts, Kind
from coursewright.records.base import Record

Bits = NDArray[np.bool_]
Asked = Literal["visible", "scored"]
"""The splits that students sit; private stays shut."""
SPLITS: tuple[Asked, ...] = ("visible", "scored")


class TableError(ValueError):
    """A table that cannot be read, or gone on with; says the line and what to do."""


class Header(Record):
    """What was recorded."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    task: str
    student: str
    made_of: dict[str, str]
    """Digests of the task's files, the student and the pool, and the design's seed and sizes: with
    any other it is another table."""
    methods: tuple[str, ...]
    topics: tuple[str, ...]
    pool: tuple[tuple[int, ...], ...]
    """Rows of the pool, by method and topic."""
    items: dict[Asked, tuple[tuple[int, int], ...]]
    """Topic and group of every item, by number."""
    base: dict[Asked, str]
    """Results of the base student."""

    @property
    def count(self) -> int:
        """Items of both splits."""
        return sum(map(len, self.items.values()))


class Recorded(Record):
    """One training."""

    n: int = Field(ge=0)
    """Its number in the design."""
    kind: Kind
    draw: int
    seed: int
    rows: dict[int, tuple[int, ...]]
    """Number of a method -> its rows by topic."""
    visible: str
    scored: str
    seconds: float
    """Of training and answers."""


def pack(right: Sequence[bool] | Bits) -> str:
    """Return results as base64."""
    return base64.b64encode(np.packbits(np.asarray(right, dtype=bool)).tobytes()).decode("ascii")


def unpack(text: str, count: int) -> Bits:
    """Return `count` results.

    Raises:
        ValueError: there are more or fewer.
    """
    packed = np.frombuffer(base64.b64decode(text, validate=True), dtype=np.uint8)
    if len(packed) != (count + 7) // 8:
        raise ValueError(f"{len(packed)} bytes of results for {count} items")
    return np.unpackbits(packed)[:count].astype(bool)


@dataclass(frozen=True)
class Table:
    """A table in memory; arrays hold a row for each training."""

    header: Header
    trainings: tuple[Recorded, ...]

    @cached_property
    def counts(self) -> Counts:
        """Rows of each data set, (trainings, methods, topics)."""
        shape = (len(self.trainings), len(self.header.methods), len(self.header.topics))
        counts = np.zeros(shape, dtype=np.int64)
        for at, training in enumerate(self.trainings):
            for method, rows in training.rows.items():
                counts[at, method] = rows
        return counts

    @cached_property
    def results(self) -> Bits:
        """Right or wrong on the visible items, then the scored ones, (trainings, items)."""
        return np.array([self._both(t.visible, t.scored) for t in self.trainings])

    @cached_property
    def base(self) -> Bits:
        """The base student's results, (items,)."""
        return self._both(self.header.base["visible"], self.header.base["scored"])

    @cached_property
    def topic_of(self) -> NDArray[np.int64]:
        """Number of each item's topic, (items,)."""
        found = [topic for split in SPLITS for topic, _ in self.header.items[split]]
        return np.array(found, dtype=np.int64)

    @cached_property
    def is_scored(self) -> Bits:
        """Whether an item is scored, (items,)."""
        return np.arange(self.header.count) >= len(self.header.items["visible"])

    def part(self, chosen: Sequence[int] | NDArray[np.int64]) -> Table:
        """Return a table of these trainings alone, by place."""
        return Table(self.header, tuple(self.trainings[at] for at in chosen))

    def _both(self, visible: str, scored: str) -> Bits:
        parts = zip(SPLITS, (visible, scored), strict=True)
        return np.concatenate(
            [unpack(text, len(self.header.items[split])) for split, text in parts]
        )


def read(path: Path) -> Table:
    """Read a table.

    Raises:
        TableError: there is none, or a line is not of its form.
    """
    lines = _lines(path)
    number, line = next(lines, (0, ""))
    header = _parsed(Header, path, number, line)
    trainings = tuple(_parsed(Recorded, path, number, line) for number, line in lines)
    seen: set[int] = set()
    for number, training in enumerate(trainings, start=2):
        problem = _problem(header, training)
        if training.n in seen:
            problem = f"training {training.n} stands there twice"
        if problem:
            raise TableError(f"{path}:{number}: {problem}; leave the line out to go on")
        seen.add(training.n)
    return Table(header, trainings)


def line_of(record: Header | Recorded) -> str:
    """Return a record's line, its end included."""
    made = record.model_dump(mode="json", by_alias=True)
    return json.dumps(made, separators=(",", ":")) + "\n"


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: cannot be read: {error}") from error
    yield from enumerate(text.splitlines(), start=1)


def _parsed(kind: type[Any], path: Path, number: int, line: str) -> Any:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the line"
        raise TableError(
            f"{path}:{number}: {where}: {first['msg']}; a table is made by "
            "`python -m benchmarks.record_trainings`"
        ) from error


def _problem(header: Header, training: Recorded) -> str:
    """What does not fit the header, if anything."""
    for method, rows in training.rows.items():
        if not 0 <= method < len(header.methods):
            return f"there is no method {method}"
        if len(rows) != len(header.topics):
            return f"rows of {len(rows)} topics, there are {len(header.topics)}"
        if min(rows) < 0:
            return "fewer than no rows"
    try:
        unpack(training.visible, len(header.items["visible"]))
        unpack(training.scored, len(header.items["scored"]))
    except ValueError as error:
        return str(error)
    return ""
