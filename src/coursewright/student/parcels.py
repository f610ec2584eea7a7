"""Files that travel: from the supervisor to the nodes of a cluster, and back.

A parcel is a file or a folder as objects of the cluster's store, under the digest of its content:
put there once, fetched once by each node, kept on its disk for all slots of the run there.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from filelock import FileLock

from coursewright.errors import HelperLost
from coursewright.store import file_digest, folder_digest, temporary
from coursewright.store.scratch import sweep

READ, WRITTEN = ("base", "rows", "weights"), "out"
"""Fields of a request that name files (see `slots`)."""
_REMEMBERED = 16
"""Parcels that the supervisor keeps in the store; what was not needed for longest is let go."""
_PREFIX = "coursewright-node-"
_OWNER = ".owner"

Content = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True)
class Parcel:
    """A file or folder on its way."""

    digest: str
    files: dict[str, Any]
    """Reference to the content of each file, by its path within the folder."""
    folder: bool


class Sender:
    """Puts files into the store, each content once. What lies under a path may not change."""

    def __init__(self, put: Callable[[Content], Any]) -> None:
        """`put` takes the content of a file and returns a reference to it."""
        self._put = put
        self._sent: OrderedDict[str, Parcel] = OrderedDict()

    def parcel(self, path: str) -> Parcel:
        """Return the file or folder at `path` as a parcel."""
        known = self._sent.get(path)
        if known is None:
            place = Path(path)
            folder = place.is_dir()
            files = _files_of(place) if folder else {place.name: place}
            known = Parcel(
                digest=folder_digest(place) if folder else file_digest(place),
                files={name: self._put(_content(file)) for name, file in files.items()},
                folder=folder,
            )
        self._sent[path] = known
        self._sent.move_to_end(path)
        if len(self._sent) > _REMEMBERED:
            self._sent.popitem(last=False)
        return known

    def forget(self) -> None:
        """Put everything anew when it is next needed: the store has lost some of it."""
        self._sent.clear()


class NodeFiles:
    """What the slots of one run on one node were sent. The last of them takes it away.

    A node that dies leaves it; the next run there sweeps it up.
    """

    def __init__(self, run: str) -> None:
        """`run` is a word that nobody else can guess."""
        sweep(_PREFIX)
        self.path = Path(tempfile.gettempdir()) / f"{_PREFIX}{run}"
        self._mark = self._marked()

    def laid_out(self, parcel: Parcel, get: Callable[[Any], Content]) -> Path:
        """Return where a parcel's file or folder lies; it is fetched if it does not yet."""
        place = self.path / parcel.digest
        with FileLock(self.path / f"{parcel.digest}.lock"):
            if not place.exists():
                part = temporary(self.path)
                try:
                    write_files({name: get(ref) for name, ref in parcel.files.items()}, part)
                    part.rename(place)
                finally:
                    shutil.rmtree(part, ignore_errors=True)
        return place if parcel.folder else place / next(iter(parcel.files))

    def close(self) -> None:
        """Let go of the files, and remove them if nobody else of the run is on this node."""
        with contextlib.suppress(OSError):
            fcntl.flock(self._mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._mark)

    def _marked(self) -> int:
        """Make the folder, and hold a lock in it with the run's other slots."""
        while True:
            with contextlib.suppress(FileExistsError):
                self.path.mkdir(mode=0o700)
            found = self.path.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
                raise HelperLost(f"{self.path} is somebody else's")
            mark = os.open(self.path / _OWNER, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
            fcntl.flock(mark, fcntl.LOCK_SH)
            if (self.path / _OWNER).exists():
                return mark
            os.close(mark)  # swept away while we were coming in


def read_files(folder: Path) -> dict[str, Content]:
    """Return the content of every file of a folder, by its path within."""
    return {name: _content(file) for name, file in _files_of(folder).items()}


def write_files(files: dict[str, Content], folder: Path) -> None:
    """Write files into a folder, which may not exist yet.

    Raises:
        HelperLost: a name leads out of the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or PurePosixPath(name).is_absolute():
            raise HelperLost(f"a worker sent a file called {name[:80]!r}")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        content.tofile(folder / name)


def _files_of(folder: Path) -> dict[str, Path]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file for file in files}


def _content(file: Path) -> Content:
    return np.fromfile(file, dtype=np.uint8)
