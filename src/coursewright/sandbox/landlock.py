"""L2: a program behind Landlock, a system-call filter and resource limits; nothing to install.

Works unprivileged and inside Docker's default profile. There are no namespaces: the program
sees the machine's file names and process numbers, but reads only what the rules allow, and can
neither signal, trace nor inspect a process that is not its own.

What Landlock leaves open, the filter closes: sockets of every kind, file modes and times,
sessions and file watches, before version 6 signals, before version 3 cutting files short.
What stays: whether a path exists, and its size and times, can be asked of any file that the
user may reach.
"""

from __future__ import annotations

import os

from coursewright.config import SandboxConfig
from coursewright.errors import IsolationError
from coursewright.sandbox import confine, limits, seccomp
from coursewright.sandbox.enclosure import (
    CAP_DAC_READ_SEARCH,
    CAP_SETGID,
    CAP_SETUID,
    Start,
    Users,
    holds_capabilities,
    open_to_others,
)
from coursewright.sandbox.exposure import Exposure, split_around
from coursewright.sandbox.keeper import KeptTree, launch_kept
from coursewright.sandbox.workspace import Folders

_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random")
_SIGNALS_SCOPED, _TRUNCATE_COVERED = 6, 3


class Landlock:
    """Runs programs under a Landlock rule set."""

    level = "L2"
    mechanisms: tuple[str, ...]
    notes: tuple[str, ...]

    def __init__(self, config: SandboxConfig, exposure: Exposure) -> None:
        """Read what this kernel offers.

        Raises:
            IsolationError: no Landlock, or no filter for this processor.
        """
        self._version = confine.landlock_version()
        if self._version == 0:
            raise IsolationError("the kernel offers no Landlock (Linux 5.13 or newer, enabled)")
        target = seccomp.machine()
        if target is None:
            raise IsolationError(f"no system-call filter for {os.uname().machine}")
        refuse: tuple[str, ...] = () if self._version >= _SIGNALS_SCOPED else seccomp.SIGNALS
        if self._version < _TRUNCATE_COVERED:
            refuse += ("truncate",)
        self._filter = seccomp.program_filter(target, namespaces=False, refuse=refuse).hex()
        self._config = config
        self._rules = _machine_rules(exposure)
        self._own_user, self._read_search = _choose_user(exposure)
        self._users = Users()
        self.mechanisms = (
            f"Landlock version {self._version}",
            f"seccomp filter ({os.uname().machine})",
            *(("own user",) if self._own_user else ()),
            "no new privileges, no capabilities"
            + (" but reading, under the Landlock rules" if self._read_search else ""),
            "resource limits and a watch over the tree",
        )
        notes = ["existence, size and times of reachable files outside can be asked"]
        if not self._own_user and os.getuid() == 0:
            notes.append("root without the means of an own user: only the watch counts processes")
        elif not self._own_user:
            notes.append("processes are counted together with the user's other processes")
        if self._version < _SIGNALS_SCOPED:
            notes.append("programs cannot send signals, to their own children neither")
        self.notes = tuple(notes)

    def user(self) -> int | None:
        """Choose a fresh user id where we are root."""
        return self._users.fresh() if self._own_user else None

    def inside(self, folders: Folders) -> Folders:
        """There is no other file tree."""
        return folders

    def start(self, folders: Folders, uid: int | None) -> Start:
        """Let the launcher shut itself in."""
        rules = [
            *self._rules,
            (str(folders.library), confine.READ),
            (str(folders.packages), confine.READ),
            (str(folders.data), confine.READ),
            (str(folders.work), confine.WORK),
            (str(folders.tmp), confine.WORK),
        ]
        return Start(
            uid=uid,
            read_search=self._read_search,
            drop_capabilities=True,
            tasks=limits.task_limit(self._config, shared_user=not self._own_user),
            landlock={"version": self._version, "rules": rules},
            seccomp=self._filter,
        )

    def launch(
        self,
        folders: Folders,
        command: list[str],
        environment: dict[str, str],
        descriptors: list[int],
        output: tuple[int, int],
        lifeline: int,
    ) -> KeptTree:
        """Start the launcher as keeper."""
        return launch_kept(command, environment, descriptors, output, lifeline)


def _choose_user(exposure: Exposure) -> tuple[bool, bool]:
    """Whether programs get a user of their own, and whether it needs the right to read all."""
    if os.getuid() != 0 or not holds_capabilities(CAP_SETGID, CAP_SETUID):
        return False, False
    places = (exposure.interpreter, exposure.library, *exposure.packages.entries.values())
    if all(open_to_others(path) for path in places):
        return True, False
    able = holds_capabilities(CAP_DAC_READ_SEARCH)
    return able, able


def _machine_rules(exposure: Exposure) -> list[tuple[str, int]]:
    """Rules for what lies outside the program's own folders."""
    rules: list[tuple[str, int]] = []
    for root in exposure.readable:
        for part in split_around(root, exposure.hidden):
            rules.append((str(part), confine.READ | confine.EXECUTE))
    # The import system must list the standard library's folder even where it was split.
    rules.append((str(exposure.library), confine.READ_DIR))
    for path in exposure.packages.entries.values():
        rules.append((str(path.resolve()), confine.READ | confine.EXECUTE))
    for device in _DEVICES:
        rules.append((device, confine.READ_FILE | confine.WRITE_FILE))
    return rules
