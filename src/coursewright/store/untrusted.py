"""Opens files that somebody hostile may have written.

Such a file may be a link to our own files, a pipe that blocks whoever opens it, or 2 GB of
nothing. It is looked at before it is opened, opened without following links and without
blocking, must be a plain file of one name, and is read up to a limit.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

CHUNK = 256 * 1024


class NotTaken(Exception):
    """The file is none that may be read; `code` says why, in one of the words below.

    link, hard link, folder, special (a pipe, socket or device), large, unreadable, changed.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@contextlib.contextmanager
def untrusted_folder(folder: Path) -> Iterator[int]:
    """Hold a folder open while its files are taken; yields its descriptor.

    Raises:
        FileNotFoundError, NotADirectoryError: there is no such folder.
        NotTaken: a program can take its own folder's permissions away.
    """
    try:
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise NotTaken("unreadable") from error
    try:
        yield directory
    finally:
        os.close(directory)


def chunks_of(directory: int, name: str, limit: int) -> Iterator[bytes]:
    """Yield the content of one file of an open folder, at most `limit` bytes in all.

    Raises:
        FileNotFoundError: there is no such file.
        NotTaken: it is none that may be read, or longer than `limit`.
    """
    try:
        found = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise NotTaken("unreadable") from error
    # Looked at before it is opened: opening a device can have effects of its own.
    _require_plain(found, limit)
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        file = os.open(name, flags, dir_fd=directory)
    except OSError as error:
        raise NotTaken("unreadable") from error
    try:
        opened = os.fstat(file)
        _require_plain(opened, limit)
        if (opened.st_dev, opened.st_ino) != (found.st_dev, found.st_ino):
            raise NotTaken("changed")
        size = 0
        while chunk := os.read(file, CHUNK):
            size += len(chunk)
            if size > limit:
                raise NotTaken("large")
            yield chunk
    finally:
        os.close(file)


def _require_plain(status: os.stat_result, limit: int) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise NotTaken("link")
    if stat.S_ISDIR(status.st_mode):
        raise NotTaken("folder")
    if not stat.S_ISREG(status.st_mode):
        raise NotTaken("special")
    if status.st_nlink > 1:
        raise NotTaken("hard link")
    if status.st_size > limit:
        raise NotTaken("large")
