"""How often this machine has opened a private split: the one thing a run cannot know of itself.

An exam that has been opened thirty times by thirty runs, each time kept from its agent, is still
known to whoever reads the thirty results and decides what to try next.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

FILE = "openings.sqlite"
_PATIENCE = 10.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS openings (
    split TEXT NOT NULL, run TEXT NOT NULL, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (split, run)
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS never_forgotten BEFORE DELETE ON openings
BEGIN SELECT RAISE(ABORT, 'openings are never forgotten'); END;
CREATE TRIGGER IF NOT EXISTS never_rewritten BEFORE UPDATE ON openings
BEGIN SELECT RAISE(ABORT, 'openings are never rewritten'); END;
"""


class PrivateOpenings:
    """Fits `protocols.Openings`: one run and one private split, by the digest of its file."""

    def __init__(self, folder: Path, *, split: str, run: str) -> None:
        """`run` must differ between any two runs, and stay the same when one is resumed."""
        self._file = folder / FILE
        self._split = split
        self._run = run

    def count(self) -> int | None:
        """Note that this run opens the split (once, however often it is asked); None if unknown.

        Neither a folder that cannot be written nor a damaged file stops a run.
        """
        with contextlib.suppress(OSError, sqlite3.Error):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(self._file, timeout=_PATIENCE, isolation_level=None)
            with contextlib.closing(database):
                # One lock for making the tables, writing and counting: two runs that open at
                # once get two numbers.
                database.executescript(f"BEGIN IMMEDIATE; {_SCHEMA}")
                database.execute(
                    "INSERT OR IGNORE INTO openings (split, run) VALUES (?, ?)",
                    (self._split, self._run),
                )
                found = database.execute(
                    "SELECT count(*) FROM openings WHERE split = ?", (self._split,)
                ).fetchone()
                database.execute("COMMIT")
                return int(found[0])
        return None
