"""A bundle: a finished run without its weights and logs, as one zip file.

`bundle.json` in it maps every other member to its SHA-256. Databases are copied whole and settled,
so that they need no companion files.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from coursewright.errors import UsageError
from coursewright.records import Record
from coursewright.store import RunFolder, file_digest, read_stages, resolve_run, storage, temporary
from coursewright.verification.members import DATABASES, MANIFEST, ROUND_FILES

_ROW_KINDS = frozenset(("program", "collect", "audit", "audit_final", "choose", "own rows"))
"""Stages whose outcomes name submissions and data sets."""
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


class Bundled(Record):
    """What `bundle` wrote."""

    run: str
    path: str
    files: int
    bytes: int
    record: str | None
    """The run's digest, as in its result: publish it beside the bundle."""


def write_bundle(run: str, runs: Path, to: Path) -> Bundled:
    """Write a finished run as a bundle to a new file.

    Raises:
        RunFolderError: the run has not finished.
        UsageError: there is such a file already.
        StorageError: disk full; no file is left.
    """
    folder = RunFolder(resolve_run(run, runs))
    result = folder.finished()
    if to.exists():
        raise UsageError(f"--to {to}: exists already; choose another file")
    part = temporary(to.absolute().parent)
    with storage(to, "choose another --to file"), tempfile.TemporaryDirectory() as place:
        try:
            names = _pack(folder, part, Path(place))
            part.replace(to)
        finally:
            part.unlink(missing_ok=True)
    return Bundled(
        run=folder.name,
        path=str(to),
        files=names,
        bytes=to.stat().st_size,
        record=result.record,
    )


def _pack(folder: RunFolder, target: Path, place: Path) -> int:
    digests = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for name, path in _members(folder, place):
            digests[name] = file_digest(path)
            packed.write(path, name)
        manifest = {"format": 1, "files": digests}
        packed.writestr(MANIFEST, json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    return len(digests) + 1


def _members(folder: RunFolder, place: Path) -> Iterator[tuple[str, Path]]:
    """Names in the bundle, and the files that hold them."""
    for name in ("version", "run.yaml", "inputs.json", "result.json"):
        yield name, folder.path / name
    for name in DATABASES:
        if (folder.path / name).is_file():
            settled = place / name
            with (
                contextlib.closing(sqlite3.connect(folder.path / name)) as source,
                contextlib.closing(sqlite3.connect(settled)) as copy,
            ):
                source.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
            yield name, settled
    for path in sorted((folder.path / "rounds").glob("[0-9]*/*")):
        if path.name in ROUND_FILES and path.is_file() and not path.is_symlink():
            yield path.relative_to(folder.path).as_posix(), path
    for digest in sorted(row_artifacts(folder.journal_path)):
        if folder.artifacts.has(digest):
            yield f"artifacts/{digest}", folder.artifacts.path_of(digest)


def row_artifacts(journal: Path) -> set[str]:
    """Digests of all submissions and data sets that a journal names."""
    named: set[str] = set()
    for stage in read_stages(journal):
        if stage["kind"] in _ROW_KINDS:
            named.update(_DIGEST.findall(stage["outcome"]))
        elif stage["kind"] == "train":
            named.add(json.loads(stage["inputs"])["rows"])
    return named
