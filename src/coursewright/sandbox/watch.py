"""Looks at a running program's whole tree and its files, and says which cap was passed."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from coursewright.config import SandboxConfig
from coursewright.sandbox.tree import Process

INTERVAL = 0.05
"""Seconds between two looks at the processes."""
_FILES_EVERY = 4
"""Files are looked at every so many looks: a walk costs more than a glance at /proc."""


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
            reason = self._of_files()
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

    def _of_files(self) -> str | None:
        config = self._config
        count = size = 0
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
