"""The program's only way out: it asks for a connection to the teacher and is handed one.

A program may open no socket of its own, at any level. It holds one end of a pair; on request
the supervisor connects to the round's gateway socket and passes the connection through. So the
gateway's socket needs no place in the program's file tree, and no address can be chosen inside.

Messages from the program, one packet each:

    ready       the launcher has given up its rights; the program's own code comes next
    connect     please hand over a connection; the answer carries one, or none when it failed
    rows N      so many rows are saved
"""

from __future__ import annotations

import array
import contextlib
import socket
import time
from collections.abc import Callable
from pathlib import Path

_PACKET = 64
_CONNECTIONS = 20_000
"""Handed over to one program in all; a well-behaved one needs as many as it has calls under
way, and again after long pauses."""
_CONNECT_SECONDS = 0.5
_AT_A_TIME = 128
"""Messages served before the supervisor looks at anything else again."""
_PATIENCE_SECONDS = 1.0
"""So long nobody may be listening at the gateway's socket before it counts as lost."""


class Line:
    """The supervisor's end of a program's line."""

    def __init__(self, gateway: Path, on_rows: Callable[[int], None]) -> None:
        self._gateway = str(gateway)
        self._on_rows = on_rows
        self._rows = 0
        self._handed = 0
        self._refused_since: float | None = None
        self.lost = False
        """Whether the gateway is gone: the program asks again and again in vain."""
        self.ready = False
        """Whether the launcher got as far as the program."""
        self.open = True
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.ours.setblocking(False)

    def started(self) -> None:
        """Let go of the program's end once the program holds it."""
        self.theirs.close()

    def close(self) -> None:
        """Let go of both ends."""
        self.open = False
        self.theirs.close()
        self.ours.close()

    def listen(self) -> None:
        """Serve the messages that have come; a flood of them only in part."""
        for _ in range(_AT_A_TIME):
            try:
                packet = self.ours.recv(_PACKET)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if not packet:
                self.open = False
                return
            self._serve(packet)

    def _serve(self, packet: bytes) -> None:
        if packet == b"ready":
            self.ready = True
        elif packet == b"connect":
            self._hand_over()
        elif packet.startswith(b"rows ") and packet[5:].isdigit() and len(packet) <= 16:
            rows = int(packet[5:])
            if rows != self._rows:
                self._rows = rows
                self._on_rows(rows)

    def _hand_over(self) -> None:
        connection = None
        if self._handed < _CONNECTIONS:
            self._handed += 1
            connection = self._connect()
        rights = [] if connection is None else _rights(connection)
        # A program that does not fetch its answers loses them; it must not hold us up.
        with contextlib.suppress(OSError):
            self.ours.sendmsg([b"none" if connection is None else b"line"], rights)
        if connection is not None:
            connection.close()

    def _connect(self) -> socket.socket | None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_CONNECT_SECONDS)
        try:
            connection.connect(self._gateway)
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            self._note_refusal()
            return None
        except OSError:
            # Merely busy; the program asks again.
            connection.close()
            return None
        self._refused_since = None
        # The flag travels with the connection; the program's client sets its own.
        connection.setblocking(False)
        return connection

    def _note_refusal(self) -> None:
        now = time.monotonic()
        if self._refused_since is None:
            self._refused_since = now
        self.lost = now - self._refused_since > _PATIENCE_SECONDS


def _rights(connection: socket.socket) -> list[tuple[int, int, bytes]]:
    descriptors = array.array("i", [connection.fileno()])
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors.tobytes())]
