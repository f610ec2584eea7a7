"""A database that nobody can change and no query can hang: SQLite, opened once, within bounds.

What a query may do is decided by the authorizer (read, call functions, recurse; nothing else),
`query_only` and the read-only file. How long is decided by SQLite's own count of machine steps,
which is the same on every machine; how large by its limits on text and by what is fetched. Its
sorting and temporary tables stay in memory, and the memory a query adds is watched as a last
resort.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from coursewright.errors import TaskError

_LONGEST_QUERY = 20_000
_LARGEST_SCRIPT = 64 * 2**20
_SCRIPT_STEPS = 10**9
"""Machine steps that building a database from its script may take."""
_SCRIPT_PAGES = 65_536
"""Pages of 4 KiB that it may fill: 256 MiB."""
_BETWEEN_CHECKS = 1000
"""Machine steps between two looks at the bounds."""
_MEMORY = 256 * 2**20
"""Bytes by which a query may make this process grow."""
_RESULT_BYTES = 16 * 2**20
_READS = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE))
_WITHHELD = frozenset(
    (
        *("load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"),
        *("random", "randomblob"),
        *("printf", "format"),
    )
)
"""Functions that reach out of the database, that answer anew each time, and that may take minutes
in a single step (`printf('%.*c', 1000000000, 'x')` counts to its end, whatever the limits)."""
_BUILDS = frozenset(
    (
        *_READS,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_CREATE_INDEX,
        sqlite3.SQLITE_CREATE_TABLE,
        sqlite3.SQLITE_CREATE_VIEW,
        sqlite3.SQLITE_DROP_TABLE,
        sqlite3.SQLITE_DROP_INDEX,
        sqlite3.SQLITE_DROP_VIEW,
        sqlite3.SQLITE_ALTER_TABLE,
        sqlite3.SQLITE_INSERT,
        sqlite3.SQLITE_UPDATE,
        sqlite3.SQLITE_DELETE,
        sqlite3.SQLITE_TRANSACTION,
        sqlite3.SQLITE_REINDEX,
    )
)
"""What the script of a database may do beside reading; a dump's `PRAGMA` lines are passed over."""


@dataclass(frozen=True)
class Bounds:
    steps: int
    rows: int
    text_bytes: int


class Database:
    """The file `name` of a folder: an SQLite file, or an SQL script that makes one in memory.

    Raises `TaskError` for a path that leaves the folder and for what is no such file, and
    `sqlite3.Error` where SQLite refuses the content.
    """

    def __init__(self, folder: Path, name: str, bounds: Bounds) -> None:
        self._bounds = bounds
        path = _inside(folder, name)
        with path.open("rb") as stream:
            binary = stream.read(16) == b"SQLite format 3\0"
        if binary:
            uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
            self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        else:
            self._connection = sqlite3.connect(":memory:", check_same_thread=False)
            self._build(path)
        self._protect()
        self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def rows(self, query: str) -> list[tuple[Any, ...]] | None:
        """The rows of one query; None where it fails or passes a bound."""
        if not query or len(query) > _LONGEST_QUERY or "\0" in query:
            return None
        found: list[tuple[Any, ...]] = []
        size = 0
        self._limit(self._bounds.steps)
        try:
            for row in self._connection.execute(query):
                size += sum(len(value) if isinstance(value, (str, bytes)) else 8 for value in row)
                if len(found) >= self._bounds.rows or size > _RESULT_BYTES:
                    return None
                found.append(row)
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError, MemoryError):
            return None
        finally:
            self._connection.set_progress_handler(None, 0)
        return found

    def _build(self, path: Path) -> None:
        if path.stat().st_size > _LARGEST_SCRIPT:
            raise TaskError(f"is larger than {_LARGEST_SCRIPT:,} bytes", file=path)
        try:
            script = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            raise TaskError("is neither an SQLite file nor an SQL script", file=path) from None
        self._connection.execute(f"PRAGMA max_page_count = {_SCRIPT_PAGES}")
        self._connection.set_authorizer(_while_building)
        self._limit(_SCRIPT_STEPS)
        try:
            self._connection.executescript(script)
            self._connection.commit()
        except ValueError as error:  # a NUL
            raise TaskError(f"is no SQL script: {error}", file=path) from None
        finally:
            self._connection.set_progress_handler(None, 0)

    def _protect(self) -> None:
        self._connection.set_authorizer(None)
        for pragma in ("query_only = ON", "trusted_schema = OFF", "temp_store = MEMORY"):
            self._connection.execute(f"PRAGMA {pragma}")
        for limit, most in (
            (sqlite3.SQLITE_LIMIT_LENGTH, self._bounds.text_bytes),
            (sqlite3.SQLITE_LIMIT_SQL_LENGTH, _LONGEST_QUERY * 4),
            (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000),
            (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 100),
            (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 100),
            (sqlite3.SQLITE_LIMIT_COLUMN, 500),
            (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
            (sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0),
        ):
            self._connection.setlimit(limit, most)
        self._connection.set_authorizer(_while_asking)

    def _limit(self, steps: int) -> None:
        """Stop what runs next after so many machine steps."""
        left = max(1, steps // _BETWEEN_CHECKS)
        process = psutil.Process()
        most = process.memory_info().rss + _MEMORY

        def stop() -> bool:
            nonlocal left
            left -= 1
            return left < 0 or (left % 16 == 0 and process.memory_info().rss > most)

        self._connection.set_progress_handler(stop, _BETWEEN_CHECKS)


def _while_asking(
    action: int, first: str | None, second: str | None, schema: str | None, inner: str | None
) -> int:
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_DENY if second in _WITHHELD else sqlite3.SQLITE_OK
    return sqlite3.SQLITE_OK if action in _READS else sqlite3.SQLITE_DENY


def _while_building(
    action: int, first: str | None, second: str | None, schema: str | None, inner: str | None
) -> int:
    if action == sqlite3.SQLITE_PRAGMA:
        return sqlite3.SQLITE_IGNORE
    if action == sqlite3.SQLITE_FUNCTION and second in _WITHHELD:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _BUILDS else sqlite3.SQLITE_DENY


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
        regular = path.is_file()
    except (OSError, ValueError, RuntimeError):
        inside, regular = True, False
    if not inside:
        raise TaskError("leads out of the task folder; copy the file into it", file=path)
    if not regular:
        raise TaskError("is missing, or not a regular file", file=path)
    return path
