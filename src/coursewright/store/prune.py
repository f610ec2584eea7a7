"""Frees the space of a finished run's checkpoints; all that the record needs stays."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursewright.config import RunTeacher
from coursewright.errors import RunFolderError
from coursewright.store.artifacts import DIGEST
from coursewright.store.durable import storage, sync_folder
from coursewright.store.folder import RunFolder
from coursewright.store.journal import read_stages
from coursewright.store.run import hold


@dataclass(frozen=True)
class Pruned:
    """What `prune` removed."""

    files: int
    freed_bytes: int


def prune(path: Path) -> Pruned:
    """Delete the checkpoints of a finished run.

    Kept: the delivered student, every data set and submission, the ledger, the journal. So the
    run can still be shown, tried and reproduced.

    Raises:
        RunFolderError: the run has not finished: it still needs its checkpoints.
        RunHeld: another process is working on it.
    """
    folder = RunFolder(path)
    lock = hold(path)
    try:
        if folder.result() is None:
            raise RunFolderError(
                f"has not finished; `coursewright resume {folder.name}` goes on with it, and a run "
                "that nobody wants any more can be deleted whole",
                file=path,
            )
        with storage(path):
            folder.artifacts.sweep()
            return _remove(folder, _checkpoints(folder))
    finally:
        lock.release()


def _checkpoints(folder: RunFolder) -> set[str]:
    """Manifests and files that belong to checkpoints and to nothing else."""
    weights: set[str] = set()
    others: set[str] = set()
    teacher = folder.config.teacher
    if isinstance(teacher, RunTeacher) and teacher.weights is not None:
        weights.add(teacher.weights)  # its answers are in the ledger
    for row in read_stages(folder.journal_path):
        for text in (row["inputs"], row["outcome"]):
            _collect(json.loads(text), weights, others)
    files = {
        member
        for digest in weights
        if folder.artifacts.has(digest)
        for member in folder.artifacts.members(digest).values()
    }
    return (weights | files) - others


def _collect(value: Any, weights: set[str], others: set[str], key: str = "") -> None:
    """Sort the digests in a journal record by whether the field's name says `weights`."""
    if isinstance(value, dict):
        for name, part in value.items():
            _collect(part, weights, others, name)
    elif isinstance(value, list):
        for part in value:
            _collect(part, weights, others, key)
    elif isinstance(value, str) and DIGEST.fullmatch(value):
        (weights if key == "weights" else others).add(value)


def _remove(folder: RunFolder, digests: set[str]) -> Pruned:
    files = freed = 0
    for digest in digests:
        path = folder.artifacts.folder / digest
        if path.is_file():
            freed += path.stat().st_size
            path.unlink()
            files += 1
    sync_folder(folder.artifacts.folder)
    return Pruned(files=files, freed_bytes=freed)
