"""What the fuzzer of the intake feeds: reads one input, and looks for answers that contradict.

In a module of its own, so that it can be imported with instrumentation (see `intake_fuzz`), and by
the suite, which reads again what was found once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from coursewright.records import Collection, Message, Row, RowLimits
from coursewright.store import Artifacts
from coursewright.submission import Limits, SubmissionIntake, scan

LARGE, SMALL = scan.CHUNK, 64
LIMITS = Limits(
    file_bytes=3000,
    row_bytes=600,
    rows=30,
    depth=6,
    signs=1200,
    instruction_chars=200,
    input_chars=200,
    output_chars=200,
    number_chars=20,
)
UNREAD = {"row too long", "not UTF-8", "NUL", "not valid JSON"}
"""Reasons for which a row is refused before `json` has read it whole."""


class Store:
    """As much of an artifact store as the intake needs: one file in memory, and the last rows."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "submission"
        self.kept: list[bytes] = []
        self.digest = "rows"

    def path_of(self, digest: str) -> Path:
        """The one file."""
        return self._file

    def put(self, data: bytes) -> None:
        """Replace it."""
        self._file.write_bytes(data)

    @contextmanager
    def incoming(self) -> Iterator[Store]:
        """Take the rows that the intake keeps."""
        self.kept = []
        yield self

    def write(self, line: bytes) -> None:
        """One row."""
        self.kept.append(line)


class Target:
    """Has the intake read an input, and judges its answer."""

    def __init__(self, folder: Path) -> None:
        self._store = Store(folder)
        said = (Message(role="user", content="1+1"), Message(role="assistant", content="2"))
        talk = Row(messages=said)
        text = Row(instruction="Add.", input="1+1", output="2")
        self._intakes = [self._intake(text), self._intake(talk)]

    def _intake(self, sample: Row) -> SubmissionIntake:
        limits, store = RowLimits(minimum=1, maximum=20), cast(Artifacts, self._store)
        return SubmissionIntake(store, limits, (sample,), ("<s>",), LIMITS)

    def __call__(self, data: bytes) -> None:
        """Read one input.

        Raises:
            AssertionError: the answer contradicts itself, or `json`.
        """
        found, kept = self.answer(data)
        # A first piece of nothing but blanks is refused, whatever its size.
        if data[:SMALL].strip(b" \t\r\n"):
            assert (found, kept) == self.answer(data, SMALL), (
                "the size of a piece changes the answer"
            )
        _require_sense(found)
        if found.rows is not None:
            _require_agreement(data, found, kept)

    def answer(self, data: bytes, chunk: int = LARGE) -> tuple[Collection, list[bytes]]:
        """The intake's answer and the rows it keeps, read `chunk` bytes at a time."""
        self._store.put(data)
        self._store.kept = []
        intake = self._intakes[b"messages" in data]
        scan.CHUNK = chunk
        try:
            return intake.collect("any"), self._store.kept
        finally:
            scan.CHUNK = LARGE


def _require_sense(found: Collection) -> None:
    assert found.kept + sum(found.dropped.values()) <= found.read <= LIMITS.rows
    assert found.kept or found.error
    told = (*found.examples, *found.dropped, found.error or "")
    assert all(line.isprintable() and len(line) < 400 for line in told), told


def _require_agreement(data: bytes, found: Collection, kept: list[bytes]) -> None:
    """What was taken is what `json` reads there."""
    if UNREAD & set(found.dropped):
        return
    if data.lstrip(b" \t\r\n").startswith(b"["):
        objects = json.loads(data)
        assert isinstance(objects, list)
        assert len(objects) == found.read
    else:
        objects = [json.loads(line) for line in data.split(b"\n") if line.strip(b" \t\r\n")]
    for line in kept:
        row = json.loads(line)
        output = row["output"] if not row.get("messages") else row["messages"][-1]["content"]
        assert any(output in _texts(value) for value in objects if isinstance(value, dict)), row


def _texts(value: Any) -> list[Any]:
    messages = value.get("messages")
    if isinstance(messages, list) and messages and isinstance(messages[-1], dict):
        return [messages[-1].get("content") or ""]
    return [value.get("output")]
