"""Rows of Parquet and Arrow files, also as `datasets` keeps them; needs pyarrow."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from coursewright.errors import TaskError

if TYPE_CHECKING:
    from coursewright.tasks.builders.files import SourceFile

_BATCH = 1000
_LARGEST = 8 * 2**30
"""Bytes a Parquet file may unpack to, by its own account."""

_ERRORS = (OSError, ValueError, KeyError, OverflowError)
"""What pyarrow raises beside its own, such as for a date that Python does not know."""


def parquet_records(file: SourceFile) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a Parquet file. Raises `TaskError` where it is damaged or pyarrow is missing."""
    arrow, parquet = _library("pyarrow", file), _library("pyarrow.parquet", file)
    try:
        opened = parquet.ParquetFile(file.path)
        groups = range(opened.metadata.num_row_groups)
        if sum(opened.metadata.row_group(at).total_byte_size for at in groups) > _LARGEST:
            raise TaskError(f"unpacks to more than {_LARGEST:,} bytes", file=file.path)
        yield from _rows(opened.iter_batches(batch_size=_BATCH), opened.schema_arrow)
    except (arrow.ArrowException, *_ERRORS) as error:
        raise _damaged(file, "parquet", error) from None


def arrow_records(file: SourceFile) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of an Arrow file, in the stream form of `save_to_disk` or the file form."""
    arrow, ipc = _library("pyarrow", file), _library("pyarrow.ipc", file)
    try:
        with arrow.memory_map(str(file.path)) as source:
            try:
                reader = ipc.open_stream(source)
                batches: Any = iter(reader)
            except arrow.ArrowInvalid:
                source.seek(0)
                reader = ipc.open_file(source)
                batches = map(reader.get_batch, range(reader.num_record_batches))
            pieces = (
                batch.slice(at, _BATCH)
                for batch in batches
                for at in range(0, batch.num_rows, _BATCH)
            )
            yield from _rows(pieces, reader.schema)
    except (arrow.ArrowException, *_ERRORS) as error:
        raise _damaged(file, "arrow", error) from None


def _rows(batches: Any, schema: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    names = _class_names(schema)
    number = 0
    for batch in batches:
        for row in batch.to_pylist():
            number += 1
            for column, labels in names.items():
                value = row.get(column)
                if isinstance(value, int) and 0 <= value < len(labels):
                    row[column] = labels[value]
            yield number, row


def _class_names(schema: Any) -> dict[str, list[str]]:
    """Columns that `datasets` keeps as numbers of named classes, with the names."""
    try:
        told = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = told.get("info", {}).get("features", {}).items()
        return {
            column: [str(name) for name in feature["names"]]
            for column, feature in features
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (AttributeError, KeyError, TypeError, ValueError):
        return {}


def _library(name: str, file: SourceFile) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        message = "needs pyarrow: pip install 'coursewright[data]'"
        raise TaskError(message, file=file.path) from None


def _damaged(file: SourceFile, kind: str, error: Exception) -> TaskError:
    return TaskError(f"cannot be read as {kind}: {str(error)[:200]}", file=file.path)
