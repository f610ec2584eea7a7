"""Rows of the final data set that wait for a person, and what people said of them.

    reviews.sqlite   queue         which rows, in the order they were drawn in; only ever longer
                     judgements    one line each; the last one on a row counts

Each judgement is on the disk when the call that made it returns, so that a sitting goes on where
it was left, however it ended.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from coursewright.errors import RunFolderError
from coursewright.store.durable import storage

FORMAT = 1

Judgement = Literal["good", "bad", "unsure"]

_SCHEMA = """
CREATE TABLE queue (position INTEGER PRIMARY KEY, row INTEGER NOT NULL UNIQUE);
CREATE TABLE judgements (
    id INTEGER PRIMARY KEY, row INTEGER NOT NULL, judgement TEXT, reason TEXT NOT NULL,
    reviewer TEXT NOT NULL, at TEXT NOT NULL
);
CREATE TABLE facts (dataset TEXT NOT NULL, seed TEXT NOT NULL);
"""


class Reviews:
    """The open file of a run's reviews; use as a context manager."""

    def __init__(self, path: Path, dataset: str, seed: str) -> None:
        """Open the reviews of the data set with this digest; a new file keeps `seed` for its draw.

        Raises:
            RunFolderError: the file is about another data set, of another format, or damaged.
            StorageError: it cannot be written.
        """
        self.path = path
        with storage(path):
            self._database = sqlite3.connect(path, timeout=10, isolation_level=None)
            try:
                self.seed = self._begin(dataset, seed)
            except BaseException:
                self._database.close()
                raise

    def _begin(self, dataset: str, seed: str) -> str:
        with self._transaction() as write:
            found = write.execute("PRAGMA user_version").fetchone()[0]
            if found not in (0, FORMAT):
                raise RunFolderError(
                    f"is of format {found}, this version of coursewright reads format {FORMAT}",
                    file=self.path,
                )
            if found == 0:
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    write.execute(statement)
                write.execute("INSERT INTO facts VALUES (?, ?)", (dataset, seed))
                write.execute(f"PRAGMA user_version = {FORMAT}")
            about, drawn_by = write.execute("SELECT dataset, seed FROM facts").fetchone()
        if about != dataset:
            raise RunFolderError("holds the review of another data set", file=self.path)
        return str(drawn_by)

    def __enter__(self) -> Reviews:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def queue(self) -> list[int]:
        """Return the rows to judge, numbered from 1, in the order of the draw."""
        with storage(self.path):
            found = self._database.execute("SELECT row FROM queue ORDER BY position")
            return [row for (row,) in found]

    def append(self, rows: Sequence[int]) -> None:
        """Put further rows at the end of the queue."""
        with storage(self.path), self._transaction() as write:
            write.executemany("INSERT INTO queue (row) VALUES (?)", [(row,) for row in rows])

    def judgements(self) -> dict[int, Judgement]:
        """Return what counts for each row that has been judged."""
        with storage(self.path):
            found = self._database.execute("SELECT row, judgement FROM judgements ORDER BY id")
            last = dict(tuple(row) for row in found)
        return {row: said for row, said in last.items() if said is not None}

    def judge(self, row: int, judgement: Judgement | None, reason: str, reviewer: str) -> None:
        """Write down a judgement; None takes the last one back."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with storage(self.path), self._transaction() as write:
            write.execute(
                "INSERT INTO judgements (row, judgement, reason, reviewer, at) "
                "VALUES (?, ?, ?, ?, ?)",
                (row, judgement, reason, reviewer, now),
            )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield self._database
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise
