"""Takes the submission file out of a dead program's folder.

The folder's content is hostile: the file may be a link to our own files, a pipe that blocks
whoever opens it, or 2 GB of nothing. It is opened without following links and without
blocking, must be a plain file of one name, and is copied, bounded, into the store. From then
on only that copy exists.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from coursewright.store import Artifacts
from coursewright.submission.limits import FileRefused

NAMES = ("submission.json", "submission.jsonl")
"""In order of preference, at the top of the work folder."""

CHUNK = 256 * 1024

_MARK = b"\0refused: "
"""Begins the note that is kept in place of a refused file. No submission can begin with it."""

_REFUSALS = {
    "link": "submission file is a symbolic link; write the file itself",
    "hard link": "submission file has more than one name (hard link); write a file of its own",
    "folder": "submission file is a folder; write a JSON file",
    "special": "submission file is a pipe, socket or device; write a plain file",
    "large": "submission file is too large",
    "unreadable": "submission file cannot be opened",
    "changed": "submission file changed while it was read",
}


def fetch(folder: Path, artifacts: Artifacts, limit: int) -> str | None:
    """Copy the submission into the store; its digest, or None if there is no such file.

    A file that may not be taken leaves a note of the reason, whose digest is returned:
    `refusal` reads it.
    """
    try:
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        # A program can take its own folder's permissions away.
        return artifacts.put_bytes(_MARK + b"unreadable")
    try:
        for name in NAMES:
            try:
                found = os.stat(name, dir_fd=directory, follow_symlinks=False)
            except OSError:
                continue
            try:
                return _copy(directory, name, found, artifacts, limit)
            except _NotTaken as refused:
                return artifacts.put_bytes(_MARK + refused.code.encode())
    finally:
        os.close(directory)
    return None


def refusal(head: bytes) -> FileRefused | None:
    """The reason why a file was not taken, if that is what these first bytes say."""
    if not head.startswith(_MARK):
        return None
    message = _REFUSALS.get(head[len(_MARK) :].decode("latin-1"))
    return None if message is None else FileRefused(message)


class _NotTaken(Exception):
    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def _copy(
    directory: int, name: str, found: os.stat_result, artifacts: Artifacts, limit: int
) -> str:
    # Looked at before it is opened: opening a device can have effects of its own.
    _require_plain(found, limit)
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        file = os.open(name, flags, dir_fd=directory)
    except OSError as error:
        raise _NotTaken("unreadable") from error
    try:
        opened = os.fstat(file)
        _require_plain(opened, limit)
        if (opened.st_dev, opened.st_ino) != (found.st_dev, found.st_ino):
            raise _NotTaken("changed")
        size = 0
        with artifacts.incoming() as copy:
            while chunk := os.read(file, CHUNK):
                size += len(chunk)
                if size > limit:
                    raise _NotTaken("large")
                copy.write(chunk)
        return copy.digest
    finally:
        os.close(file)


def _require_plain(status: os.stat_result, limit: int) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise _NotTaken("link")
    if stat.S_ISDIR(status.st_mode):
        raise _NotTaken("folder")
    if not stat.S_ISREG(status.st_mode):
        raise _NotTaken("special")
    if status.st_nlink > 1:
        raise _NotTaken("hard link")
    if status.st_size > limit:
        raise _NotTaken("large")
