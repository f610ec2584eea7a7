"""Strict, bounded reading of a task folder's files: nothing is followed, guessed or repaired."""

from __future__ import annotations

import json
import math
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from coursewright.errors import TaskError
from coursewright.plain_yaml import load_yaml

LARGEST_FILE = 256 * 2**20
LARGEST_TEXT = 2**20
"""Of description.md and sample_submission.json, in bytes."""
LARGEST_YAML = 2**16
LONGEST_LINE = 2**20
DEEPEST = 32
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_bytes(folder: Path, name: str, largest: int) -> bytes:
    """The content of a regular file inside the folder.

    Raises `TaskError` for a file that is missing, empty, too large, not a regular file, or a link
    that leads out of the folder.
    """
    path = folder / name
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise TaskError("is a link that leads out of the task folder; copy the file", file=path)
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise TaskError("is not a regular file", file=path)
        if status.st_size > largest:
            raise TaskError(f"is larger than {largest:,} bytes", file=path)
        with path.open("rb") as stream:
            content = stream.read(largest + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise TaskError("is missing", file=path) from None
    except (OSError, RuntimeError) as error:
        # A circle of links is a RuntimeError in Python 3.11 and an OSError later.
        reason = getattr(error, "strerror", None) or str(error)
        raise TaskError(f"cannot be read: {reason}", file=path) from error
    if len(content) > largest:
        raise TaskError(f"is larger than {largest:,} bytes", file=path)
    if not content.strip():
        raise TaskError("is empty", file=path)
    return content


def read_text(folder: Path, name: str, largest: int = LARGEST_TEXT) -> str:
    """A small UTF-8 text file."""
    path = folder / name
    text = _decode(read_bytes(folder, name, largest), path, None)
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise TaskError("holds a NUL character", file=path, line=line)
    return text


def read_lines(content: bytes, path: Path) -> Iterator[tuple[int, dict[str, Any] | TaskError]]:
    """The objects of a JSONL file with their line numbers, or what is wrong with a line."""
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            yield number, _read_line(line, path, number)
        except TaskError as error:
            yield number, error


def _read_line(line: bytes, path: Path, number: int) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise TaskError(f"the line is longer than {LONGEST_LINE:,} bytes", file=path, line=number)
    value = parse_json(_decode(line, path, number), path, number)
    if not isinstance(value, dict):
        raise TaskError(
            f"expected one JSON object a line, found {_kind(value)}", file=path, line=number
        )
    return value


def parse_json(text: str, path: Path, line: int | None = None) -> Any:
    """Strict JSON: no duplicate keys, no NaN, no overflow, bounded depth, clean strings."""

    def refuse(message: str, field: str | None = None) -> TaskError:
        return TaskError(message, file=path, line=line, field=field)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in items:
            if key in found:
                raise refuse("the key stands twice in one object", field=key)
            found[key] = value
        return found

    def number(literal: str) -> float:
        value = float(literal)
        if not math.isfinite(value):
            raise refuse(f"{literal[:40]} is not a finite number")
        return value

    if _depth(text) > DEEPEST:
        raise refuse(f"nests deeper than {DEEPEST} levels")
    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_float=number, parse_constant=number)
    except json.JSONDecodeError as error:
        where = line if line is not None else error.lineno
        message = f"is not JSON: {error.msg} at column {error.colno}"
        raise TaskError(message, file=path, line=where) from None
    except ValueError as error:
        raise refuse(f"is not JSON we can read: {error}") from None
    if (dirty := dirty_string(value)) is not None:
        raise refuse("holds a NUL character or half of a surrogate pair", field=dirty or None)
    return value


def dirty_string(value: Any, field: str = "") -> str | None:
    """The field of the first string or key with a NUL or a lone surrogate, else None."""
    if isinstance(value, str):
        return field if "\0" in value or _SURROGATE.search(value) else None
    inner: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        inner = [(str(key), part) for key, part in value.items()]
        if any(dirty_string(key) is not None for key, _ in inner):
            return field
    elif isinstance(value, list):
        inner = [(str(at), part) for at, part in enumerate(value)]
    for key, part in inner:
        found = dirty_string(part, f"{field}.{key}" if field else key)
        if found is not None:
            return found
    return None


def _decode(content: bytes, path: Path, line: int | None) -> str:
    if content.startswith(b"\xef\xbb\xbf"):
        message = "begins with a byte-order mark; save it as plain UTF-8"
        raise TaskError(message, file=path, line=line or 1)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        where = line if line is not None else content[: error.start].count(b"\n") + 1
        raise TaskError("is not UTF-8", file=path, line=where) from None


def _depth(text: str) -> int:
    """An upper bound of how deep brackets nest, those inside strings left out."""
    most = text.count("[") + text.count("{")
    if most <= DEEPEST:
        return most
    depth = deepest = 0
    inside = escaped = False
    for character in text:
        if inside:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            else:
                inside = character != '"'
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


Lines = dict[tuple[str, ...], int]
"""Line (1-based) of each field of a YAML file, by its path."""


def read_yaml(folder: Path, name: str) -> tuple[dict[str, Any], Lines]:
    """A YAML mapping and the lines of its fields; duplicate keys and anchors are refused."""
    path = folder / name
    text = read_text(folder, name, LARGEST_YAML)
    lines: Lines = {}
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                message = "uses a YAML alias (*name); write it out"
                raise TaskError(message, file=path, line=_line_of(event.start_mark))
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if not isinstance(node, yaml.MappingNode):
            raise TaskError("expected `key: value` lines", file=path, line=1)
        _note_lines(node, (), lines, path)
        value = load_yaml(text)
    except yaml.MarkedYAMLError as error:
        line = _line_of(error.problem_mark)
        raise TaskError(f"is not YAML: {error.problem}", file=path, line=line) from None
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        raise TaskError(f"is not YAML we can read: {str(error)[:200]}", file=path) from None
    if (dirty := dirty_string(value)) is not None:
        raise TaskError("holds a character that is not text", file=path, field=dirty or None)
    return value, lines


def _line_of(mark: Any) -> int | None:
    return None if mark is None else int(mark.line) + 1


def _note_lines(node: yaml.Node, at: tuple[str, ...], lines: Lines, path: Path) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = (*at, str(key.value))
            line = _line_of(key.start_mark) or 1
            if place in lines:
                raise TaskError("the key stands twice", file=path, line=line, field=".".join(place))
            lines[place] = line
            _note_lines(value, place, lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            place = (*at, str(number))
            lines[place] = _line_of(value.start_mark) or 1
            _note_lines(value, place, lines, path)
