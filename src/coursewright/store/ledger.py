"""The call ledger: what went to the teacher, what it cost, what came back.

A call is *reserved* before it goes upstream and *settled* (or *failed*) afterwards. Both are
durable when they return, so a crash may overcharge but never undercharge: a reservation whose
outcome nobody recorded becomes *unknown*. It stays charged to the run's total, since the
upstream may have billed it, but not to its round's cap, since the round never saw an answer and
may ask again.

Answers are kept under the key of their call (see `teacher.wire.call_key`). They are the cache
of `resume` and `reproduce`, and the evidence against which audits trace every row:
`Ledger.read_only(path).lookup(key)`.

Money is counted in nanodollars, so that sums are exact; a call whose price nobody knows has none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from coursewright.store.ledger_file import MAX_BYTES, open_to_read, open_to_write

MAX_TEXT = 4 * 1024**2
"""Characters of one request or response; the gateway's own limits are tighter."""
_ANSWERED = """
SELECT key, text, response, occurrence, round, prompt_tokens, completion_tokens, finish, cost,
  estimated
FROM calls JOIN requests ON requests.digest = calls.request
"""


@dataclass(frozen=True)
class Call:
    """One answered call."""

    key: str
    request: str
    """The canonical request as JSON text, as it went upstream."""
    response: str
    occurrence: int
    round: int
    """The round that paid for it."""
    rounds: tuple[int, ...]
    """All rounds it was served to: the one that paid, and those that hit the cache."""
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str
    cost: int | None = None
    """Nanodollars, or None when nobody knew the price."""
    estimated: bool = False
    """The upstream did not say how many tokens it used."""

    @property
    def messages(self) -> tuple[str, ...]:
        """Texts of the request's messages, in order."""
        return tuple(message["content"] for message in json.loads(self.request)["messages"])


@dataclass(frozen=True)
class Totals:
    """What was spent, by a round or by the run."""

    calls: int = 0
    """Calls charged, whatever their outcome."""
    unknown: int = 0
    """Of these, calls whose outcome was lost in a crash."""
    failed: int = 0
    cached: int = 0
    """Answers served from the ledger, free of charge."""
    tokens: int = 0
    """Tokens charged; at least prompt and completion tokens together."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cap_tokens: int = 0
    """Tokens that count against a round's cap: all but those of unknown outcome."""
    cost: int = 0
    """Nanodollars charged, as far as prices were known."""
    unpriced: int = 0
    """Calls charged whose price nobody knew."""
    estimated: int = 0
    """Answered calls whose tokens were estimated."""
    shared: int = 0
    """Answered calls that another run had paid for: charged as calls and tokens, not as money."""

    @property
    def cap_calls(self) -> int:
        """Calls that count against a round's cap."""
        return self.calls - self.unknown


class Ledger:
    """A ledger file. One writer at a time; any number of readers.

    Raises:
        RunFolderError: the file is no ledger, or one of another version.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self._serve(path, open_to_write(path, max_bytes))

    @classmethod
    def read_only(cls, path: Path) -> Self:
        """Open an existing ledger for reading, beside its writer or in a finished run folder.

        Raises:
            RunFolderError: there is no ledger of this version at `path`.
        """
        ledger = cls.__new__(cls)
        ledger._serve(path, open_to_read(path))
        return ledger

    def _serve(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self._db = database
        self._grouped = False

    def close(self) -> None:
        """Close the file; afterwards it needs no companion files to be read."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------ writing

    @contextlib.contextmanager
    def group(self) -> Iterator[None]:
        """Make everything inside one durable step: all of it is committed, or none."""
        self._db.execute("BEGIN IMMEDIATE")
        self._grouped = True
        try:
            yield
        except BaseException:
            # A full disk may have rolled back already.
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise
        else:
            self._db.execute("COMMIT")
        finally:
            self._grouped = False

    def _step(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext() if self._grouped else self.group()

    def reserve(
        self,
        key: str,
        digest: str,
        request: str,
        *,
        occurrence: int,
        round_number: int,
        tokens: int,
        cost: int | None = 0,
    ) -> int:
        """Charge a call before it goes upstream; return its number for `settle` or `fail`.

        `tokens` and `cost` are the most it can come to, `digest` the SHA-256 of the request text.
        """
        if len(request) > MAX_TEXT:
            raise ValueError(f"request of {len(request)} characters; at most {MAX_TEXT}")
        with self._step():
            self._db.execute("INSERT OR IGNORE INTO requests VALUES (?, ?)", (digest, request))
            row = self._db.execute(
                "INSERT INTO calls (key, request, occurrence, round, state, tokens, cost)"
                " VALUES (?, ?, ?, ?, 'reserved', ?, ?)",
                (key, digest, occurrence, round_number, tokens, cost),
            )
        assert row.lastrowid is not None
        return row.lastrowid

    def settle(
        self,
        call: int,
        response: str,
        *,
        prompt_tokens: int,
        completion_tokens: int,
        finish_reason: str = "stop",
        cost: int | None = 0,
        estimated: bool = False,
        shared: bool = False,
    ) -> None:
        """Record the answer of a reserved call and charge what it really cost.

        `shared` says that another run had paid for it.
        """
        if len(response) > MAX_TEXT:
            raise ValueError(f"response of {len(response)} characters; at most {MAX_TEXT}")
        self._finish(
            "state = 'settled', tokens = ?, prompt_tokens = ?, completion_tokens = ?,"
            " response = ?, finish = ?, cost = ?, estimated = ?, shared = ?",
            (
                prompt_tokens + completion_tokens,
                prompt_tokens,
                completion_tokens,
                response,
                finish_reason,
                cost,
                estimated,
                shared,
            ),
            call,
        )

    def fail(self, call: int, reason: str) -> None:
        """Record that a reserved call went upstream and brought no answer. It stays charged."""
        self._finish("state = 'failed', reason = ?", (reason[:500],), call)

    def discard(
        self,
        call: int,
        reason: str,
        *,
        prompt_tokens: int,
        completion_tokens: int,
        cost: int | None,
    ) -> None:
        """Record that a reserved call brought an answer of no use, and charge what it cost."""
        self._finish(
            "state = 'failed', reason = ?, tokens = ?, prompt_tokens = ?, completion_tokens = ?,"
            " cost = ?",
            (
                reason[:500],
                prompt_tokens + completion_tokens,
                prompt_tokens,
                completion_tokens,
                cost,
            ),
            call,
        )

    def lose(self, call: int) -> None:
        """Record that the outcome of a reserved call will never be known."""
        self._finish("state = 'unknown'", (), call)

    def release(self, call: int) -> None:
        """Take back a reservation that surely never went upstream."""
        with self._step():
            self._db.execute("DELETE FROM calls WHERE id = ? AND state = 'reserved'", (call,))

    def _finish(self, change: str, values: tuple[object, ...], call: int) -> None:
        with self._step():
            done = self._db.execute(
                f"UPDATE calls SET {change} WHERE id = ? AND state = 'reserved'", (*values, call)
            )
        if done.rowcount != 1:
            raise ValueError(f"call {call} is not reserved")

    def lose_open(self) -> int:
        """Turn reservations left by a dead gateway into calls of unknown outcome; how many."""
        with self._step():
            done = self._db.execute("UPDATE calls SET state = 'unknown' WHERE state = 'reserved'")
        return done.rowcount

    def hit(self, key: str, round_number: int) -> None:
        """Record that a known answer was served to a round, free of charge."""
        with self._step():
            self._db.execute(
                "INSERT INTO hits VALUES (?, ?, 1)"
                " ON CONFLICT (round, key) DO UPDATE SET times = times + 1",
                (round_number, key),
            )

    # ------------------------------------------------------------ reading

    def lookup(self, key: str) -> Call | None:
        """Return the answered call with this key, or None."""
        row = self._db.execute(
            f"{_ANSWERED} WHERE key = ? AND state = 'settled'",
            (key,),
        ).fetchone()
        return None if row is None else self._call(row)

    def calls(self, round_number: int | None = None) -> Iterator[Call]:
        """Answered calls in the order they were made; of one round that paid, or of all."""
        which = "" if round_number is None else " AND round = ?"
        for row in self._db.execute(
            f"{_ANSWERED} WHERE state = 'settled'{which} ORDER BY id",
            () if round_number is None else (round_number,),
        ):
            yield self._call(row)

    def _call(self, row: tuple[Any, ...]) -> Call:
        key, request, response, occurrence, payer, prompt, completion, finish, cost, guess = row
        served = self._db.execute("SELECT round FROM hits WHERE key = ?", (key,)).fetchall()
        return Call(
            key=key,
            request=request,
            response=response,
            occurrence=occurrence,
            round=payer,
            rounds=tuple(sorted({payer, *(number for (number,) in served)})),
            prompt_tokens=prompt,
            completion_tokens=completion,
            finish_reason=finish,
            cost=cost,
            estimated=bool(guess),
        )

    def misnamed_requests(self) -> int:
        """How many requests have another text than the digest that names them says."""
        rows = self._db.execute("SELECT digest, text FROM requests")
        return sum(
            hashlib.sha256(str(text).encode("utf-8", "surrogatepass")).hexdigest() != digest
            for digest, text in rows
        )

    def calls_after(self, round_number: int) -> int:
        """How many calls later rounds have paid for."""
        sql = "SELECT count(*) FROM calls WHERE round > ?"
        (count,) = self._db.execute(sql, (round_number,)).fetchone()
        return int(count)

    def totals(self, round_number: int | None = None) -> Totals:
        """What a round, or the whole run, has spent so far."""
        which, values = ("", ()) if round_number is None else (" WHERE round = ?", (round_number,))
        row = self._db.execute(
            "SELECT count(*), total(state = 'unknown'), total(state = 'failed'), total(tokens),"
            " total(prompt_tokens), total(completion_tokens),"
            " total(CASE WHEN state = 'unknown' THEN 0 ELSE tokens END),"
            " coalesce(sum(cost), 0), total(cost IS NULL), total(estimated), total(shared)"
            f" FROM calls{which}",
            values,
        ).fetchone()
        (calls, unknown, failed, tokens, prompt, completion, capped, cost, unpriced, guessed) = map(
            int, row[:-1]
        )
        (cached,) = self._db.execute(f"SELECT total(times) FROM hits{which}", values).fetchone()
        return Totals(
            calls=calls,
            unknown=unknown,
            failed=failed,
            cached=int(cached),
            tokens=tokens,
            prompt_tokens=prompt,
            completion_tokens=completion,
            cap_tokens=capped,
            cost=cost,
            unpriced=unpriced,
            estimated=guessed,
            shared=int(row[-1]),
        )
