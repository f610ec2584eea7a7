"""Starts a program's launcher: what it is told, and all that it holds open."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from coursewright.config import SandboxConfig
from coursewright.sandbox import limits
from coursewright.sandbox.enclosure import Enclosure, Tree
from coursewright.sandbox.workspace import Folders


class OpenLine(Protocol):
    """A pair of sockets before the launcher has its end."""

    theirs: socket.socket

    def started(self) -> None:
        """Let go of their end: the launcher has it now."""


def start_launcher(
    enclosure: Enclosure,
    folders: Folders,
    uid: int | None,
    *,
    interpreter: Path,
    config: SandboxConfig,
    line: OpenLine,
    settings: dict[str, Any],
    environment: dict[str, str],
    output: tuple[int, int],
) -> Tree:
    """Start the launcher in an enclosure; `settings` are what it needs for its kind of program."""
    ours, theirs = socket.socketpair()
    inside = enclosure.inside(folders)
    channel = os.memfd_create("settings")
    try:
        told = {
            **asdict(enclosure.start(folders, uid)),
            "limits": limits.resource_limits(config),
            "line": line.theirs.fileno(),
            "lifeline": theirs.fileno(),
            "work": str(inside.work),
            **settings,
        }
        with open(channel, "wb", closefd=False) as stream:
            stream.write(json.dumps(told).encode())
        os.lseek(channel, 0, os.SEEK_SET)
        command = [str(interpreter), "-s", "-P", "-S", "-u", "-B"]
        command += ["-X", "utf8", str(inside.library / "launcher.py"), str(channel)]
        descriptors = [channel, line.theirs.fileno(), theirs.fileno()]
        tree = enclosure.launch(folders, command, environment, descriptors, output, ours.fileno())
    finally:
        os.close(channel)
        ours.close()
        theirs.close()
    line.started()
    return tree
