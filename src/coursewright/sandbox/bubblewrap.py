"""L3: a program in its own namespaces, set up by bubblewrap, behind a system-call filter.

Two ways in. As root with the right to mount, bubblewrap works without a user namespace, and the
launcher turns into a user of its own once the mounts stand; the program is then a stranger on
this machine even if it got out, and the kernel counts its processes apart. Otherwise a user
namespace is made; the program's files then belong to the supervisor's user.

Either way the program sees an own file tree, process table, network without any interface,
message queues and host name. The tree is dead when its first process is.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from coursewright.config import SandboxConfig
from coursewright.errors import IsolationError
from coursewright.sandbox import limits, seccomp, tree
from coursewright.sandbox.collect import Collected
from coursewright.sandbox.enclosure import (
    CAP_DAC_READ_SEARCH,
    CAP_SETGID,
    CAP_SETUID,
    CAP_SYS_ADMIN,
    Start,
    Users,
    holds_capabilities,
)
from coursewright.sandbox.exposure import Exposure
from coursewright.sandbox.keeper import reported
from coursewright.sandbox.mounts import Mounts
from coursewright.sandbox.workspace import Folders

_ROOM = Path("/coursewright")
_INSIDE = Folders(
    work=_ROOM / "work",
    tmp=Path("/tmp"),
    data=_ROOM / "data",
    library=_ROOM / "library",
    packages=_ROOM / "packages",
)


@dataclass(frozen=True)
class Layout:
    """What differs between the two kinds of programs that bubblewrap shuts in."""

    inside: Folders
    """The folders as the program sees them, whatever they are outside."""
    mounts: Callable[[Exposure, Folders], list[str]]
    """Arguments that make the file tree around an attempt's folders."""
    sockets: bool
    """Whether it may use the network of its namespace, in which there is only itself."""
    further: tuple[Path, ...] = ()
    """What it must be able to read beside interpreter and packages."""


class Bubblewrap:
    """Runs programs in namespaces."""

    level = "L3"
    mechanisms: tuple[str, ...]
    notes: tuple[str, ...]

    def __init__(
        self, config: SandboxConfig, exposure: Exposure, layout: Layout | None = None
    ) -> None:
        """Find bubblewrap and decide on the way in; the layout is a curation program's or this.

        Raises:
            IsolationError: this machine cannot do it, with what would help.
        """
        found = shutil.which("bwrap")
        if found is None:
            raise IsolationError("bubblewrap is not installed (apt-get install bubblewrap)")
        target = seccomp.machine()
        if target is None:
            raise IsolationError(f"no system-call filter for {os.uname().machine}")
        self._program = found
        self._exposure = exposure
        self._layout = layout or Layout(_INSIDE, program_mounts, sockets=False)
        self._filter = seccomp.program_filter(target, namespaces=True, sockets=self._layout.sockets)
        readable = _readable_inside(exposure, self._layout.further)
        self._own_user = _may_mount() and (readable or holds_capabilities(CAP_DAC_READ_SEARCH))
        self._read_search = self._own_user and not readable
        self._users = Users()
        self._tasks = limits.task_limit(config, shared_user=False)
        self.mechanisms = (
            _version(found),
            "own user" if self._own_user else "user namespace",
            "namespaces: mount, pid, network, ipc, uts, cgroup",
            f"seccomp filter ({os.uname().machine})",
            "no new privileges, no capabilities",
            "resource limits and a watch over the tree",
        )
        self.notes = self._find_notes()

    def _find_notes(self) -> tuple[str, ...]:
        if self._own_user:
            return (
                ("the own user may read what file modes forbid, in its own file tree only",)
                if self._read_search
                else ()
            )
        if os.getuid() == 0:
            return ("root without the right to mount: processes are counted by the watch only",)
        if _kernel() < (5, 14):
            return ("kernel before 5.14: processes are counted by the watch only",)
        return ()

    def user(self) -> int | None:
        """Choose a fresh user id where we are root."""
        return self._users.fresh() if self._own_user else None

    def inside(self, folders: Folders) -> Folders:
        """Every attempt sees the same places, whatever they are outside."""
        return self._layout.inside

    def start(self, folders: Folders, uid: int | None) -> Start:
        """Bubblewrap does the rest; only the change of user is left to the launcher."""
        counts = self._own_user or (os.getuid() != 0 and _kernel() >= (5, 14))
        return Start(uid=uid, read_search=self._read_search, tasks=self._tasks if counts else None)

    def launch(
        self,
        folders: Folders,
        command: list[str],
        environment: dict[str, str],
        descriptors: list[int],
        output: tuple[int, int],
        lifeline: int,
    ) -> NamespaceTree:
        """Start bubblewrap. Its own environment is the program's: it can be read inside."""
        told, tell = os.pipe()
        rules = os.memfd_create("filter")
        try:
            os.write(rules, self._filter)
            os.lseek(rules, 0, os.SEEK_SET)
            arguments = [
                self._program,
                *self._namespaces(),
                "--json-status-fd",
                str(tell),
                "--seccomp",
                str(rules),
                *self._layout.mounts(self._exposure, folders),
                "--",
                *command,
            ]
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output[0],
                stderr=output[1],
                env=environment,
                cwd="/",
                pass_fds=[*descriptors, rules, tell],
            )
        except BaseException:
            os.close(told)
            raise
        finally:
            os.close(tell)
            os.close(rules)
        return NamespaceTree(process, told, os.dup(lifeline))

    def _namespaces(self) -> list[str]:
        options = ["--as-pid-1", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
        options += ["--unshare-cgroup-try", "--hostname", "program", "--new-session"]
        options += ["--die-with-parent", "--cap-drop", "ALL"]
        if self._own_user:
            kept = ["CAP_SETUID", "CAP_SETGID"]
            kept += ["CAP_DAC_READ_SEARCH"] if self._read_search else []
            return options + [word for name in kept for word in ("--cap-add", name)]
        return [*options, "--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"]


def program_mounts(shown: Exposure, folders: Folders) -> list[str]:
    """The file tree of a curation program."""
    mounts = Mounts()
    mounts.machine(shown)
    mounts.folder(_ROOM)
    for name, path in shown.packages.entries.items():
        mounts.read_only(path, _INSIDE.packages / name)
    mounts.devices()
    mounts.read_only(folders.library, _INSIDE.library)
    mounts.read_only(folders.data, _INSIDE.data)
    mounts.writable(folders.work, _INSIDE.work)
    mounts.writable(folders.tmp, _INSIDE.tmp)
    # Semaphores and shared memory count as files too, and are bounded with them.
    mounts.writable(folders.tmp, Path("/dev/shm"))
    mounts.seal()
    return mounts.words


class NamespaceTree:
    """A bubblewrap process and, inside, the keeper as first process of a process namespace."""

    def __init__(self, process: subprocess.Popen[bytes], told: int, lifeline: int) -> None:
        self._collected = Collected(process)
        self._told = told
        self._lifeline = lifeline
        self._report = b""
        os.set_blocking(told, False)
        self._status = b""
        self._first: int | None = None
        self._first_handle: int | None = None

    def sources(self) -> tuple[int, ...]:
        """Bubblewrap's end, and its reports."""
        return (self._collected.handle,)

    def ended(self) -> bool:
        """Whether bubblewrap has ended, which it does with the program."""
        return self._collected.ended()

    def _listen(self) -> None:
        """Learn the process id of the namespace's first process."""
        if self._first is not None:
            return
        with contextlib.suppress(OSError):
            self._status += os.read(self._told, 4096)
        for line in self._status.splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                first = int(json.loads(line)["child-pid"])
                with contextlib.suppress(OSError):
                    self._first_handle = os.pidfd_open(first)
                self._first = first

    def processes(self) -> list[tree.Process]:
        """Everything in the namespace but its first process, the keeper."""
        self._listen()
        return [] if self._first is None else tree.descendants(self._first)

    def end(self) -> None:
        """Kill the namespace's first process: the kernel kills all others before it is gone."""
        self._listen()
        if self._first_handle is not None:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self._first_handle, signal.SIGKILL)
        self._collected.kill()
        if self._first_handle is not None:
            _wait_until_gone(self._first_handle)
            os.close(self._first_handle)
            self._first_handle = None
        # Nothing is left that could hold the other end open.
        with contextlib.suppress(OSError):
            self._report = os.read(self._lifeline, 64)
        for descriptor in (self._told, self._lifeline):
            os.close(descriptor)

    def exit_code(self) -> int | None:
        """The program's status as the keeper reported it.

        What stays open: a program that sends itself SIGKILL or SIGXCPU ends as if somebody else,
        or the limit of CPU time, had done it.
        """
        if self._report:
            return reported(self._report)
        # Bubblewrap's own end, for want of a keeper's: 128 + n where signal n ended the keeper.
        code = self._collected.code
        return 128 - code if code is not None and code > 128 else code

    def largest(self) -> int:
        """Peak of the largest process."""
        return self._collected.largest


def _wait_until_gone(handle: int) -> None:
    import select

    poller = select.poll()
    poller.register(handle, select.POLLIN)
    if not poller.poll(30_000):
        raise IsolationError("a program's processes could not be killed within 30 s")


def _may_mount() -> bool:
    """Whether we are root with the capabilities for mounting and changing users."""
    needed = (CAP_SETGID, CAP_SETUID, CAP_SYS_ADMIN)
    return os.getuid() == 0 and holds_capabilities(*needed)


def _readable_inside(exposure: Exposure, further: tuple[Path, ...]) -> bool:
    """Whether a stranger may read what he is shown, once parents are out of the way."""
    packages = exposure.packages.entries.values()
    for path in (exposure.interpreter, exposure.library, *packages, *further):
        needed = 0o005 if path.is_dir() else 0o004
        if path.stat().st_mode & needed != needed:
            return False
        inner = path / "__init__.py"
        if inner.exists() and not inner.stat().st_mode & 0o004:
            return False
    return True


def _kernel() -> tuple[int, int]:
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int("".join(c for c in minor if c.isdigit()) or 0)


def _version(program: str) -> str:
    try:
        told = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise IsolationError(f"bubblewrap does not start: {error}") from error
    return told.strip()
