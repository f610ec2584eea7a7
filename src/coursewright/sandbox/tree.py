"""Finds and ends a process tree through /proc.

Also copied beside the launcher, where the keeper of L2 uses it: standard library only, and
nothing of coursewright.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import NamedTuple

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


class Process(NamedTuple):
    """What one line of /proc/PID/stat says."""

    pid: int
    parent: int
    session: int
    alive: bool
    """False for a zombie: dead, but not yet collected by its parent, and no thread left."""
    seconds: float
    """CPU time of the process and of its children that have ended."""
    threads: int
    resident: int
    """Bytes in memory, shared pages included."""


def read_process(pid: int) -> Process | None:
    """Return one process, None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            text = stream.read()
    except OSError:
        return None
    # The name stands in parentheses and may hold anything, parentheses included.
    fields = text[text.rfind(b")") + 2 :].split()
    if len(fields) < 22:
        return None
    ended, threads, resident = fields[0] in (b"Z", b"X"), int(fields[17]), int(fields[21])
    if ended and threads > 1:
        # Only its first thread has ended: the others live on, and show what it uses.
        resident = _resident_of_threads(pid)
    return Process(
        pid=pid,
        parent=int(fields[1]),
        session=int(fields[3]),
        alive=not ended or threads > 1,
        seconds=sum(int(field) for field in fields[11:15]) / _TICKS,
        threads=threads,
        resident=resident * _PAGE,
    )


def _resident_of_threads(pid: int) -> int:
    """Pages in memory, told by any thread that is left."""
    for thread in _threads(pid):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/statm", "rb") as stream:
            if pages := int(stream.read().split()[1]):
                return pages
    return 0


def _threads(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def all_processes() -> list[Process]:
    """Return every process that /proc shows."""
    found = (read_process(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return [process for process in found if process is not None]


def _children(pid: int) -> list[int] | None:
    """Return the direct children, None where the kernel keeps no such list."""
    children: list[int] = []
    for thread in _threads(pid):
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as stream:
                children += [int(word) for word in stream.read().split()]
        except FileNotFoundError:
            if os.path.exists(f"/proc/{pid}/task/{thread}/stat"):
                return None
        except OSError:
            continue
    return children


def descendants(root: int) -> list[Process]:
    """Return the processes below `root`, without `root` itself."""
    found: list[Process] = []
    waiting = [root]
    while waiting:
        children = _children(waiting.pop())
        if children is None:
            return _descendants_by_parent(root)
        for child in children:
            process = read_process(child)
            if process is not None:
                found.append(process)
                waiting.append(child)
    return found


def _descendants_by_parent(root: int) -> list[Process]:
    everything = all_processes()
    known = {root}
    found: list[Process] = []
    grown = True
    while grown:
        grown = False
        for process in everything:
            if process.parent in known and process.pid not in known:
                known.add(process.pid)
                found.append(process)
                grown = True
    return found


def in_session(session: int) -> list[Process]:
    """Return the processes of a session, wherever in the tree they hang."""
    return [process for process in all_processes() if process.session == session]


def kill(processes: list[Process]) -> int:
    """Send SIGKILL to each; return how many were still alive."""
    alive = [process for process in processes if process.alive]
    for process in alive:
        with contextlib.suppress(OSError):
            os.kill(process.pid, signal.SIGKILL)
    return len(alive)
