"""A process that answers line by line, with a deadline per line and bounded output."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

LONGEST_REPLY = 65_536
_TAIL = 600
"""Bytes of standard error that are told."""
_PIECE = 65_536


class Broken(Exception):
    """The process ended, was late or said too much: it is of no more use. The text says which."""


class Pipe:
    """The process of a command; killed with its whole process group when this object goes.

    Raises `Broken` if it cannot be started.
    """

    def __init__(
        self, command: Sequence[str], folder: Path | None, environment: Mapping[str, str]
    ) -> None:
        try:
            self._process = subprocess.Popen(
                list(command),
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise Broken(f"cannot be started: {error}") from None
        self._stdin, self._stdout, self._stderr = (
            _ready(stream)
            for stream in (self._process.stdin, self._process.stdout, self._process.stderr)
        )
        self._heard, self._complaints = b"", b""
        self._end = weakref.finalize(self, _kill, self._process)

    def ask(self, line: bytes, seconds: float) -> bytes:
        """Send one line, return the next one. Raises `Broken`, after which it must be closed."""
        self._hear(complaint=False)
        if self._heard:
            raise Broken("wrote a line that nobody asked for")
        deadline = time.monotonic() + seconds
        unsent = memoryview(line)
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdin, selectors.EVENT_WRITE)
            selector.register(self._stdout, selectors.EVENT_READ)
            selector.register(self._stderr, selectors.EVENT_READ)
            while True:
                left = deadline - time.monotonic()
                ready = selector.select(max(0.0, left))
                if not ready and left <= 0:
                    raise Broken(f"gave no reply within {seconds:g} s{self._said()}")
                for key, _ in ready:
                    if key.fileobj is self._stdin:
                        unsent = self._send(unsent)
                        if not unsent:
                            selector.unregister(self._stdin)
                    elif not self._hear(key.fileobj is self._stderr):
                        selector.unregister(key.fileobj)
                        if key.fileobj is self._stdout:
                            raise Broken(f"ended{self._status()}{self._said()}")
                reply, newline, rest = self._heard.partition(b"\n")
                if len(reply) > LONGEST_REPLY or (newline and rest):
                    raise Broken("wrote more than one short line for one answer")
                if newline:
                    self._heard = b""
                    return reply

    def close(self) -> None:
        """Kill the process, its whole group."""
        self._end()

    def _send(self, unsent: memoryview) -> memoryview:
        try:
            return unsent[os.write(self._stdin.fileno(), unsent[:_PIECE]) :]
        except BlockingIOError:
            return unsent
        except OSError:
            return unsent[len(unsent) :]  # it reads no more; its end is met on the other side

    def _hear(self, complaint: bool) -> bool:
        """Read what is there; False at the end of the stream."""
        stream = self._stderr if complaint else self._stdout
        try:
            piece = os.read(stream.fileno(), _PIECE)
        except BlockingIOError:
            return True
        if complaint:
            self._complaints = (self._complaints + piece)[-_TAIL:]
        else:
            self._heard += piece
        return bool(piece)

    def _status(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return f" with status {self._process.wait(timeout=0.2)}"
        return ""

    def _said(self) -> str:
        with contextlib.suppress(OSError):
            self._hear(complaint=True)
        text = " ".join(self._complaints.decode(errors="replace").split())
        return f"; its standard error ends: {text[-400:]}" if text else ""


def _ready(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    os.set_blocking(stream.fileno(), False)
    return stream


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with process:  # closes the pipes and waits
        pass
