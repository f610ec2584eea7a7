"""Data sets as artifacts: JSON lines of `TracedRow`, one canonical text for one list of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pydantic import ValidationError

from coursewright.errors import RunFolderError
from coursewright.records import TracedRow
from coursewright.store.artifacts import Artifacts
from coursewright.store.canonical import canonical


def put_rows(artifacts: Artifacts, rows: Iterable[TracedRow]) -> str:
    """Keep a data set; equal rows in equal order give equal digests."""
    with artifacts.incoming() as new:
        for row in rows:
            new.write(canonical(row).encode("utf-8") + b"\n")
    return new.digest


def read_rows(
    artifacts: Artifacts, digest: str, wanted: Callable[[bytes], bool] | None = None
) -> tuple[TracedRow, ...]:
    """Read a data set, or only the rows whose lines are `wanted`: the rest is not even parsed.

    Raises:
        RunFolderError: it is missing, or not a data set.
    """
    path = artifacts.path_of(digest)
    rows = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if wanted is not None and not wanted(line):
                continue
            try:
                rows.append(TracedRow.model_validate_json(line))
            except ValidationError as error:
                raise RunFolderError(
                    "is not a row of a data set", file=path, line=number
                ) from error
    return tuple(rows)
