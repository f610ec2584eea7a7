"""Files that are either all there or not there, even after a power cut.

Everything is written temp → fsync → rename → fsync folder. What the disk or the database
refuses becomes one line for the user.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from coursewright.errors import RunFolderError, RunHeld, StorageError

TEMPORARY = ".part-"
"""Prefix of files and folders that are still being written."""

_REFUSALS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
    errno.ENOLCK,
}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextlib.contextmanager
def storage(place: Path, otherwise: str = "choose another --runs folder") -> Iterator[None]:
    """Say in one line what kept us from reading or writing at `place`.

    `otherwise` is what to do about a place that cannot be written.

    Raises:
        StorageError: disk full, not writable, or failing.
        RunFolderError: the database is damaged.
        RunHeld: another process writes the database.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        reason = (error.strerror or str(error)).lower()
        hint = "free some space" if error.errno in _FULL else otherwise
        raise StorageError(f"{reason}; {hint}", file=place) from error
    except sqlite3.Error as error:
        raise _told(error, place) from error


def _told(error: sqlite3.Error, place: Path) -> Exception:
    # Extended codes carry the plain one in their low byte.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StorageError("no space left on device; free some space", file=place)
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
        return StorageError(f"{error}; is the disk full or the folder read-only?", file=place)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return RunFolderError("is damaged: not a database that can be read", file=place)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return RunHeld(f"{place}: another process is writing it")
    return error


def sync_folder(folder: Path) -> None:
    """Make renames and new names in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def temporary(folder: Path) -> Path:
    """A free name in `folder` for something still being written."""
    return folder / f"{TEMPORARY}{secrets.token_hex(8)}"


def write_file(path: Path, content: str | bytes) -> None:
    """Replace `path` by `content`, whole or not at all; text is written as UTF-8.

    Raises:
        StorageError: disk full or folder not writable.
    """
    # Text from outside may hold lone surrogates; a log must not fail for that.
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    part = temporary(path.parent)
    with storage(path):
        try:
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            sync_folder(path.parent)
        finally:
            part.unlink(missing_ok=True)
