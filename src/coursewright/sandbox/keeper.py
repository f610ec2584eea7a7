"""A program's tree where there is no process namespace: watched over by the launcher's keeper.

The keeper is the launcher's first process. At L3 it is the first of the namespace, too (see
`bubblewrap`). Here it stays outside the walls, adopts every orphan of the program, and kills the
whole tree when the program ends or when its lifeline to us is cut, be it on purpose or because we
were killed ourselves.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time

from coursewright.errors import IsolationError
from coursewright.sandbox import tree
from coursewright.sandbox.collect import Collected

_PATIENCE_SECONDS = 5.0


def launch_kept(
    command: list[str],
    environment: dict[str, str],
    descriptors: list[int],
    output: tuple[int, int],
    lifeline: int,
) -> KeptTree:
    """Start a launcher that becomes keeper."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output[0],
        stderr=output[1],
        env=environment,
        cwd="/",
        pass_fds=descriptors,
        start_new_session=True,
    )
    return KeptTree(process, os.dup(lifeline))


def reported(report: bytes) -> int:
    """The exit status in a keeper's report, negative for a signal."""
    return os.waitstatus_to_exitcode(int(report))


class KeptTree:
    """The keeper and everything below it."""

    def __init__(self, process: subprocess.Popen[bytes], lifeline: int) -> None:
        self._collected = Collected(process)
        self._lifeline = lifeline
        self._report = b""
        self._sessions: set[int] = set()

    def sources(self) -> tuple[int, ...]:
        """The keeper's end."""
        return (self._collected.handle,)

    def ended(self) -> bool:
        """Whether the keeper has ended, which it does after the whole tree."""
        return self._collected.ended()

    def processes(self) -> list[tree.Process]:
        """The program and what it forked; the keeper has adopted what was left behind."""
        found = tree.descendants(self._collected.pid)
        self._sessions.update(process.session for process in found)
        return found

    def end(self) -> None:
        """Cut the lifeline; if the keeper is gone or slow, do its work."""
        self.processes()
        with contextlib.suppress(OSError):
            self._report = os.read(self._lifeline, 64) if self._collected.ended() else b""
        os.close(self._lifeline)
        if not self._collected.wait(_PATIENCE_SECONDS):
            while tree.kill(tree.descendants(self._collected.pid)):
                time.sleep(0.001)
            self._collected.kill()
        self._sweep()

    def _sweep(self) -> None:
        """Kill by session: with `setsid` refused, nothing of the tree can have left it."""
        limit = time.monotonic() + 30.0
        for session in self._sessions - {os.getsid(0)}:
            while tree.kill(tree.in_session(session)):
                if time.monotonic() > limit:
                    raise IsolationError("a program's processes could not be killed within 30 s")
                time.sleep(0.001)

    def exit_code(self) -> int | None:
        """The program's status as the keeper reported it."""
        return reported(self._report) if self._report else self._collected.code

    def largest(self) -> int:
        """Peak of the largest process."""
        return self._collected.largest
