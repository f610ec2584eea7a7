"""Text to SQL: the answer's query yields the same bag of rows as the gold query, on SQLite."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from coursewright.errors import TaskError
from coursewright.scoring.database import Bounds, Database

_FENCED = re.compile(r"```[a-zA-Z]*(?>\s*\n)(.*?)```", re.DOTALL)
_QUERY = re.compile(r"(?:\s|--[^\n]*\n|\()*(?:select|with|values)\b", re.IGNORECASE)
_MOST_KEPT = 2000
"""Results of gold queries that are kept."""
_LARGEST_KEPT = 1000
"""Rows of a result that is kept."""
Rows = list[tuple[Any, ...]]


class Sql(BaseModel):
    """Gold: a query, or `{"sql": …, "database": …}` where items have databases of their own.

    A database is an SQLite file or an SQL script, in the task folder. Queries run read-only and
    within bounds that do not depend on the machine: an answer that writes, attaches, never ends
    or grows too large scores 0. The answer is a query, alone or in a code block.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    database: str | None = Field(default=None, min_length=1, max_length=500)
    """Of all items whose gold names none; a path in the task folder."""
    ordered: bool = False
    """Whether the order of rows counts; that of columns always does, their names never."""
    steps: int = Field(default=2_000_000, ge=1000, le=10**9)
    """Steps of SQLite's machine that a query may take."""
    rows: int = Field(default=10_000, ge=1, le=10**6)
    """Rows that a result may have."""
    text_bytes: int = Field(default=16_384, ge=256, le=10**8)
    """Bytes of the longest text or blob, stored or made on the way."""
    folder: Path | None = None
    """The task folder; set by `make_scorer`, no option of task.yaml."""
    _databases: dict[str, Database] = PrivateAttr(default_factory=dict)
    _kept: dict[tuple[str, str], Rows | None] = PrivateAttr(default_factory=dict)

    def model_post_init(self, context: Any) -> None:
        if self.database is not None:
            try:
                self._open(self.database)
            except TaskError as error:
                message = f"{self.database[:100]!r} {error.message}"
                raise TaskError(message, field="scorer.database") from None

    def score(self, output: str, answer: Any) -> float:
        query, name = self._gold(answer)
        database = self._open(name)
        gold = self._gold_rows(query, name)
        asked = _query(output)
        if gold is None or asked == query:
            return float(gold is not None)  # what is asked twice is answered twice the same
        given = database.rows(asked)
        if given is None:
            return 0.0
        given, gold = _comparable(given, gold)
        if self.ordered:
            return float(given == gold)
        return float(len(given) == len(gold) and Counter(given) == Counter(gold))

    def readable(self, output: str) -> bool:
        return _QUERY.match(_query(output)) is not None

    def written(self, answer: Any) -> str:
        return self._gold(answer)[0]

    def files(self) -> tuple[str, ...]:
        """Names in the task folder of the databases opened so far."""
        return tuple(self._databases)

    def _gold(self, answer: Any) -> tuple[str, str]:
        query, name = answer, self.database
        if isinstance(answer, dict):
            query, name = answer.get("sql"), answer.get("database", name)
        if not isinstance(query, str):
            raise TaskError('expected a query, or {"sql": …, "database": …}', field="answer")
        if not isinstance(name, str) or not name:
            message = "names no database, neither here nor in task.yaml under scorer.database"
            raise TaskError(message, field="answer")
        return query, name

    def _gold_rows(self, query: str, name: str) -> Rows | None:
        key = (name, query)
        if key in self._kept:
            return self._kept[key]
        rows = self._open(name).rows(query)
        if len(self._kept) < _MOST_KEPT and (rows is None or len(rows) <= _LARGEST_KEPT):
            self._kept[key] = rows
        return rows

    def _open(self, name: str) -> Database:
        if name not in self._databases:
            if self.folder is None:
                raise TaskError("needs a task folder to find it in", field="scorer.database")
            bounds = Bounds(steps=self.steps, rows=self.rows, text_bytes=self.text_bytes)
            try:
                self._databases[name] = Database(self.folder, name, bounds)
            except sqlite3.Error as error:
                message = f"SQLite cannot use it: {error}"
                raise TaskError(message, file=self.folder / name) from None
        return self._databases[name]


def _comparable(*results: Rows) -> tuple[Rows, ...]:
    """Results with the numbers of a column cut to nine digits, where a float stands in any of it.

    Sums come out differently in the last digits when rows are met in another order, and the same
    sum may come as a whole number (`SUM`) or as a float (`TOTAL`). Columns of whole numbers alone
    stay exact.
    """
    values = ((at, value) for rows in results for row in rows for at, value in enumerate(row))
    inexact = {at for at, value in values if isinstance(value, float)}

    def cut(at: int, value: Any) -> Any:
        numeric = at in inexact and isinstance(value, (int, float))
        return float(f"{value:.9g}") if numeric else value

    return tuple([tuple(cut(*cell) for cell in enumerate(row)) for row in rows] for rows in results)


def _query(output: str) -> str:
    fenced = _FENCED.findall(output) if "```" in output else []
    return (fenced[-1] if fenced else output).strip()
