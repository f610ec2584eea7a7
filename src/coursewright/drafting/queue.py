"""The drafting folder of a task: what waits for a person, and what people decided.

    draft/draft.json        settings, digests, what was dropped and why
    draft/queue.jsonl       drafted items, written as a whole
    draft/decisions.jsonl   one line per decision, flushed to the disk before the next is asked for
    draft/documents/        the documents, as they were read
    draft/calls.sqlite      the ledger of the teacher's calls: asked again, nothing is paid again

The last decision on an item counts. A line that a kill cut off in the middle is no decision.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import Field, ValidationError

from coursewright.errors import RunHeld, TaskError
from coursewright.records import Record
from coursewright.store import storage, sync_folder, write_file

FOLDER = "draft"
SPLIT = Literal["visible", "scored", "private"]
R = TypeVar("R", bound=Record)


class Drafted(Record):
    """An item that waits for a person."""

    id: str
    split: SPLIT
    document: str
    """The unit of splitting: a file, or a line of a JSONL file."""
    passage: str
    """Id of the passage it was drafted from."""
    text: str
    """Of the passage."""
    question: str
    answer: Any
    topic: str | None = None
    votes: tuple[str, ...] = ()
    """What the teacher answered with the passage before it."""
    blind: tuple[str, ...] = ()
    """And without."""


class Decision(Record):
    """What a person made of an item; `reopened` takes the last decision back."""

    item: str
    decision: Literal["accepted", "edited", "rejected", "reopened"]
    question: str | None = None
    answer: Any = None
    topic: str | None = None
    reason: str = ""
    by: str = ""
    at: str = ""


class DraftNote(Record):
    """How a queue came about: what the manifest of the task will say."""

    settings: dict[str, Any]
    form: dict[str, Any]
    """Instruction, answer format, scorer, topics, and whether passages stand above questions."""
    examples: tuple[dict[str, Any], ...]
    digests: dict[str, str]
    """SHA-256 of the examples' file and of every document."""
    corpus: tuple[str, ...]
    """Documents that programs may search."""
    asked: int
    """Questions that the teacher proposed."""
    dropped: dict[str, int]
    wanted: dict[str, int]
    """Items per split that were hoped for."""
    usage: dict[str, Any] = Field(default_factory=dict)


class DraftFolder:
    """The drafting folder, held by this process (see the module)."""

    def __init__(self, task: Path) -> None:
        self.task = task
        self.path = task / FOLDER
        self._lock = -1

    @property
    def documents(self) -> Path:
        return self.path / "documents"

    @property
    def ledger(self) -> Path:
        return self.path / "calls.sqlite"

    def __enter__(self) -> Self:
        with storage(self.path, otherwise="choose another folder"):
            self._lock = os.open(self.path / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            message = f"{self.path}: another process drafts or reviews here"
            raise RunHeld(message) from error
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._lock)

    # ------------------------------------------------------------ the queue

    def write(self, note: DraftNote, queue: Sequence[Drafted]) -> None:
        """Replace the queue, each file whole or not at all; decisions stay."""
        lines = "".join(item.model_dump_json() + "\n" for item in queue)
        write_file(self.path / "draft.json", note.model_dump_json(indent=1) + "\n")
        write_file(self.path / "queue.jsonl", lines)

    def note(self) -> DraftNote:
        """Raises `TaskError` where nothing was drafted."""
        path = self.path / "draft.json"
        return _parsed(DraftNote, _content(path), path, None)

    def queue(self) -> tuple[Drafted, ...]:
        """Raises `TaskError` where nothing was drafted, or a line cannot be read."""
        path = self.path / "queue.jsonl"
        lines = _content(path).splitlines()
        return tuple(_parsed(Drafted, line, path, at) for at, line in enumerate(lines, 1))

    # ------------------------------------------------------------ decisions

    def decisions(self) -> dict[str, Decision]:
        """The decision that counts for each item that has one."""
        path = self.path / "decisions.jsonl"
        if not path.exists():
            return {}
        whole = _content(path)
        last: dict[str, Decision] = {}
        # What stands behind the last line break was being written when somebody was killed.
        for at, line in enumerate(whole[: whole.rfind(b"\n") + 1].splitlines(), 1):
            decision = _parsed(Decision, line, path, at)
            last[decision.item] = decision
        return {name: one for name, one in last.items() if one.decision != "reopened"}

    @contextlib.contextmanager
    def deciding(self) -> Iterator[Decisions]:
        """Append decisions; each is on the disk when `add` returns."""
        path = self.path / "decisions.jsonl"
        with storage(path, otherwise="free the folder for writing"):
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                _cut_torn_line(file)
                sync_folder(self.path)
                yield Decisions(file)
            finally:
                os.close(file)


class Decisions:
    """The open journal of decisions."""

    def __init__(self, file: int) -> None:
        self._file = file

    def add(self, decision: Decision) -> None:
        """Append a decision, with the time, and wait until it is on the disk."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        line = decision.model_copy(update={"at": now}).model_dump_json(exclude_defaults=True)
        data = line.encode() + b"\n"
        while data:
            data = data[os.write(self._file, data) :]
        os.fsync(self._file)


def _cut_torn_line(file: int) -> None:
    size = os.lseek(file, 0, os.SEEK_END)
    end = size
    while end:
        start = max(0, end - 65536)
        at = os.pread(file, end - start, start).rfind(b"\n")
        end = start + at + 1 if at >= 0 else start
        if at >= 0:
            break
    if end < size:
        os.ftruncate(file, end)
    os.lseek(file, end, os.SEEK_SET)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        message = "is missing; `coursewright task draft` makes it"
        raise TaskError(message, file=path) from None
    except OSError as error:
        raise TaskError(f"cannot be read: {error.strerror}", file=path) from error


def _parsed(record: type[R], line: bytes, path: Path, at: int | None) -> R:
    try:
        return record.model_validate_json(line)
    except ValidationError as error:
        message = "is damaged; restore it, or draft again"
        raise TaskError(message, file=path, line=at) from error
