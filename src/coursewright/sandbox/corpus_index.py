"""Writes the index of a task's documents that programs search: one SQLite file.

`coursewright_corpus` reads it, inside the sandbox. The table `passages` holds the texts in the
order of the documents; `found` is an FTS5 index of their words without a copy of the texts.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from coursewright.records import Passage
from coursewright.sandbox.coursewright_corpus import INDEX, searchable

__all__ = ["INDEX", "write_index"]

_TABLES = """
CREATE TABLE passages (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document TEXT NOT NULL,
    line INTEGER NOT NULL, text TEXT NOT NULL
);
CREATE VIRTUAL TABLE found USING fts5 (
    words, content = '', tokenize = 'porter unicode61 remove_diacritics 2'
);
"""


def write_index(passages: Iterable[Passage], path: Path) -> None:
    """Write the index of these passages to a new file.

    Raises:
        sqlite3.Error: the file cannot be written (`store.storage` says so in one line).
    """
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as base:
        # Thrown away if it is not finished, and kept as an artifact when it is.
        base.execute("PRAGMA journal_mode = OFF")
        base.execute("PRAGMA synchronous = OFF")
        base.executescript(_TABLES)
        base.execute("BEGIN")
        for number, one in enumerate(passages, 1):
            row = (number, one.id, one.document, one.line, one.text)
            base.execute("INSERT INTO passages VALUES (?, ?, ?, ?, ?)", row)
            base.execute(
                "INSERT INTO found (rowid, words) VALUES (?, ?)", (number, searchable(one.text))
            )
        base.execute("INSERT INTO found (found) VALUES ('optimize')")
        base.execute("COMMIT")
