"""The call ledger as a file: its tables, how older ones are read, and how it is opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from coursewright.errors import RunFolderError

VERSION = 3
MAX_BYTES = 64 * 1024**3
"""Of the whole file: a ledger that would outgrow this stops the calls, not the machine."""

_SCHEMA = """
CREATE TABLE requests (
  digest TEXT PRIMARY KEY,
  text TEXT NOT NULL
);
CREATE TABLE calls (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  request TEXT NOT NULL REFERENCES requests(digest),
  occurrence INTEGER NOT NULL,
  round INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('reserved', 'settled', 'failed', 'unknown')),
  tokens INTEGER NOT NULL,            -- charged: the upper bound until settled
  prompt_tokens INTEGER NOT NULL DEFAULT 0,
  completion_tokens INTEGER NOT NULL DEFAULT 0,
  response TEXT,
  finish TEXT,
  reason TEXT,
  cost INTEGER,                       -- nanodollars charged, as `tokens`; NULL: price unknown
  estimated INTEGER NOT NULL DEFAULT 0,
  shared INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX answers ON calls(key) WHERE state = 'settled';
CREATE INDEX calls_of_round ON calls(round, state);
CREATE TABLE hits (
  round INTEGER NOT NULL,
  key TEXT NOT NULL,
  times INTEGER NOT NULL,
  PRIMARY KEY (round, key)
) WITHOUT ROWID;
"""

_FROM_VERSION_2 = "ALTER TABLE calls ADD COLUMN shared INTEGER NOT NULL DEFAULT 0;"
_FROM_VERSION_1 = f"""
ALTER TABLE calls ADD COLUMN cost INTEGER;
ALTER TABLE calls ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0;
{_FROM_VERSION_2}
"""
_UPGRADES = {0: _SCHEMA, 1: _FROM_VERSION_1, 2: _FROM_VERSION_2}
_LACKING = {1: "NULL AS cost, 0 AS estimated, 0 AS shared", 2: "0 AS shared"}
"""Columns that an older ledger lacks, as a reader sees them."""


def open_to_write(path: Path, max_bytes: int) -> sqlite3.Connection:
    """Open or begin a ledger; one of an older version gets the columns that it lacks.

    Raises:
        RunFolderError: the file is no ledger, or one of another version.
    """
    database, version = _connect(path, "mode=rwc")
    upgrade = _UPGRADES.get(version)
    if upgrade is not None:
        database.executescript(f"BEGIN; {upgrade} PRAGMA user_version = {VERSION}; COMMIT;")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    page = database.execute("PRAGMA page_size").fetchone()[0]
    database.execute(f"PRAGMA max_page_count = {max(64, max_bytes // page)}")
    return database


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open an existing ledger, of this version or as if it were.

    Raises:
        RunFolderError: there is no ledger of a version that can be read.
    """
    # WAL makes files beside the database and a reader would leave them there, or be refused
    # by a folder that cannot be written. Without a WAL the file alone is the whole truth.
    whole = path.is_file() and not path.with_name(path.name + "-wal").exists()
    database, version = _connect(path, f"mode=ro{'&immutable=1' if whole else ''}")
    if version == 0:
        raise RunFolderError("is not a call ledger", file=path)
    if lacking := _LACKING.get(version):
        database.execute(f"CREATE TEMP VIEW calls AS SELECT *, {lacking} FROM main.calls")
    return database


def _connect(path: Path, how: str) -> tuple[sqlite3.Connection, int]:
    """The database and its version."""
    try:
        # Used from one thread at a time, but not always the one that opened it.
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?{how}",
            uri=True,
            timeout=30,
            isolation_level=None,
            check_same_thread=False,
        )
        version = int(database.execute("PRAGMA user_version").fetchone()[0])
        tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.Error as error:
        raise RunFolderError(f"cannot be opened as a call ledger: {error}", file=path) from error
    if version not in range(VERSION + 1) or (version == 0 and tables):
        raise RunFolderError(
            f"is a ledger of version {version}, this program reads version {VERSION}", file=path
        )
    return database, version
