"""Remembers finished stages and consumed time, in one SQLite file that survives any kill.

A stage's key is a hash of its kind, its inputs, the code version, and the run's context (the
resolved config). Its outcome is committed before anyone acts on it, so that a stage is either
found again or was never used. `inputs` stand beside the key in the clear, for readers and so
that another run can take over outcomes that its own config decides in the same way.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from pydantic import ValidationError

import coursewright
from coursewright.errors import RunFolderError, StageFailed
from coursewright.records import Record
from coursewright.store.canonical import canonical, digest_of
from coursewright.store.clock import StageClock, written_now
from coursewright.store.durable import storage

R = TypeVar("R", bound=Record)

FORMAT = 1
HEARTBEAT = 0.5
"""Seconds between two savings of the consumed time: a kill loses no more than this."""

_SCHEMA = """
CREATE TABLE stages (
    key TEXT PRIMARY KEY, kind TEXT NOT NULL, inputs TEXT NOT NULL, code TEXT NOT NULL,
    outcome TEXT NOT NULL, failed INTEGER NOT NULL, seconds REAL NOT NULL, at TEXT NOT NULL
);
CREATE TABLE spent (
    session INTEGER NOT NULL, kind TEXT NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (session, kind)
);
CREATE TABLE events (
    id INTEGER PRIMARY KEY, session INTEGER NOT NULL, at TEXT NOT NULL, elapsed REAL NOT NULL,
    line TEXT NOT NULL
);
"""

TOTAL = "total"
"""The kind under which the wall time of whole sessions is saved, less waiting for people."""
WAITING = "gate"
"""Stages that wait for people: their time is not the run's."""


class RunJournal:
    """The journal of a run (see `protocols.Journal`): one writer, held by the run's lock."""

    def __init__(
        self,
        path: Path,
        context: str,
        code: str | None = None,
        on_stage: Callable[[dict[str, Any]], None] = lambda stage: None,
    ) -> None:
        """Open or make the journal at `path`.

        `context` is the digest of all that decides every stage of the run. `code` is the
        version of the code; outcomes of another version are not replayed. `on_stage` is handed
        every new stage once it is recorded.

        Raises:
            RunFolderError: the file is of another format, or damaged.
            StorageError: it cannot be written.
        """
        self.path = path
        self._context = context
        self._code = coursewright.__version__ if code is None else code
        self._on_stage = on_stage
        self._lock = threading.RLock()
        self._making: dict[str, threading.RLock] = {}
        """By key, for every stage that was asked for."""
        self._clock = StageClock()
        with storage(path):
            self._database = connect(path)
            self._begin_session()
        self._closing = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="journal-heartbeat", daemon=True)
        self._heart.start()

    # ------------------------------------------------------------ stages

    def stage(
        self, kind: str, inputs: dict[str, Any], produce: Callable[[], R], record: type[R]
    ) -> R:
        """Return the recorded outcome of this stage, or produce and record it.

        A `StageFailed` is an outcome too: a replay raises it again, so that a resumed run takes
        the same way as an undisturbed one. Any other error leaves no trace.
        """
        text = canonical(inputs)
        key = self._key(kind, text)
        # Two threads that want the same: one makes it, the other finds it.
        with self._lock:
            making = self._making.setdefault(key, threading.RLock())
        with making:
            with self._lock, storage(self.path):
                found = self._database.execute(
                    "SELECT outcome, failed FROM stages WHERE key = ?", (key,)
                ).fetchone()
            if found is None:
                found = self._produce(key, kind, text, produce)
        outcome, failed = found
        if failed:
            raise StageFailed(**json.loads(outcome))
        # The fresh outcome is read back from its text too: what a stage returns the first
        # time is what a replay returns.
        try:
            return record.model_validate_json(outcome)
        except ValidationError as error:
            raise RunFolderError(f"holds a {kind} stage that cannot be read", file=self.path) from (
                error
            )

    def _produce(
        self, key: str, kind: str, inputs: str, produce: Callable[[], Record]
    ) -> tuple[str, bool]:
        failed = False
        with self._clock.stage(kind) as timed:
            try:
                outcome = dump(produce())
            except StageFailed as failure:
                failed = True
                outcome = canonical(
                    {"message": str(failure), "kind": failure.kind, "stage": failure.stage}
                )
        now, seconds = written_now(), timed.seconds
        with self._lock, storage(self.path), _transaction(self._database) as write:
            write.execute(
                "INSERT INTO stages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (key, kind, inputs, self._code, outcome, failed, seconds, now),
            )
            self._save_time(write)
            self._add_event(f"{kind} {'failed' if failed else 'done'} after {seconds:.1f} s")
        told = {"kind": kind, "inputs": inputs, "outcome": outcome, "failed": failed}
        self._on_stage({**told, "seconds": seconds, "at": now})
        return outcome, failed

    def _key(self, kind: str, inputs: str) -> str:
        return digest_of([kind, inputs, self._code, self._context])

    def copy_stages(self, source: Path, kinds: Collection[str]) -> list[str]:
        """Take over the outcomes of these kinds from another run's journal.

        They are found by their inputs alone, so take only kinds whose inputs, together with
        settings that both runs share, decide them. Returns the copied outcomes, as JSON.
        """
        copied = []
        with self._lock, storage(self.path), _transaction(self._database) as write:
            for row in read_stages(source):
                if row["kind"] in kinds and row["code"] == self._code:
                    key = self._key(row["kind"], row["inputs"])
                    values = (key, *(row[name] for name in row.keys()[1:]))
                    write.execute(
                        "INSERT OR IGNORE INTO stages VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values
                    )
                    copied.append(str(row["outcome"]))
            self._add_event(f"took over {len(copied)} stages of another run")
        return copied

    # ------------------------------------------------------------ time and events

    def elapsed(self) -> float:
        """Seconds of this run over all its sessions, less those it waited for people."""
        return self._before + self._session_seconds()

    def seconds(self) -> dict[str, float]:
        """Seconds by kind of stage, over all sessions, and `total`.

        A stage inside another counts for itself only; replays count as nothing.
        """
        with self._lock, storage(self.path):
            self._save_time(self._database)
            return _seconds(self._database)

    def note(self, line: str) -> None:
        """Add a line to the run's readable history."""
        with self._lock, storage(self.path):
            self._add_event(line)

    def events(self) -> list[str]:
        """The run's readable history, oldest first."""
        with self._lock, storage(self.path):
            return _events(self._database)

    def close(self) -> None:
        """Save the time and let go of the file. Idempotent."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._heart.join()
        with self._lock, storage(self.path):
            try:
                self._save_time(self._database)
            finally:
                self._database.close()

    def __enter__(self) -> RunJournal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _session_seconds(self) -> float:
        total = self._clock.total()
        return total - self._clock.by_kind().get(WAITING, 0.0)

    def _begin_session(self) -> None:
        with _transaction(self._database) as write:
            (last,) = write.execute("SELECT coalesce(max(session), 0) FROM spent").fetchone()
            self._session = last + 1
            self._before = _seconds(write).get(TOTAL, 0.0)
            self._save_time(write)
            self._add_event(f"session {self._session} began, coursewright {self._code}")

    def _beat(self) -> None:
        while not self._closing.wait(HEARTBEAT):
            try:
                with self._lock:
                    self._save_time(self._database)
            except sqlite3.Error:
                # A full disk is told by the next stage, which cannot be recorded; a missed
                # beat alone loses nothing but half a second of account.
                continue

    def _save_time(self, database: sqlite3.Connection) -> None:
        spent = {**self._clock.by_kind(), TOTAL: self._session_seconds()}
        database.executemany(
            "INSERT INTO spent VALUES (?1, ?2, ?3) "
            "ON CONFLICT (session, kind) DO UPDATE SET seconds = ?3",
            [(self._session, kind, seconds) for kind, seconds in spent.items()],
        )

    def _add_event(self, line: str) -> None:
        self._database.execute(
            "INSERT INTO events (session, at, elapsed, line) VALUES (?, ?, ?, ?)",
            (self._session, written_now(), self.elapsed(), line),
        )


# ---------------------------------------------------------------- the file


def connect(path: Path) -> sqlite3.Connection:
    """Open a journal for writing; a new file gets its tables."""
    # The heartbeat shares this connection under the journal's lock.
    database = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
    try:
        database.row_factory = sqlite3.Row
        found = _require_format(database, path)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        if found == 0:
            database.executescript(
                f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {FORMAT}; COMMIT;"
            )
    except BaseException:
        database.close()
        raise
    return database


def _require_format(database: sqlite3.Connection, path: Path) -> int:
    found: int = database.execute("PRAGMA user_version").fetchone()[0]
    if found not in (0, FORMAT):
        raise RunFolderError(
            f"is of format {found}, this version of coursewright reads format {FORMAT}", file=path
        )
    return found


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A journal opened for reading only, beside its writer if there is one."""
    if not path.is_file():
        raise RunFolderError("there is no journal", file=path)
    # WAL makes files beside the database, which a folder that cannot be written refuses;
    # with no WAL left over, the one file is the whole truth.
    whole = not path.with_name(f"{path.name}-wal").exists()
    mode = "mode=ro&immutable=1" if whole else "mode=ro"
    with storage(path):
        database = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)
        with contextlib.closing(database):
            database.row_factory = sqlite3.Row
            _require_format(database, path)
            yield database


def read_stages(path: Path) -> list[sqlite3.Row]:
    """All recorded stages (key, kind, inputs, code, outcome, failed, seconds, at), in order."""
    with _reading(path) as database:
        return database.execute("SELECT * FROM stages ORDER BY rowid").fetchall()


def read_seconds(path: Path) -> dict[str, float]:
    """Seconds by kind of stage and `total`, of a run that another process may hold."""
    with _reading(path) as database:
        return _seconds(database)


def read_events(path: Path) -> list[str]:
    """The readable history of a run that another process may hold."""
    with _reading(path) as database:
        return _events(database)


def dump(record: Record) -> str:
    """A record as JSON that reads back to an equal record, NaN and Infinity included."""
    return json.dumps(record.model_dump(mode="json", by_alias=True), ensure_ascii=False)


def _seconds(database: sqlite3.Connection) -> dict[str, float]:
    return dict(
        tuple(row) for row in database.execute("SELECT kind, sum(seconds) FROM spent GROUP BY kind")
    )


def _events(database: sqlite3.Connection) -> list[str]:
    return [
        f"{row['at']} {row['elapsed']:9.1f} s  {row['line']}"
        for row in database.execute("SELECT * FROM events ORDER BY id")
    ]


@contextlib.contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All or nothing, synchronised to disk."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield database
        database.execute("COMMIT")
    except BaseException:
        # A full disk has rolled back already.
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise
