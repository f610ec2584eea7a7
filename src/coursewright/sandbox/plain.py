"""L1 and L0: resource limits and a watch, and at L1 a user of its own. Not isolation.

Refused unless the run allows weak isolation; such a run is never called verified. A program
can read whatever its user can, and reach the network.
"""

from __future__ import annotations

import os

from coursewright.config import SandboxConfig
from coursewright.errors import IsolationError
from coursewright.sandbox import limits
from coursewright.sandbox.enclosure import Start, Users, open_to_others
from coursewright.sandbox.exposure import Exposure
from coursewright.sandbox.keeper import KeptTree, launch_kept
from coursewright.sandbox.workspace import Folders


class Plain:
    """Runs programs as ordinary processes."""

    level: str
    mechanisms: tuple[str, ...]
    notes: tuple[str, ...]

    def __init__(self, config: SandboxConfig, exposure: Exposure, *, own_user: bool) -> None:
        """Choose between L1 (own user) and L0.

        Raises:
            IsolationError: an own user is asked for and cannot be had.
        """
        if own_user and os.getuid() != 0:
            raise IsolationError("only root can give a program a user of its own")
        places = (exposure.interpreter, exposure.library, *exposure.packages.entries.values())
        if own_user and not all(open_to_others(path) for path in places):
            raise IsolationError("another user could not read this Python interpreter")
        self._config = config
        self._own_user = own_user
        self._users = Users()
        self.level = "L1" if own_user else "L0"
        self.mechanisms = ("own user",) if own_user else ()
        self.mechanisms += ("resource limits and a watch over the tree",)
        self.notes = ("programs reach the network and every file their user may read",)

    def user(self) -> int | None:
        """Choose a fresh user id at L1."""
        return self._users.fresh() if self._own_user else None

    def inside(self, folders: Folders) -> Folders:
        """There is no other file tree."""
        return folders

    def start(self, folders: Folders, uid: int | None) -> Start:
        """Limits only."""
        tasks = limits.task_limit(self._config, shared_user=not self._own_user)
        return Start(uid=uid, tasks=tasks)

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
