"""What a level of isolation must offer, so that one way of running programs serves them all."""

from __future__ import annotations

import contextlib
import os
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from coursewright.sandbox.limits import owner_of
from coursewright.sandbox.tree import Process
from coursewright.sandbox.workspace import Folders

_OWN_USERS = range(0x60000000, 0x6FFFFFFF)
"""User ids that no account has; with a small id map (rootless containers) others are taken."""
_FEW_OWN_USERS = range(61184, 65000)

CAP_DAC_READ_SEARCH, CAP_SETGID, CAP_SETUID, CAP_SYS_ADMIN = 2, 6, 7, 21


class Tree(Protocol):
    """A running program with all it has forked."""

    def sources(self) -> tuple[int, ...]:
        """Descriptors worth waking up for: something may have ended or been reported."""

    def ended(self) -> bool:
        """Whether the program itself has ended."""

    def processes(self) -> list[Process]:
        """Everything alive in the tree."""

    def end(self) -> None:
        """Kill what is left of the tree, and return when all of it is dead."""

    def exit_code(self) -> int | None:
        """The program's own exit status, negative for a signal; None when it was not told."""

    def largest(self) -> int:
        """Peak memory in bytes of the largest single process that was collected."""


@dataclass(frozen=True)
class Start:
    """How to start a program: the launcher's settings are common to all levels but for these."""

    uid: int | None = None
    """User of its own, to be taken on by a launcher that is root."""
    read_search: bool = False
    """Whether that user may read what file modes forbid (see `confine.become`)."""
    drop_capabilities: bool = False
    tasks: int | None = None
    """Limit of processes and threads of the program's user."""
    landlock: dict[str, Any] | None = None
    seccomp: str | None = None
    """Filter as hexadecimal text, where the launcher is to install it."""


class Enclosure(Protocol):
    """A level of isolation on this machine."""

    level: str
    mechanisms: tuple[str, ...]
    notes: tuple[str, ...]

    def user(self) -> int | None:
        """Choose the user id for one attempt; None to stay the supervisor's."""

    def inside(self, folders: Folders) -> Folders:
        """Return the folders as the program will see them."""

    def start(self, folders: Folders, uid: int | None) -> Start:
        """Return what the launcher has to do at this level."""

    def launch(
        self,
        folders: Folders,
        command: list[str],
        environment: dict[str, str],
        descriptors: list[int],
        output: tuple[int, int],
        lifeline: int,
    ) -> Tree:
        """Start `command` with just these descriptors and this environment.

        `lifeline` is our end of a pair of sockets that ties the program's keeper to us.
        """


@dataclass
class Users:
    """Hands out user ids, each to one attempt only."""

    taken: set[int] = field(default_factory=set)

    def fresh(self) -> int:
        """Return a user id that no process on this machine runs under."""
        running = {owner_of(int(name)) for name in os.listdir("/proc") if name.isdigit()}
        # Not seeded: the id must differ between supervisors and never reaches a result.
        choose = random.SystemRandom()
        users = _OWN_USERS if _maps_all_users() else _FEW_OWN_USERS
        while (uid := choose.choice(users)) in running or uid in self.taken:
            pass
        self.taken = {uid}
        return uid


def _maps_all_users() -> bool:
    try:
        mapped = Path("/proc/self/uid_map").read_text().split()
    except OSError:
        return False
    return len(mapped) == 3 and mapped[0] == "0" and int(mapped[2]) >= 0xFFFFFFFF


def holds_capabilities(*wanted: int) -> bool:
    """Whether this process has all these capabilities, by their numbers in capabilities(7)."""
    held = 0
    with contextlib.suppress(OSError, ValueError, IndexError):
        status = Path("/proc/self/status").read_text()
        held = int(status.split("CapEff:")[1].split()[0], 16)
    return all(held >> capability & 1 for capability in wanted)


def open_to_others(path: Path) -> bool:
    """Whether any user may reach and read a path."""
    try:
        for folder in path.resolve().parents:
            if not folder.stat().st_mode & 0o001:
                return False
        needed = 0o005 if path.is_dir() else 0o004
        return path.stat().st_mode & needed == needed
    except OSError:
        return False
