"""Our end of a jail's control line: hears that the command starts, and gets its listener."""

from __future__ import annotations

import socket

from coursewright.sandbox.jail.forwarder import Forwarder

_PACKET = 256


class CommandLine:
    """A pair of sockets between launcher and supervisor (see `attempt.ControlLine`).

    Messages from the launcher, one packet each:

        ready       it has given up its rights; a listening socket may come along
        failed TEXT the command could not be started
    """

    lost = False

    def __init__(self, forwarder: Forwarder) -> None:
        self._forwarder = forwarder
        self.ready = False
        self.open = True
        self.failure = ""
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.ours.setblocking(False)

    def started(self) -> None:
        """Let go of the launcher's end once the launcher holds it."""
        self.theirs.close()

    def close(self) -> None:
        """Let go of both ends, and of every connection."""
        self.open = False
        self.theirs.close()
        self.ours.close()
        self._forwarder.close()

    def listen(self) -> None:
        """Serve the messages that have come. The command itself has no hold of this line."""
        while self.open:
            try:
                packet, handed, _, _ = socket.recv_fds(self.ours, _PACKET, 1)
            except BlockingIOError:
                return
            except OSError:
                packet, handed = b"", []
            listeners = [socket.socket(fileno=descriptor) for descriptor in handed]
            if packet == b"ready":
                self.ready = True
                for listener in listeners:
                    self._forwarder.start(listener)
            elif packet.startswith(b"failed "):
                self.failure = packet[7:].decode("utf-8", "replace")
            elif not packet:
                self.open = False
