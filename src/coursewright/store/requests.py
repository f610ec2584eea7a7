"""What people ask of a run, and what it waits for: one small file beside the journal.

People append requests, at any time and from any process; the supervisor alone writes what it
waits for. Nothing is ever changed or removed, so that a request survives any kill of either side,
and the file tells afterwards who wanted what when.

    requests = Requests(folder.requests_path)
    requests.add("note", "Shorter questions, please.")
    waiting = requests.waiting()                      # None: it waits for nobody
    requests.answer(waiting, approved=True)

Whether the run has heard it stands in its journal, not here.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from coursewright.errors import RunFolderError, UsageError
from coursewright.records import Waiting
from coursewright.store.clock import written_now
from coursewright.store.durable import storage

FORMAT = 1
LONGEST = 8000
"""Characters of a note or a reason: an agent pays for them in every round."""

_SCHEMA = """
CREATE TABLE requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, text TEXT NOT NULL,
    gate TEXT, round INTEGER, subject TEXT, at TEXT NOT NULL
);
CREATE TABLE waits (
    id INTEGER PRIMARY KEY AUTOINCREMENT, gate TEXT, round INTEGER, subject TEXT,
    look TEXT NOT NULL, at TEXT NOT NULL
);
"""

RequestKind = Literal["note", "approve", "reject", "stop"]


@dataclass(frozen=True)
class Request:
    """One thing that a person asked for."""

    id: int
    """Counts up from 1 over the whole run."""
    kind: RequestKind
    text: str
    gate: str | None
    round: int | None
    subject: str | None
    """What an answer is about; see `Waiting`."""
    at: str
    """ISO 8601, UTC."""


class Requests:
    """The file of requests at `path`, which need not be there yet."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, kind: RequestKind, text: str = "") -> int:
        """Append a request; its number. It is on the disk when this returns.

        Raises:
            UsageError: the text is empty where one is needed, too long, or holds control characters
                other than line breaks.
            StorageError: disk full or folder not writable.
        """
        return self._append(kind, proper(text, needed=kind == "note"), None)

    def answer(self, waiting: Waiting, *, approved: bool, reason: str = "") -> int:
        """Answer what the run waits for; the first answer counts."""
        kind: RequestKind = "approve" if approved else "reject"
        return self._append(kind, proper(reason, needed=not approved), waiting)

    def since(self, after: int = 0, *kinds: RequestKind) -> tuple[Request, ...]:
        """Return the requests after number `after`, oldest first; of all kinds if none is named."""
        with self._reading() as database:
            if database is None:
                return ()
            rows = database.execute(
                "SELECT id, kind, text, gate, round, subject, at FROM requests "
                "WHERE id > ? ORDER BY id",
                (after,),
            ).fetchall()
        found = (Request(*row) for row in rows)
        return tuple(one for one in found if not kinds or one.kind in kinds)

    def answer_to(self, waiting: Waiting) -> Request | None:
        """Return the first answer to exactly what the run waits for."""
        for request in self.since(0, "approve", "reject"):
            asked = (request.gate, request.round, request.subject)
            if asked == (waiting.gate, waiting.round, waiting.subject):
                return request
        return None

    # ------------------------------------------------------------ the supervisor's side

    def wait(self, waiting: Waiting | None) -> None:
        """Say what the run waits for from now on; None: it goes on. Only the supervisor may."""
        if _place(self.waiting()) == _place(waiting):
            return
        place = _place(waiting) or (None, None, None)
        look = "" if waiting is None else waiting.look
        with self._writing() as write:
            write.execute(
                "INSERT INTO waits (gate, round, subject, look, at) VALUES (?, ?, ?, ?, ?)",
                (*place, look, written_now()),
            )

    def waiting(self) -> Waiting | None:
        """Return what the run waits for, or waited for when it was interrupted."""
        with self._reading() as database:
            if database is None:
                return None
            row = database.execute(
                "SELECT gate, round, subject, look, at FROM waits ORDER BY id DESC LIMIT 1"
            ).fetchone()
        if row is None or row[0] is None:
            return None
        gate, number, subject, look, at = row
        return Waiting(gate=gate, round=number, subject=subject, look=look, since=at)

    # ------------------------------------------------------------ the file

    def _append(self, kind: RequestKind, text: str, about: Waiting | None) -> int:
        place = _place(about) or (None, None, None)
        with self._writing() as write:
            cursor = write.execute(
                "INSERT INTO requests (kind, text, gate, round, subject, at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (kind, text, *place, written_now()),
            )
            return int(cursor.lastrowid or 0)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        # No WAL: the one file is always the whole truth, also in a copy of the folder.
        with storage(self.path), _opened(str(self.path), uri=False) as database:
            database.execute("PRAGMA synchronous = FULL")
            database.execute("BEGIN IMMEDIATE")
            try:
                if self._format(database) == 0:
                    for statement in filter(str.strip, _SCHEMA.split(";")):
                        database.execute(statement)
                    database.execute(f"PRAGMA user_version = {FORMAT}")
                yield database
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        if not self.path.is_file():
            yield None
            return
        address = f"{self.path.resolve().as_uri()}?mode=ro"
        with storage(self.path), _opened(address, uri=True) as database:
            # An empty file is one that is being made.
            yield database if self._format(database) else None

    def _format(self, database: sqlite3.Connection) -> int:
        found: int = database.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, FORMAT):
            raise RunFolderError(
                f"is of format {found}, this version of coursewright reads format {FORMAT}",
                file=self.path,
            )
        return found


@contextlib.contextmanager
def _opened(address: str, *, uri: bool) -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(address, timeout=10, isolation_level=None, uri=uri)
    with contextlib.closing(database):
        yield database


def proper(text: str, *, needed: bool) -> str:
    """Return a person's text without blanks around it.

    Raises:
        UsageError: see `Requests.add`.
    """
    text = text.strip()
    if needed and not text:
        raise UsageError("the text is empty; say in a sentence what is wanted")
    if len(text) > LONGEST:
        raise UsageError(f"the text has {len(text)} characters; at most {LONGEST} are taken")
    odd = next((c for c in text if not c.isprintable() and c not in "\n\t"), None)
    if odd is not None:
        raise UsageError(f"the text holds the character {odd!a}; plain text is expected")
    return text


def _place(waiting: Waiting | None) -> tuple[str, int, str] | None:
    return None if waiting is None else (waiting.gate, waiting.round, waiting.subject)
