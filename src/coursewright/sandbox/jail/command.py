"""Runs a command agent's program, one errand at a time, in a jail of its own."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Iterable
from pathlib import Path

from coursewright.config import CommandAgent, SandboxConfig
from coursewright.errors import ConfigError, ProgramLost
from coursewright.records import Errand, Isolation
from coursewright.sandbox.attempt import Attempt
from coursewright.sandbox.bubblewrap import Layout
from coursewright.sandbox.enclosure import Enclosure, Tree
from coursewright.sandbox.exposure import Exposure
from coursewright.sandbox.jail.desk import lay_out, write_system_files
from coursewright.sandbox.jail.forwarder import Forwarder
from coursewright.sandbox.jail.line import CommandLine
from coursewright.sandbox.jail.view import View
from coursewright.sandbox.mounts import Mounts
from coursewright.sandbox.packages import PackageView
from coursewright.sandbox.starting import start_launcher
from coursewright.sandbox.workspace import Folders, Workspace
from coursewright.store import NotTaken, chunks_of, untrusted_folder

_PORT = 3128
"""Of the proxy, on loopback in the jail's own network, where nothing else listens."""
_UID_OF_NAMESPACE = 1000
_SHORTEST_SECRET = 8
_ROOM = Path("/coursewright")
_HOME = _ROOM / "home"
_PYTHON = _ROOM / "bin"
_INSIDE = Folders(
    work=_ROOM / "work",
    tmp=Path("/tmp"),
    data=Path("/etc"),
    library=_ROOM / "library",
    packages=_ROOM / "packages",
    home=_HOME,
)


class CommandJail:
    """A `protocols.Jail` over one level of isolation."""

    def __init__(self, part: CommandAgent, view: View, enclosure: Enclosure) -> None:
        """Make ready; nothing runs yet.

        Raises:
            ConfigError: a variable to hand over is not set.
        """
        self.isolation = Isolation(
            level=enclosure.level,  # type: ignore[arg-type]
            mechanisms=enclosure.mechanisms,
            verified=False,
            notes=enclosure.notes,
        )
        self.walled = enclosure.level == "L3"
        """Whether it has a file tree and a network of its own."""
        self._part = part
        self._view = view
        self._enclosure = enclosure
        self._handed = handed_over(part.environment)
        self._limits = agent_limits(part)
        self._workspace = Workspace(PackageView({}, ()))

    def python(self) -> tuple[str, ...]:
        """Return the interpreter's command: it is at home in every jail."""
        return (str(self._view.exposure.interpreter), "-I", "-S")

    def close(self) -> None:
        """Remove the jail's folder."""
        self._workspace.close()

    def run(self, files: dict[str, bytes], *, wanted: dict[str, int], deadline: float) -> Errand:
        """See `protocols.Jail`."""
        return self.errand(
            self._view.command, files, wanted, deadline, hosts=self._part.network, own=True
        )

    def errand(
        self,
        command: tuple[str, ...],
        files: dict[str, bytes],
        wanted: dict[str, int],
        deadline: float,
        *,
        hosts: Iterable[str],
        own: bool,
    ) -> Errand:
        """Run any command in the jail; with what the user hands over only if it is his `own`.

        Raises:
            ConfigError: the command cannot be started.
            IsolationError: its walls cannot be put up.
        """
        began = time.monotonic()
        hosts = tuple(hosts)
        uid = self._enclosure.user()
        folders = lay_out(self._workspace, files, self._part.home if own else None, uid)
        handed = self._handed if own else {}
        forwarder = Forwarder(hosts)
        try:
            write_system_files(folders, _HOME, _UID_OF_NAMESPACE if uid is None else uid)
            line = CommandLine(forwarder)
            with contextlib.closing(line):
                attempt = Attempt(self._limits, line, began, began + deadline, "the command")
                attempt.run(
                    lambda out: self._launch(folders, uid, command, hosts, handed, line, out)
                )
            if line.failure:
                raise ConfigError(
                    f"{command[0]!r} cannot be started in its jail: {line.failure}; it may need "
                    "a first line such as #!/bin/sh, more paths in agent.read, or the right for "
                    "others to read and execute it (chmod a+rx)",
                    field="agent.command",
                )
            try:
                status, reason = attempt.verdict()
            except ProgramLost:
                status, reason = "killed", "the command was killed"
            names = self._names(folders, handed)
            taken, refused = take(folders.work, wanted)
            return Errand(
                status=status,
                reason=reason,
                seconds=attempt.seconds,
                stdout=attempt.out.text(names),
                stderr=attempt.err.text(names),
                files={name: without_secrets(data, handed) for name, data in taken.items()},
                refused=refused,
                down=tuple(forwarder.down),
                unreachable=tuple(_without(name, names) for name in forwarder.unreachable),
            )
        finally:
            self._workspace.discard(folders)

    def _launch(
        self,
        folders: Folders,
        uid: int | None,
        command: tuple[str, ...],
        hosts: tuple[str, ...],
        handed: dict[str, str],
        line: CommandLine,
        output: tuple[int, int],
    ) -> tuple[Tree, list[Path]]:
        inside = self._enclosure.inside(folders)
        proxied = bool(hosts) and self.walled
        tree = start_launcher(
            self._enclosure,
            folders,
            uid,
            interpreter=self._view.exposure.interpreter,
            config=self._limits,
            line=line,
            settings={
                "command": {
                    "words": command,
                    "input": str(inside.work / "brief.json"),
                    "port": _PORT if proxied else None,
                },
            },
            environment=self._environment(inside, proxied) | handed,
            output=output,
        )
        assert folders.home is not None
        return tree, [folders.work, folders.tmp, folders.home]

    def _environment(self, inside: Folders, proxied: bool) -> dict[str, str]:
        path = f"{self._view.path}:{_PYTHON}" if self.walled else self._view.path
        environment = {
            "PATH": path,
            "HOME": str(inside.home),
            "TMPDIR": str(inside.tmp),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "SHELL": "/bin/sh",
            "USER": "agent",
            "LOGNAME": "agent",
        }
        if proxied:
            proxy = f"http://127.0.0.1:{_PORT}"
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
                environment |= {name: proxy, name.lower(): proxy}
            # Node's own client looks at the variables above only when this one is set.
            environment["NODE_USE_ENV_PROXY"] = "1"
        return environment

    def _names(self, folders: Folders, handed: dict[str, str]) -> dict[str, str]:
        """What stands in the record for places of this machine, and for secrets."""
        names = {value: f"${name}" for name, value in secrets_of(handed).items()}
        for places in (folders, self._enclosure.inside(folders)):
            names |= {str(places.work): "work", str(places.home): "home"}
        return names


def jail_layout(view: View) -> Layout:
    """Return how bubblewrap arranges a jail."""

    def mounts(shown: Exposure, folders: Folders) -> list[str]:
        tree = Mounts()
        tree.machine(shown)
        tree.devices()
        for file in sorted(folders.data.iterdir()):
            tree.read_only(file, Path("/etc") / file.name)
        tree.folder(_PYTHON)
        tree.words += ["--symlink", str(shown.interpreter), str(_PYTHON / "python3")]
        assert folders.home is not None
        tree.read_only(folders.library, _INSIDE.library)
        tree.writable(folders.work, _INSIDE.work)
        tree.writable(folders.home, _HOME)
        tree.writable(folders.tmp, _INSIDE.tmp)
        tree.writable(folders.tmp, Path("/dev/shm"))
        # Last, for they may lie below any of the places above.
        for path in view.shown:
            tree.folder(path.parent)
            tree.read_only(path.resolve(), path)
        tree.seal()
        return tree.words

    return Layout(_INSIDE, mounts, sockets=True, further=view.shown)


def agent_limits(part: CommandAgent) -> SandboxConfig:
    """Return the caps on a command agent. Its CPU time is bounded by its deadline alone."""
    cores = os.cpu_count() or 1
    return SandboxConfig(
        memory_bytes=part.memory_bytes,
        cpu_seconds=math.ceil(part.seconds * cores) + 1,
        processes=part.processes,
        file_bytes=part.file_bytes,
        files=part.files,
        output_bytes=part.output_bytes,
    )


def handed_over(names: Iterable[str]) -> dict[str, str]:
    """Return variables of our environment by name.

    Raises:
        ConfigError: one is not set.
    """
    missing = [name for name in names if name not in os.environ]
    if missing:
        raise ConfigError(
            f"{', '.join(missing)} is not set; export it, or do not name it",
            field="agent.environment",
        )
    return {name: os.environ[name] for name in names}


def secrets_of(handed: dict[str, str]) -> dict[str, str]:
    """Return the variables whose values are long enough to be told from ordinary text."""
    return {name: value for name, value in handed.items() if len(value) >= _SHORTEST_SECRET}


def without_secrets(data: bytes, handed: dict[str, str]) -> bytes:
    """Put names in the place of values: what an agent writes is recorded, and runs."""
    for name, value in secrets_of(handed).items():
        data = data.replace(value.encode("utf-8", "surrogateescape"), f"${name}".encode())
    return data


def _without(text: str, names: dict[str, str]) -> str:
    for secret, name in names.items():
        text = text.replace(secret, name)
    return text


def take(folder: Path, wanted: dict[str, int]) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return what could safely be taken of some files, and why others could not."""
    taken: dict[str, bytes] = {}
    refused: dict[str, str] = {}
    try:
        with untrusted_folder(folder) as directory:
            for name, limit in wanted.items():
                try:
                    taken[name] = b"".join(chunks_of(directory, name, limit))
                except FileNotFoundError:
                    continue
                except NotTaken as reason:
                    refused[name] = reason.code
    except (FileNotFoundError, NotADirectoryError):
        pass
    except NotTaken as reason:
        refused = dict.fromkeys(wanted, reason.code)
    return taken, refused
