"""An invented SQLite database for queries whose data set brings a schema only.

Rows are drawn by type from a seed. So that queries find something, every query plants a row in each
of its tables, with the values it compares the columns with; the columns it joins by have the same
number in all of them. Nothing is taken from a real database.
"""

from __future__ import annotations

import csv
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from coursewright.errors import TaskError
from coursewright.scoring.database import Bounds, Database

_MOST_TABLES, _MOST_FIELDS = 500, 5000
_MOST_PLANTED = 3000
"""Rows of one table that come from conditions of queries."""
_GOLD = Bounds(steps=20_000_000, rows=100_000, text_bytes=10**6)
"""For every gold query, wider than those of the scorer, which sees it later."""
_KEYS = 100
"""Different values of a key column in rows that no query has planted."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_ALIAS = re.compile(r"\b([A-Za-z_]\w*)\s+AS\s+([A-Za-z_]\w*)", re.IGNORECASE)
_CONDITION = re.compile(
    r"\b([A-Za-z_]\w*)\s*\.\s*([A-Za-z_]\w*)\s*(?:=|LIKE|>=|<=)\s*"
    r"(?:\"%?([^\"%]{1,200})%?\"|'%?([^'%]{1,200})%?'|(-?\d+(?:\.\d+)?))",
    re.IGNORECASE,
)
_JOIN = re.compile(
    r"([A-Za-z_]\w*)\s*\.\s*([A-Za-z_]\w*)\s*=\s*([A-Za-z_]\w*)\s*\.\s*([A-Za-z_]\w*)"
)
_CONSTANT = re.compile(r"\"[^\"]*\"|'[^']*'|\b\d+(?:\.\d+)?\b")
_WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "ivory", "jade")


@dataclass(frozen=True)
class Column:
    """A field of a table."""

    name: str
    kind: str
    """INTEGER, REAL or TEXT."""
    letters: int
    """Longest text."""

    @property
    def is_key(self) -> bool:
        return self.kind == "INTEGER" and (
            self.name.upper().endswith("_ID") or self.name.upper() == "ID"
        )


Tables = dict[str, list[Column]]


def read_schema(path: Path) -> Tables:
    """Tables and columns of a CSV with the columns table, field and type; `-` rows separate.

    Raises `TaskError` for names that are no plain SQL names, and for too many of them.
    """
    tables: Tables = {}
    fields = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for number, row in enumerate(csv.reader(stream, skipinitialspace=True), 1):
                cells = [cell.strip() for cell in row]
                if number == 1 or len(cells) < 3 or cells[0] in ("-", ""):
                    continue
                if not _NAME.fullmatch(cells[0]) or not _NAME.fullmatch(cells[1]):
                    raise TaskError("no plain name of a table or field", file=path, line=number)
                fields += 1
                column = _column(cells[1], cells[2])
                known = tables.setdefault(cells[0], [])
                if column.name.upper() not in {one.name.upper() for one in known}:
                    known.append(column)
                if fields > _MOST_FIELDS or len(tables) > _MOST_TABLES:
                    raise TaskError("has too many tables or fields", file=path, line=number)
    except (UnicodeError, csv.Error, OSError) as error:
        raise TaskError(f"cannot be read as a schema: {error}", file=path) from None
    if not tables:
        raise TaskError("names no table; expected rows of table, field, type", file=path)
    return tables


def invented_script(tables: Tables, queries: Iterable[str], rows: int, seed: int) -> str:
    """An SQL script that creates the tables and fills them."""
    planted = _planted(tables, queries)
    lines = []
    for table, columns in tables.items():
        made = ", ".join(f"{column.name} {column.kind}" for column in columns)
        lines.append(f"CREATE TABLE {table} ({made});")
        rng = Random(f"{seed}/{table}")
        pools = {
            column.name: sorted(
                {
                    row[column.name.upper()]
                    for row in planted[table.upper()]
                    if column.name.upper() in row
                }
            )
            for column in columns
        }
        for number in range(rows + len(planted[table.upper()])):
            at = number - rows
            given = planted[table.upper()][at] if at >= 0 else {}
            values = [
                _value(column, given.get(column.name.upper()), pools[column.name], rng)
                for column in columns
            ]
            lines.append(f"INSERT INTO {table} VALUES ({', '.join(values)});")
    return "\n".join(lines) + "\n"


def schema_text(tables: Tables) -> str:
    """One line for each table, for people and models."""
    return "\n".join(
        f"{table}({', '.join(column.name for column in columns)})"
        for table, columns in tables.items()
    )


def open_database(folder: Path, name: str, source: Path) -> Database:
    """The database that the script `name` of a folder makes, for gold queries.

    Raises `TaskError` with the file `source` the script came from where it does more than make
    and fill tables, or passes a bound.
    """
    try:
        return Database(folder, name, _GOLD)
    except TaskError as error:
        raise TaskError(error.message, file=source) from None
    except sqlite3.Error as error:
        message = f"may only make and fill tables, within bounds; SQLite says: {error}"
        raise TaskError(message, file=source) from None


def useless(database: Database, query: str) -> str | None:
    """Why a query is no use as a gold answer; None where it finds something."""
    rows = database.rows(query)
    if rows is None:
        return "the query fails, takes too long or returns too much"
    if not any(cell not in (None, 0, "") for row in rows for cell in row):
        return "the query returns nothing"
    return None


def _column(name: str, told: str) -> Column:
    kind = told.lower()
    length = re.search(r"\((\d{1,6})", kind)
    if "char" in kind or "text" in kind or "time" in kind or "date" in kind:
        return Column(name, "TEXT", int(length[1]) if length else 30)
    real = any(word in kind for word in ("float", "double", "real", "decimal", "numeric"))
    return Column(name, "REAL" if real else "INTEGER", 0)


def _planted(tables: Tables, queries: Iterable[str]) -> defaultdict[str, list[dict[str, str]]]:
    """For each table the rows that queries plant in it."""
    known = {
        table.upper(): {column.name.upper(): column for column in columns}
        for table, columns in tables.items()
    }
    found: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    told: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
    shapes: dict[str, int] = {}
    for query in queries:
        key = shapes.setdefault(_CONSTANT.sub("?", query), len(shapes) + 1)
        for table, values in _conditions(query, key):
            columns = known.get(table, {})
            keys = {name: str(key) for name, column in columns.items() if column.is_key}
            row = keys | {name: value for name, value in values.items() if name in columns}
            mark = (table, tuple(sorted(row.items())))
            if row and mark not in told and len(found[table]) < _MOST_PLANTED:
                told.add(mark)
                found[table].append(row)
    return found


def _conditions(query: str, key: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Each table of a query with the values that its columns must have."""
    aliases = {alias.upper(): table.upper() for table, alias in _ALIAS.findall(query)}
    rows: dict[str, dict[str, str]] = {alias: {} for alias in aliases}
    for alias, column, double, single, number in _CONDITION.findall(query):
        row = rows.setdefault(alias.upper(), {})
        row.setdefault(column.upper(), double or single or number)
    for first, one, second, other in _JOIN.findall(query):
        for alias, column in ((first, one), (second, other)):
            rows.setdefault(alias.upper(), {}).setdefault(column.upper(), str(key))
    for alias, row in rows.items():
        yield aliases.get(alias, alias), row


def _value(column: Column, given: str | None, pool: list[str], rng: Random) -> str:
    """A literal for one cell."""
    if given is None and pool and rng.random() < 0.7:
        given = rng.choice(pool)
    if column.kind == "TEXT":
        text = given or " ".join(rng.sample(_WORDS, 2))
        return "'" + text.replace("'", "''") + "'"
    if given is not None and re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", given):
        return given
    if column.kind == "REAL":
        return f"{rng.uniform(0, 4):.2f}"
    return str(rng.randint(1, _KEYS if column.is_key else 9))
