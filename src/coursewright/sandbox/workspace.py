"""The folders of a sandbox on disk: what all its programs read, and one place per attempt."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import py_compile
import shutil
import tempfile
import time
import weakref
from dataclasses import dataclass
from pathlib import Path

from coursewright.sandbox.packages import PackageView

_HERE = Path(__file__).parent
_SHOWN = (
    *("coursewright_program.py", "coursewright_teacher.py"),
    *("coursewright_material.py", "coursewright_corpus.py"),
    *("launcher.py", "confine.py", "tree.py"),
)
"""Our own files that a program's process reads."""
_PREFIX = "coursewright-sandbox-"
_GRACE_SECONDS = 60
_LONG_PATH = 2000
"""Half of what the kernel takes; a name in it has at most 255 bytes."""


@dataclass(frozen=True)
class Folders:
    """The places of one attempt: on this machine, or as the program sees them."""

    work: Path
    """The program's own; the submission is written here."""
    tmp: Path
    data: Path
    """The trusted files handed in, read-only."""
    library: Path
    """Launcher and client, read-only."""
    packages: Path
    """The importable part of site-packages, read-only."""
    home: Path | None = None
    """A command agent's own; curation programs are at home in their work folder."""


class Workspace:
    """A temporary folder, removed when the sandbox goes, or by the next one if it was killed."""

    def __init__(self, packages: PackageView) -> None:
        _sweep()
        self.root = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = _hold(self.root)
        self._finalizer = weakref.finalize(self, _remove, self.root)
        self.library = self.root / "library"
        self.packages = self.root / "packages"
        self._attempts = 0
        # Others may pass through by name, not list: an own user must reach its work folder.
        self.root.chmod(0o711)
        for folder in (self.library, self.packages):
            folder.mkdir(mode=0o755)
        for name in _SHOWN:
            copy = self.library / name
            shutil.copyfile(_HERE / name, copy)
            copy.chmod(0o644)
            compiled = py_compile.compile(str(copy), dfile=name, doraise=True)
            Path(str(compiled)).chmod(0o644)
        (self.library / "__pycache__").chmod(0o755)
        for name, path in packages.entries.items():
            (self.packages / name).symlink_to(path)

    def attempt(self, code: str, files: dict[str, Path], uid: int | None) -> Folders:
        """Make the fresh folders of one attempt, its work folder owned by `uid`."""
        place = self.fresh()
        folders = Folders(
            work=place / "work",
            tmp=place / "tmp",
            data=place / "data",
            library=self.library,
            packages=self.packages,
        )
        folders.data.mkdir(mode=0o755)
        for name, source in files.items():
            copy = folders.data / name
            shutil.copyfile(source, copy)
            copy.chmod(0o444)
        for folder in (folders.work, folders.tmp):
            folder.mkdir(mode=0o700)
        program = folders.work / "program.py"
        # Text that is not UTF-8 is the agent's mistake: the program then fails as a program.
        program.write_bytes(code.encode("utf-8", "surrogatepass"))
        if uid is not None:
            for owned in (folders.work, folders.tmp, program):
                os.chown(owned, uid, uid)
        return folders

    def fresh(self) -> Path:
        """Make the place of one attempt."""
        self._attempts += 1
        place = self.root / f"attempt-{self._attempts}"
        place.mkdir(mode=0o711)
        return place

    def discard(self, folders: Folders) -> None:
        """Remove the folders of a finished attempt."""
        _remove(folders.work.parent)

    def close(self) -> None:
        """Remove everything."""
        self._finalizer()
        os.close(self._lock)


def _hold(root: Path) -> int:
    """Lock a workspace for the life of this process."""
    descriptor = os.open(root / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


def _sweep() -> None:
    """Remove workspaces whose owner was killed before it could."""
    for root in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if root.is_symlink() or root.stat().st_uid != os.getuid():
                continue
            descriptor = os.open(root / "lock", os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                # A moment's grace for one that is just being made and not locked yet.
                if time.time() - os.fstat(descriptor).st_mtime > _GRACE_SECONDS:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    _remove(root)
            finally:
                os.close(descriptor)


def _remove(place: Path) -> None:
    """Remove a tree, whatever modes a program gave its folders, following no link.

    Folders too deep for a path are first moved up to `place`, where the program could not lay
    anything.
    """
    numbers = itertools.count()
    waiting = [place]
    emptied = []
    while waiting:
        folder = waiting.pop()
        emptied.append(folder)
        for entry in _entries(folder):
            with contextlib.suppress(OSError):
                inner = Path(entry.path)
                if not entry.is_dir(follow_symlinks=False):
                    inner.unlink()
                    continue
                if len(entry.path) > _LONG_PATH:
                    inner.chmod(0o700)
                    inner = inner.rename(place / f".removed-{next(numbers)}")
                waiting.append(inner)
    for folder in reversed(emptied):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with contextlib.suppress(OSError):
        os.chmod(folder, 0o700)
        with os.scandir(folder) as entries:
            return list(entries)
    return []
