"""The caps on one program, as resource limits of its processes.

Resource limits hold per process and at once; the watch (`watch.py`) holds over the whole tree
and a moment later. Together they bound what can happen between two looks.
"""

from __future__ import annotations

import os

from coursewright.config import SandboxConfig
from coursewright.sandbox import tree

_THREADS = 512
"""Tasks beyond `processes`: programs like to ask the teacher from a pool of threads."""
_SLACK = 512 * 1024**2
"""Untouched thread stacks and allocator arenas count as data though they use no memory."""


def resource_limits(config: SandboxConfig) -> dict[str, tuple[int, int]]:
    """Return soft and hard limits by their names in the `resource` module.

    Memory is limited as RLIMIT_DATA: a process that grabs too much gets a MemoryError and so a
    traceback. An address-space limit would already stop libraries that only reserve space.
    """
    return {
        "RLIMIT_CORE": (0, 0),
        "RLIMIT_CPU": (config.cpu_seconds, config.cpu_seconds + 2),
        "RLIMIT_DATA": (config.memory_bytes + _SLACK,) * 2,
        # A little less than all files together may hold: the program hears of it as an error.
        "RLIMIT_FSIZE": (config.file_bytes * 15 // 16,) * 2,
        "RLIMIT_MEMLOCK": (65536, 65536),
        "RLIMIT_MSGQUEUE": (0, 0),
        "RLIMIT_NOFILE": (1024, 1024),
    }


def task_limit(config: SandboxConfig, *, shared_user: bool) -> int:
    """Return the limit of processes and threads of the program's user.

    The kernel counts per user. Where that is the supervisor's own user and no user namespace
    begins a new count, what the user already runs is added, which leaves a loose bound.
    """
    allowed = config.processes + _THREADS
    if shared_user:
        mine = os.getuid()
        allowed += sum(
            process.threads for process in tree.all_processes() if owner_of(process.pid) == mine
        )
    return allowed


def owner_of(pid: int) -> int | None:
    """The user of a process; None once it is gone."""
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None
