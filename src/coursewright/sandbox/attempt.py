"""One program's life, from start to verdict, whatever kind of program it is."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from coursewright.config import SandboxConfig
from coursewright.errors import HelperLost, IsolationError, ProgramLost
from coursewright.records import ExecutionStatus
from coursewright.sandbox.enclosure import Tree
from coursewright.sandbox.output import Stream
from coursewright.sandbox.watch import Watch

_SIGKILL, _SIGXCPU = 9, 24
_READ = 1 << 18
_DRAIN_SECONDS = 5.0


class LineCut(HelperLost):
    """Nobody listens at the round's teacher socket any more; the program was stopped."""


class ControlLine(Protocol):
    """Our end of a pair of sockets whose other end the launcher holds."""

    ours: socket.socket
    open: bool
    ready: bool
    """Whether the launcher got as far as the program."""
    lost: bool
    """Whether what the line leads to is gone."""

    def listen(self) -> None:
        """Serve the messages that have come."""


class Attempt:
    """One program's life, from start to verdict."""

    def __init__(
        self,
        config: SandboxConfig,
        line: ControlLine,
        began: float,
        deadline: float,
        who: str = "the program",
    ) -> None:
        self._config = config
        self._line = line
        self._began = began
        self._deadline = deadline
        self._who = who
        self._streams: dict[int, Stream] = {}
        self._reason: str | None = None
        self._timed_out = False
        self.code: int | None = None
        self.peak = 0
        self.seconds = 0.0
        self.out = Stream(config.output_bytes)
        self.err = Stream(config.output_bytes)

    def run(self, launch: Callable[[tuple[int, int]], tuple[Tree, list[Path]]]) -> None:
        """Start the program, follow it to its end, and leave nothing alive."""
        out, out_write = os.pipe()
        err, err_write = os.pipe()
        self._streams = {out: self.out, err: self.err}
        try:
            try:
                tree, folders = launch((out_write, err_write))
            finally:
                os.close(out_write)
                os.close(err_write)
            watch = Watch(self._config, tree.processes, folders)
            try:
                self._follow(tree, watch)
            finally:
                tree.end()
                self.peak = max(watch.peak_bytes, tree.largest())
            self._drain()
            self.code = tree.exit_code()
        finally:
            for stream in (out, err):
                os.close(stream)
            self.seconds = time.monotonic() - self._began

    def _follow(self, tree: Tree, watch: Watch) -> None:
        poller = select.poll()
        for source in (*self._streams, self._line.ours.fileno(), *tree.sources()):
            poller.register(source, select.POLLIN)
        reading = set(self._streams)
        while not tree.ended():
            left = self._deadline - time.monotonic()
            if left <= 0:
                self._timed_out = True
                return
            for source, _ in poller.poll(1000 * min(watch.wait(), left)):
                if source in reading and not self._read(source):
                    reading.discard(source)
                    poller.unregister(source)
                elif source == self._line.ours.fileno():
                    self._line.listen()
                    if not self._line.open:
                        poller.unregister(source)
            if self._line.lost:
                raise LineCut("nobody answers at the teacher line any more")
            if self._reason is None and watch.wait() == 0:
                self._reason = watch.look()
            if self._reason is not None:
                return

    def _read(self, source: int) -> bool:
        data = os.read(source, _READ)
        stream = self._streams[source]
        stream.feed(data)
        if stream.total > stream.flood:
            self._reason = f"more than {stream.flood // 1024**2} MiB of output"
        return bool(data)

    def _drain(self) -> None:
        """Read what the dead program left in its pipes."""
        self._line.listen()
        limit = time.monotonic() + _DRAIN_SECONDS
        for source in self._streams:
            os.set_blocking(source, False)
            with contextlib.suppress(BlockingIOError):
                while time.monotonic() < limit and self._read(source):
                    pass

    def verdict(self) -> tuple[ExecutionStatus, str]:
        """Tell what ended the program.

        Raises:
            ProgramLost, IsolationError: nothing of the program's own doing.
        """
        if self._timed_out:
            return "timeout", f"{self._who} ran into its deadline of {self._allowed():g} s"
        if self._reason is not None:
            return "killed", self._reason
        if self.code == -_SIGXCPU:
            return "killed", f"more than {self._config.cpu_seconds} s of CPU time"
        if self.code is None or self.code == -_SIGKILL:
            raise ProgramLost(f"{self._who} was killed from outside")
        if not self._line.ready:
            told = self.err.text({}).strip().splitlines()
            last = told[-1] if told else "died"
            raise IsolationError(f"{self._who} could not be started: {last}")
        if self.code == 0:
            return "ok", ""
        if self.code < 0:
            return "raised", f"{self._who} ended by signal {-self.code}"
        return "raised", f"{self._who} ended with exit status {self.code}"

    def _allowed(self) -> float:
        return round(self._deadline - self._began, 3)
