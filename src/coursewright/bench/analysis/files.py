"""A study's tables as JSON and CSV: one file for each table, one line for each row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from coursewright.bench.analysis.published import published
from coursewright.bench.analysis.records import Study
from coursewright.records import Record
from coursewright.store import storage, write_file

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(study: Study, folder: Path) -> None:
    """Write study.json and the CSV files.

    Raises:
        StorageError: the folder cannot be written.
    """
    data = {
        **study.model_dump(mode="json", by_alias=True),
        "published": published().model_dump(mode="json"),
    }
    write_text(folder / "study.json", json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    for name, rows in csv_tables(study).items():
        write_text(folder / f"{name}.csv", rows)


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all, and its folder if need be."""
    with storage(path, "choose another folder with -o"):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, text)


def csv_tables(study: Study) -> dict[str, str]:
    """Every table as CSV text, by name of its file."""
    pairs = [
        {"ranking": ranking.title, **flat(pair)}
        for ranking in study.rankings
        for pair in ranking.pairs
    ]
    places = [
        {"ranking": ranking.title, **flat(line)}
        for ranking in study.rankings
        for line in ranking.lines
    ]
    variance = [
        {"of": table.title, "exams": table.exams, "runs": table.runs, **flat(part)}
        for table in study.variance
        for part in table.components
    ]
    tables: dict[str, Sequence[dict[str, Any]]] = {
        "main": [flat(row) for row in study.main],
        "runs": [flat(row) for row in study.runs],
        "rounds": [flat(row) for row in study.rounds],
        "rankings": places,
        "pairs": pairs,
        "deltas": [flat(row) for row in study.deltas],
        "variance": variance,
        "errors": [flat(row) for row in study.errors],
        "profiles": [flat(row) for row in study.profiles],
    }
    return {name: as_csv(rows) for name, rows in tables.items() if rows}


def flat(record: Record | dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """A record as one level of fields, inner ones joined by an underscore."""
    data = record.model_dump(mode="json") if isinstance(record, Record) else record
    out: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            # The conditions of a line are columns of their own, without a prefix.
            out |= flat(value, prefix if name == "line" else f"{prefix}{name}_")
        else:
            out[prefix + name] = value
    return out


def as_csv(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as CSV, columns in the order of their first appearance; nothing is an empty field."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(_cells(row.get(name) for name in columns) for row in rows)
    return text.getvalue()


def _cells(values: Iterable[Any]) -> list[Any]:
    # A text that a spreadsheet would take for a formula gets a quote before it.
    return [
        f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
        for value in values
    ]
