"""Tries to break out of a command agent's jail before it is trusted.

Like the probe of curation programs (`sandbox.probe`): bait outside, a program inside that goes
for it (`escape.py`), and a judgement out here. Two things differ. The program may use sockets,
so that what it reached is told by who was reached; and one more listener stands for a named
host, which must be reached, and through the proxy only.
"""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from coursewright.errors import IsolationError
from coursewright.records import Errand
from coursewright.sandbox.bait import planted, seen_outside
from coursewright.sandbox.jail.command import CommandJail
from coursewright.sandbox.probe import Findings

_SECONDS = 30.0
_PROGRAM = Path(__file__).with_name("escape.py")
_FOUND = "found.json"


def probe_jail(jail: CommandJail, withheld: Iterable[Path]) -> Findings:
    """Run the escape probe in a jail.

    Raises:
        IsolationError: the jail does not even run the probe.
    """
    with planted() as bait, _named_host(bait.secret) as (port, told):
        targets: dict[str, Any] = {
            **bait.targets,
            "folders": [str(bait.folder), *map(str, withheld)],
            "named": ["127.0.0.1", port],
            "named_socket": bait.targets["named"],
        }
        errand = jail.errand(
            (*jail.python(), "escape.py"),
            {
                "brief.json": json.dumps(targets).encode(),
                "escape.py": _PROGRAM.read_bytes(),
            },
            {_FOUND: 64 * 1024},
            _SECONDS,
            hosts=[f"127.0.0.1:{port}"],
            own=False,
        )
        try:
            found: dict[str, list[str]] = json.loads(errand.files[_FOUND])
        except (KeyError, ValueError) as error:
            raise IsolationError(f"the escape probe did not run: {_last_line(errand)}") from error
        escapes = [*found["escapes"], *seen_outside(bait)]
        if len(told) > 1:
            escapes.append("reached a named host without the proxy")
        broken = [] if told else ["a named host was not reached through the proxy"]
    return Findings(tuple(escapes), tuple(broken))


@contextlib.contextmanager
def _named_host(secret: str) -> Iterator[tuple[int, list[bytes]]]:
    """Stand in for a host that the user named; yields its port, and the secrets it was told."""
    told: list[bytes] = []

    class Visit(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(_SECONDS)
            with contextlib.suppress(OSError):
                # Whoever says anything else is a stranger on this machine.
                if (said := self.request.recv(64)) == secret.encode():
                    told.append(said)

    with socketserver.TCPServer(("127.0.0.1", 0), Visit) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_address[1], told
        server.shutdown()


def _last_line(errand: Errand) -> str:
    lines = errand.stderr.strip().splitlines()
    return lines[-1] if lines else errand.reason or errand.status
