"""Looks at a running program's whole tree and its files, and says which cap was passed."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from coursewright.config import SandboxConfig
from coursewright.sandbox.tree import Process

INTERVAL = 0.05
"""Seconds between two looks at the processes."""
_FILES_EVERY = 4
"""Files are looked at every so many looks: a walk costs more than a glance at /proc."""
_MAPPINGS = 200_000
"""Over the whole tree, some tenths of a second to read; honest processes have a thousand each."""

_ON_THEIR_WAY = 16
"""A file in a socket is in no table of descriptors; honest processes send one or two at a time."""


class Watch:
    """Sums a tree's memory, processes and CPU time, and the files it keeps."""

    def __init__(
        self,
        config: SandboxConfig,
        processes: Callable[[], list[Process]],
        folders: Sequence[Path],
    ) -> None:
        self._config = config
        self._processes = processes
        self._folders = folders
        self._looks = 0
        self._due = 0.0
        self.peak_bytes = 0

    def wait(self) -> float:
        """Seconds until the next look is due."""
        return max(0.0, self._due - time.monotonic())

    def look(self) -> str | None:
        """Return in words which cap the program has passed, or None."""
        began = time.monotonic()
        found = self._processes()
        reason = self._of_processes(found)
        if reason is None and self._looks % _FILES_EVERY == 0:
            reason = self._of_files(found)
        self._looks += 1
        spent = time.monotonic() - began
        # Never more than a twentieth of one core, however many files or processes there are.
        self._due = time.monotonic() + max(INTERVAL, 20 * spent if reason is None else 0.0)
        return reason

    def _of_processes(self, found: list[Process]) -> str | None:
        config = self._config
        if len(found) > config.processes:
            return f"more than {config.processes} processes"
        seconds = sum(process.seconds for process in found)
        if seconds > config.cpu_seconds:
            return f"more than {config.cpu_seconds} s of CPU time"
        used = sum(process.resident for process in found)
        if used > config.memory_bytes:
            # Resident sizes count a page once for each process that shares it.
            used = sum(_own_share(process) for process in found)
        if used > config.memory_bytes:
            # Who ended while being counted was counted in full, and so were its sharers.
            used = sum(_own_share(process) for process in self._processes())
        self.peak_bytes = max(self.peak_bytes, used)
        if used > config.memory_bytes:
            return f"more than {config.memory_bytes // 1024**2} MiB of memory"
        return None

    def _of_files(self, found: list[Process]) -> str | None:
        config = self._config
        # Before the walk: whoever loses its name in between is then missed once, never doubled.
        unnamed = _unnamed_files(found)
        if isinstance(unnamed, str):
            return unnamed
        count, size = len(unnamed), sum(unnamed.values())
        if count > config.files:
            return f"more than {config.files} files"
        for folder in self._folders:
            entries, closed = _walk(folder)
            if closed:
                return "folders too deep, or closed, to be looked into"
            for entry in entries:
                count += 1
                try:
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
                except OSError:
                    continue
                if count > config.files:
                    return f"more than {config.files} files"
        if size > config.file_bytes:
            return f"more than {config.file_bytes // 1024**2} MiB of files"
        return None


def _own_share(process: Process) -> int:
    """Memory of a process with shared pages divided among their users, if that can be read."""
    try:
        with open(f"/proc/{process.pid}/smaps_rollup", "rb") as stream:
            for line in stream:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return process.resident


def _unnamed_files(processes: Sequence[Process]) -> dict[tuple[int, int], int] | str:
    """Bytes on disk of files that no folder lists any more, by device and inode.

    They live as long as a descriptor or a mapping; a reason to stop where there are more mappings,
    or descriptors on their way through a socket, than can be looked into. No file is opened: the
    links in /proc are followed by `stat` alone. No file system is left out: the program can write
    nowhere but in its folders, and the filter refuses files that are memory alone. What is not seen
    stands in docs/threat-model.md.
    """
    files: dict[tuple[int, int], int] = {}
    sent: dict[tuple[int, int], int] = {}
    mappings = 0
    for process in processes:
        places = _descriptors(process)
        with contextlib.suppress(OSError), open(f"/proc/{process.pid}/maps", "rb") as stream:
            for line in stream:
                mappings += 1
                if line.endswith(b" (deleted)\n"):
                    start, end = (int(part, 16) for part in line.split(None, 1)[0].split(b"-"))
                    places.append(f"/proc/{process.pid}/map_files/{start:x}-{end:x}")
        if mappings > _MAPPINGS:
            return f"more than {_MAPPINGS} mappings of memory, too many to be looked into"
        for place in places:
            # Descriptors are closed and processes end while they are looked at.
            with contextlib.suppress(OSError):
                told = os.stat(place)
                if told.st_nlink == 0 and stat.S_ISREG(told.st_mode):
                    files[told.st_dev, told.st_ino] = told.st_blocks * 512
                elif stat.S_ISSOCK(told.st_mode):
                    sent[told.st_dev, told.st_ino] = _on_their_way(place)
    if sum(sent.values()) > _ON_THEIR_WAY:
        return f"more than {_ON_THEIR_WAY} open files on their way through sockets"
    return files


def _on_their_way(socket: str) -> int:
    """Descriptors that were sent to a socket, and that nobody has taken out of it yet."""
    with open(socket.replace("/fd/", "/fdinfo/"), "rb") as stream:
        told = (line.split() for line in stream)
        return next((int(words[1]) for words in told if words[0] == b"scm_fds:"), 0)


def _descriptors(process: Process) -> list[str]:
    """Where /proc shows what a process holds open."""
    found: list[str] = []
    with contextlib.suppress(OSError):
        place = f"/proc/{process.pid}"
        found = [f"{place}/fd/{name}" for name in os.listdir(f"{place}/fd")]
        if not found and process.threads > 1:
            # Nothing is shown once the first thread has ended; the others share its table.
            for thread in os.listdir(f"{place}/task"):
                table = f"{place}/task/{thread}/fd"
                found += [f"{table}/{name}" for name in os.listdir(table)]
    return found


def _walk(folder: Path) -> tuple[list[os.DirEntry[str]], bool]:
    """List everything below a folder, following no link.

    Also tells whether a folder refused itself: files could grow there that nobody counts.
    """
    found: list[os.DirEntry[str]] = []
    closed = False
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                inside = list(entries)
        except OSError as error:
            closed |= error.errno in (errno.ENAMETOOLONG, errno.EACCES)
            continue
        found += inside
        waiting += [entry.path for entry in inside if entry.is_dir(follow_symlinks=False)]
    return found, closed
