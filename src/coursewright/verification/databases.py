"""Whether a stranger's SQLite file is one of ours, before anything of ours reads it.

A file may bring views, triggers or computed columns, which would be run by whoever reads it, and
pages that lie. Only plain tables with our columns, and their indexes, are read.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

_JOURNAL = {
    "stages": {"key", "kind", "inputs", "code", "outcome", "failed", "seconds", "at"},
    "spent": {"session", "kind", "seconds"},
    "events": {"id", "session", "at", "elapsed", "line"},
}
_LEDGER = {
    "requests": {"digest", "text"},
    "calls": {
        *("id", "key", "request", "occurrence", "round", "state", "tokens", "prompt_tokens"),
        *("completion_tokens", "response", "finish", "reason", "cost", "estimated", "shared"),
    },
    "hits": {"round", "key", "times"},
}
_STEPS = 200_000_000
"""Of SQLite's machine, for the look at one file; an honest one takes far fewer."""


def database_fault(path: Path) -> str | None:
    """What is wrong with a journal or ledger; None if it can be read."""
    tables = _JOURNAL if path.name == "journal.sqlite" else _LEDGER
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        ) as database:
            return _fault(database, tables)
    except sqlite3.Error as error:
        return f"cannot be read: {error}"


def _fault(database: sqlite3.Connection, tables: dict[str, set[str]]) -> str | None:
    budget = [_STEPS // 10_000]

    def spend() -> int:
        budget[0] -= 1
        return budget[0] < 0

    database.set_progress_handler(spend, 10_000)
    database.execute("PRAGMA trusted_schema = OFF")
    for kind, name, table, sql in database.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master"
    ):
        ours = table in tables and kind in ("table", "index")
        if not ours or (kind == "table" and str(sql).upper().startswith("CREATE VIRTUAL")):
            return f"holds a {str(kind)[:20]} that no run has: {str(name)[:60]!a}"
    for table, columns in tables.items():
        found = database.execute(f"PRAGMA table_xinfo({table})").fetchall()
        if {column[1] for column in found} != columns or any(column[6] for column in found):
            return f"its table {table} has other columns than a run's"
    (state,) = database.execute("PRAGMA quick_check(1)").fetchone()
    return None if state == "ok" else f"is damaged: {str(state)[:120]}"
