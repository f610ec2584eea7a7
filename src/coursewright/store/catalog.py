"""Finding runs: all of a folder, newest first, or one by its id or path."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from coursewright.errors import RunFolderError
from coursewright.records import Result, Waiting
from coursewright.store.durable import TEMPORARY
from coursewright.store.folder import RunFolder
from coursewright.store.run import NAME

RunStatus = Literal["finished", "no-valid-submission", "running", "interrupted", "broken"]


@dataclass(frozen=True)
class RunEntry:
    """A line of `coursewright list`."""

    name: str
    path: Path
    status: RunStatus
    created: str = ""
    """ISO 8601, UTC; empty if unknown."""
    task: str = ""
    result: Result | None = None
    waiting: Waiting | None = None
    """What a person has to approve before it goes on."""
    problem: str = ""
    """What is wrong with a broken run folder."""


def list_runs(runs: Path) -> list[RunEntry]:
    """All runs under a folder, newest first; broken ones are listed with what is wrong.

    Folders that never were runs are left out.
    """
    try:
        folders = [path for path in runs.iterdir() if _looks_like_run(path)]
    except OSError:
        return []
    return sorted(map(describe, folders), key=lambda run: (run.created, run.name), reverse=True)


def describe(path: Path) -> RunEntry:
    """One run as `list` shows it; never raises for a broken folder."""
    name = path.resolve().name
    try:
        folder = RunFolder(path)
        result, config = folder.result(), folder.config
    except (RunFolderError, OSError) as error:
        return RunEntry(name, path, "broken", problem=str(error))
    if is_held(path):
        status: RunStatus = "running"
    else:
        status = "interrupted" if result is None else result.status
    return RunEntry(
        name, path, status, folder.marker.created, config.task, result, folder.requests.waiting()
    )


def is_held(path: Path) -> bool:
    """Whether a living process holds the run."""
    try:
        lock = os.open(path / "lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        # Shared, and for an instant: whoever wants the lock waits longer than that.
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def resolve_run(reference: str, runs: Path) -> Path:
    """The folder of a run named by its id under `runs`, or by a path.

    Raises:
        RunFolderError: there is no such run; names a similar one.
    """
    named = runs / reference
    if NAME.fullmatch(reference) and named.is_dir():
        return named
    if os.path.isdir(reference):  # unlike Path.is_dir, an error for no text at all
        return Path(reference)
    known = [run.name for run in list_runs(runs)]
    near = get_close_matches(reference, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "`coursewright list` shows all runs"
    raise RunFolderError(f"there is no run {reference[:100]!r}; {hint}", file=runs)


def _looks_like_run(path: Path) -> bool:
    if path.name.startswith(TEMPORARY) or not path.is_dir():
        return False
    return any((path / name).exists() for name in ("version", "run.yaml", "journal.sqlite"))
