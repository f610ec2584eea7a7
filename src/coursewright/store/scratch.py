"""Temporary folders that somebody clears away even after `kill -9`: the next one who needs one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_OWNER = ".owner"
_NEW_SECONDS = 60.0
"""A folder so young may not have been marked by its owner yet."""


class Scratch:
    """A private temporary folder. Its owner holds a lock in it, which no death outlives.

    Making one first sweeps those with the same prefix whose owners are dead: of this user, and
    with a mark that nobody holds. What has no mark is left alone.
    """

    def __init__(self, prefix: str) -> None:
        sweep(prefix)
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        # Not inherited by the processes that live in the folder: they may outlast the owner.
        self._mark = os.open(self.path / _OWNER, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._mark, fcntl.LOCK_EX)

    def close(self) -> None:
        """Remove the folder. Idempotent."""
        shutil.rmtree(self.path, ignore_errors=True)
        mark, self._mark = self._mark, -1
        if mark >= 0:
            os.close(mark)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def sweep(prefix: str) -> None:
    """Remove the temporary folders with this prefix that dead owners left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            found = folder.lstat()
            young = time.time() - found.st_mtime < _NEW_SECONDS
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or young:
                continue
            mark = os.open(folder / _OWNER, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(mark)
