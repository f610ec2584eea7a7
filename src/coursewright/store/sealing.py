"""One digest over all that a finished run measured and was told: whoever has it can tell forgeries.

It stands in the result as `record`. It covers every finished stage (kind, inputs, outcome) and
every call to teacher, base student and agent (request, response, cost), not what only time decides.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from coursewright.store.canonical import canonical
from coursewright.store.durable import storage
from coursewright.store.folder import RunFolder

_STAGES = "SELECT key, kind, inputs, code, outcome, failed FROM stages ORDER BY key"
_REQUESTS = "SELECT digest, text FROM requests ORDER BY digest"
_CALLS = (
    "SELECT id, key, request, occurrence, round, state, tokens, prompt_tokens, completion_tokens,"
    " response, finish, reason, cost, estimated, shared FROM calls ORDER BY id"
)
_HITS = "SELECT round, key, times FROM hits ORDER BY round, key"
_LEDGER = (_REQUESTS, _CALLS, _HITS)


def record_digest(run: RunFolder) -> str:
    """SHA-256 over the record of a run that nobody writes to, in hexadecimal."""
    seal = hashlib.sha256()
    for name, path, queries in (
        ("journal", run.journal_path, (_STAGES,)),
        ("teacher", run.ledger_path, _LEDGER),
        ("student", run.student_ledger_path, _LEDGER),
        ("agent", run.agent_ledger_path, _LEDGER),
    ):
        for row in _rows(path, queries):
            seal.update(canonical([name, *row]).encode("utf-8", "surrogatepass") + b"\n")
    return seal.hexdigest()


def _rows(path: Path, queries: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """All rows of these queries; of no file, none."""
    if not path.is_file():
        return
    whole = not path.with_name(f"{path.name}-wal").exists()
    uri = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if whole else ''}"
    with storage(path), contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
        for query in queries:
            yield from database.execute(query)
