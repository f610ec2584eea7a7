"""The records of a source file, one after the other, whatever its format."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from coursewright.errors import TaskError
from coursewright.tasks.builders.columnar import arrow_records, parquet_records
from coursewright.tasks.builders.expressions import FieldError, look_up
from coursewright.tasks.builders.files import FORMATS, SourceFile
from coursewright.tasks.builders.mapping import Source

MOST_RECORDS = 2_000_000
_LARGEST_TEXT = 512 * 2**20
_LONGEST_LINE = 16 * 2**20
_MOST_COLUMNS = 4096
_BLANK = " \t\r\n"
Record = dict[str, Any]


def read_records(file: SourceFile, source: Source) -> Iterator[tuple[int, Record]]:
    """Pairs of a record's number (from 1) and the record itself.

    Raises `TaskError` with the file, and the record where it is known.
    """
    readers: dict[str, Callable[[SourceFile, Source], Iterator[tuple[int, Any]]]] = {
        "json": _json,
        "jsonl": _jsonl,
        "csv": _csv,
        "parquet": lambda file, source: parquet_records(file),
        "arrow": lambda file, source: arrow_records(file),
    }
    for count, (number, record) in enumerate(readers[_format(file.path, source)](file, source), 1):
        if count > MOST_RECORDS:
            raise TaskError(f"holds more than {MOST_RECORDS:,} records", file=file.path)
        if not isinstance(record, dict):
            message = f"record {number}: expected an object with fields"
            raise TaskError(message, file=file.path)
        yield number, record


def _format(path: Path, source: Source) -> str:
    if source.format != "auto":
        return source.format
    known = FORMATS.get(path.suffix.lower())
    if known is None:
        message = "cannot tell the format by the name; give it with --set source.format=..."
        raise TaskError(message, file=path)
    return known


def _text(file: SourceFile, source: Source) -> io.TextIOWrapper:
    encoding = "utf-8-sig" if source.encoding == "utf-8" else source.encoding
    return file.path.open(encoding=encoding, newline="")


def _not_text(file: SourceFile, source: Source, at: str = "") -> TaskError:
    message = (
        f"{at}is not {source.encoding.upper()}; save it as UTF-8, or say what it is: "
        "--set source.encoding=latin-1 (or cp1252, utf-16)"
    )
    return TaskError(message, file=file.path)


def _jsonl(file: SourceFile, source: Source) -> Iterator[tuple[int, Any]]:
    decoder = _decoder(file)
    number = 0
    try:
        with _text(file, source) as stream:
            while line := stream.readline(_LONGEST_LINE):
                number += 1
                if len(line) >= _LONGEST_LINE:
                    raise TaskError("the line is too long", file=file.path, line=number)
                if line.strip():
                    yield number, _decode(decoder, line.strip(), file, number)
    except UnicodeError:
        raise _not_text(file, source, f"line {number + 1} ") from None


def _json(file: SourceFile, source: Source) -> Iterator[tuple[int, Any]]:
    """A list of records, taken apart one by one; or one document; or really JSON lines."""
    if file.path.stat().st_size > _LARGEST_TEXT:
        message = f"is larger than {_LARGEST_TEXT:,} bytes; convert it to JSON lines or Parquet"
        raise TaskError(message, file=file.path)
    try:
        with _text(file, source) as stream:
            text = stream.read()
    except UnicodeError:
        raise _not_text(file, source) from None
    decoder = _decoder(file)
    start = _skip(text, 0)
    if source.records is None and text[start : start + 1] == "[":
        yield from _elements(text, start, decoder, file)
        return
    first, end = _raw(decoder, text, start, file, 1)
    if source.records is None and _skip(text, end) < len(text):
        del text, first
        yield from _jsonl(file, source)
        return
    if source.records is None:
        yield 1, first
        return
    try:
        found = look_up(first, source.records)
    except FieldError as error:
        raise TaskError(str(error), file=file.path, field="source.records") from None
    if not isinstance(found, list):
        raise TaskError("is not a list of records", file=file.path, field=source.records)
    yield from enumerate(found, 1)


def _elements(
    text: str, at: int, decoder: json.JSONDecoder, file: SourceFile
) -> Iterator[tuple[int, Any]]:
    number = 0
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        number += 1
        value, at = _raw(decoder, text, at, file, number)
        yield number, value
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "]":
            message = f"record {number}: is not JSON: a comma or the end of the list is missing"
            raise TaskError(message, file=file.path)
    if _skip(text, at + 1) < len(text):
        raise TaskError("is not JSON: something follows the list", file=file.path)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at


def _raw(
    decoder: json.JSONDecoder, text: str, at: int, file: SourceFile, number: int
) -> tuple[Any, int]:
    try:
        return decoder.raw_decode(text, at)
    except json.JSONDecodeError as error:
        message = f"record {number}: is not JSON: {error.msg} (line {error.lineno})"
        raise TaskError(message, file=file.path) from None
    except RecursionError:
        raise TaskError(f"record {number}: nests too deep", file=file.path) from None
    except ValueError as error:
        message = f"record {number}: is not JSON we can read: {str(error)[:200]}"
        raise TaskError(message, file=file.path) from None


def _decode(decoder: json.JSONDecoder, line: str, file: SourceFile, number: int) -> Any:
    value, end = _raw(decoder, line, 0, file, number)
    if line[end:].strip():
        raise TaskError("more than one JSON value in the line", file=file.path, line=number)
    return value


def _decoder(file: SourceFile) -> json.JSONDecoder:
    def number(literal: str) -> float:
        value = float(literal)
        if not math.isfinite(value):
            raise ValueError(f"{literal[:40]} is not a finite number")
        return value

    return json.JSONDecoder(parse_float=number, parse_constant=number)


def _csv(file: SourceFile, source: Source) -> Iterator[tuple[int, Record]]:
    delimiter = source.delimiter or ("\t" if file.path.suffix.lower() == ".tsv" else ",")
    number = 0
    try:
        with _text(file, source) as stream:
            rows = csv.reader(stream, delimiter=delimiter, strict=True)
            header = list(source.columns) or [name.strip() for name in next(rows, [])]
            _check_header(header, file)
            for number, row in enumerate(rows, 1):
                if not row:
                    continue
                if len(row) != len(header):
                    message = (
                        f"record {number} has {len(row)} cells and the file {len(header)} columns "
                        f"({', '.join(header)[:120]})"
                    )
                    raise TaskError(message, file=file.path, line=rows.line_num)
                yield number, dict(zip(header, row, strict=True))
    except UnicodeError:
        raise _not_text(file, source, f"record {number + 1} ") from None
    except csv.Error as error:
        message = f"record {number + 1} is not CSV we can read: {error}"
        raise TaskError(message, file=file.path) from None


def _check_header(header: list[str], file: SourceFile) -> None:
    if len(header) > _MOST_COLUMNS:
        raise TaskError(f"has more than {_MOST_COLUMNS:,} columns", file=file.path, line=1)
    if len(set(header)) != len(header) or not all(header):
        message = "a column has no name, or two have the same; name them by source.columns"
        raise TaskError(message, file=file.path, line=1)
