"""Where an export goes: a folder that is made whole or not at all, or a hub repository."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from coursewright.errors import UsageError
from coursewright.store import storage, sync_folder, temporary

HUB = "hub:"
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9_][\w.-]{0,95}", re.ASCII)
_ELSEWHERE = "choose another --to folder"


def repository(to: str) -> str | None:
    """ORG/NAME of `hub:ORG/NAME`; None for a folder.

    Raises:
        UsageError: `to` begins like a hub repository and names none.
    """
    if not to.startswith(HUB):
        return None
    name = to.removeprefix(HUB)
    if _REPOSITORY.fullmatch(name) is None or "--" in name or ".." in name:
        raise UsageError(f"--to {to[:120]}: expected hub:ORG/NAME, such as hub:my-org/my-student")
    return name


def require_free(target: Path, run: Path, *, force: bool) -> None:
    """Refuse a target that holds something, or that must not be replaced.

    Raises:
        UsageError: not empty and no `force`; or it is, holds or lies in the run folder; or
            replacing it would take away the current or the home folder.
    """
    target, run = target.resolve(), run.resolve()
    if run == target or run in target.parents:
        raise UsageError(f"--to {target}: lies in the run folder, which stays as it is")
    if target.exists() and not target.is_dir():
        raise UsageError(f"--to {target}: is a file; name a folder")
    with storage(target, _ELSEWHERE):
        if not target.is_dir() or not any(target.iterdir()):
            return
    if not force:
        raise UsageError(f"--to {target}: is not empty; choose another, or replace it with --force")
    precious = (run, Path.cwd().resolve(), Path.home().resolve())
    if any(target == place or target in place.parents for place in precious):
        raise UsageError(f"--to {target}: holds more than an export; --force does not replace it")


@contextlib.contextmanager
def placed(target: Path) -> Iterator[Path]:
    """Write into the folder this gives; it becomes `target` when the block ends without an error.

    What stood at `target` is there until then, and gone afterwards.

    Raises:
        StorageError: disk full or place not writable; `target` is as it was.
    """
    target = target.resolve()
    with storage(target, _ELSEWHERE):
        target.parent.mkdir(parents=True, exist_ok=True)
        part = temporary(target.parent)
        part.mkdir()
        try:
            yield part
            _sync(part)
            _exchange(part, target)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _exchange(part: Path, target: Path) -> None:
    """Put `part` in the place of `target`; put the old one back if that fails."""
    old = temporary(target.parent)
    had = target.exists()
    if had:
        target.rename(old)
    try:
        part.rename(target)
    except OSError:
        if had:
            old.rename(target)
        raise
    sync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Make a finished folder survive a power cut before it gets its name."""
    for path in folder.rglob("*"):
        if path.is_dir():
            sync_folder(path)
            continue
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    sync_folder(folder)
