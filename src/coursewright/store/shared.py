"""What several runs keep for one another, each under the digest of all it depends on.

Answers lie in one file, trained students in a folder beside it.

Nothing here is a record: a run that finds an answer copies it into its own ledger or journal, and
does as well without this folder. Any number of processes may read and write at once.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from pathlib import Path
from typing import Any, Self

from coursewright.errors import CoursewrightError
from coursewright.store.artifacts import Artifacts
from coursewright.store.durable import storage

FILE = "answers.sqlite"
STUDENTS = "students"
MAX_BYTES = 16 * 1024**3
"""A file that would outgrow this takes no more; what it holds is still found. So with students."""
MAX_STUDENT = 256 * 1024**2
"""Bytes of one student that is kept: a small one, or an adapter."""
_PATIENCE = 30.0


class SharedAnswers:
    """The answers in a folder, made if there is none.

    Raises:
        StorageError: the folder cannot be written.
        RunFolderError: its file is damaged.
    """

    def __init__(self, folder: Path) -> None:
        place = folder / FILE
        with storage(place, "choose another `shared` folder"):
            self.students = Artifacts(folder / STUDENTS)
            self.students.folder.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                place, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            self._prepare()

    def _prepare(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                # Two processes that make the file at once: SQLite does not wait by itself here.
                busy = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
                if not busy or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        # Losing the last answers in a power cut costs money, not truth.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID"
        )
        page = self._db.execute("PRAGMA page_size").fetchone()[0]
        self._db.execute(f"PRAGMA max_page_count = {MAX_BYTES // page}")

    def get(self, key: str) -> Any:
        """Return what is kept under a key, or None; trouble with the file is None too."""
        with contextlib.suppress(sqlite3.Error, ValueError):
            row = self._db.execute("SELECT value FROM answers WHERE key = ?", (key,)).fetchone()
            return None if row is None else json.loads(row[0])
        return None

    def put(self, key: str, value: Any) -> None:
        """Keep a value that JSON can hold, unless there is one; trouble is passed over."""
        with contextlib.suppress(sqlite3.Error):
            self._db.execute(
                "INSERT OR IGNORE INTO answers VALUES (?, ?)", (key, json.dumps(value))
            )

    def keep_student(self, weights: str, source: Artifacts) -> bool:
        """Keep a run's checkpoint, unless it is too large; trouble is passed over.

        Returns whether it is here.
        """
        with contextlib.suppress(OSError, CoursewrightError):
            files = source.members(weights).values()
            size = sum(source.path_of(file).stat().st_size for file in files)
            kept = sum(file.stat().st_size for file in self.students.folder.iterdir())
            if size <= MAX_STUDENT and kept + size <= MAX_BYTES:
                self.students.adopt_folder(weights, source)
                return True
        return False

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
