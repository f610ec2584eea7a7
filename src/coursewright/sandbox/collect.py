"""A child process of ours, its end seen through a descriptor and collected exactly once."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess


class Collected:
    """Wraps a started process; `code` stands once it has ended."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid
        self.handle = os.pidfd_open(process.pid)
        self.code: int | None = None
        self.largest = 0
        """Peak memory in bytes of the largest process below, as far as it was collected."""

    def ended(self) -> bool:
        """Collect the process if it has ended."""
        return self.code is not None or self._collect(os.WNOHANG)

    def wait(self, seconds: float) -> bool:
        """Wait for the end; whether it came."""
        if self.code is not None:
            return True
        poller = select.poll()
        poller.register(self.handle, select.POLLIN)
        return bool(poller.poll(seconds * 1000)) and self._collect(0)

    def kill(self) -> None:
        """Kill the process and collect it."""
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._collect(0)

    def _collect(self, options: int) -> bool:
        try:
            pid, status, usage = os.wait4(self.pid, options)
        except ChildProcessError:
            # Somebody else collected it; how it ended is not known any more.
            self.code = self._process.returncode if self._process.returncode is not None else -9
        else:
            if pid == 0:
                return False
            self.code = os.waitstatus_to_exitcode(status)
            self.largest = usage.ru_maxrss * 1024
        self._process.returncode = self.code
        os.close(self.handle)
        return True
