"""Runs one program from its start to the death of its whole tree, and says how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from coursewright.config import SandboxConfig
from coursewright.errors import HelperLost, IsolationError, ProgramLost
from coursewright.records import Execution, ExecutionStatus, Isolation
from coursewright.sandbox import limits
from coursewright.sandbox.enclosure import Enclosure, Tree
from coursewright.sandbox.exposure import Exposure
from coursewright.sandbox.line import Line
from coursewright.sandbox.output import Stream
from coursewright.sandbox.watch import Watch
from coursewright.sandbox.workspace import Folders, Workspace

_SIGKILL, _SIGXCPU = 9, 24
_READ = 1 << 18
_DRAIN_SECONDS = 5.0


class LineCut(HelperLost):
    """Nobody listens at the round's teacher socket any more; the program was stopped."""


class ProgramSandbox:
    """A `protocols.Sandbox` over one level of isolation."""

    def __init__(self, config: SandboxConfig, enclosure: Enclosure, exposure: Exposure) -> None:
        self.isolation = Isolation(
            level=enclosure.level,  # type: ignore[arg-type]
            mechanisms=enclosure.mechanisms,
            verified=False,
            notes=enclosure.notes,
        )
        self._config = config
        self._enclosure = enclosure
        self._exposure = exposure
        self._workspace = Workspace(exposure.packages)

    def close(self) -> None:
        """Remove the sandbox's folder; otherwise done when this object goes."""
        self._workspace.close()

    def execute(
        self,
        code: str,
        *,
        files: dict[str, Path],
        socket: Path,
        seed: int,
        deadline: float,
        submission: Callable[[Path], str | None],
        on_rows: Callable[[int], None],
    ) -> Execution:
        """See `protocols.Sandbox`.

        Raises:
            ProgramLost: something outside killed the program.
            LineCut: the teacher's gateway is gone.
            IsolationError: the program could not be started behind its walls.
        """
        began = time.monotonic()
        uid = self._enclosure.user()
        folders = self._workspace.attempt(code, files, uid)
        try:
            line = Line(socket, on_rows)
            with contextlib.closing(line):
                attempt = _Attempt(self._config, line, began, began + deadline)
                attempt.run(
                    lambda output: self._launch(folders, uid, seed, began + deadline, line, output)
                )
            status, reason = attempt.verdict()
            return attempt.execution(status, reason, self._names(folders)).model_copy(
                update={"submission": submission(folders.work)}
            )
        finally:
            self._workspace.discard(folders)

    def _launch(
        self,
        folders: Folders,
        uid: int | None,
        seed: int,
        deadline: float,
        line: Line,
        output: tuple[int, int],
    ) -> tuple[Tree, list[Path]]:
        enclosure = self._enclosure
        ours, theirs = socket.socketpair() if enclosure.lifeline else (None, None)
        start = enclosure.start(folders, uid)
        inside = enclosure.inside(folders)
        settings: dict[str, Any] = {
            **asdict(start),
            "limits": limits.resource_limits(self._config),
            "line": line.theirs.fileno(),
            "lifeline": None if theirs is None else theirs.fileno(),
            "seed": seed,
            # The monotonic clock is one for all processes of the machine.
            "deadline": deadline,
            "work": str(inside.work),
            "path": [str(inside.packages)],
        }
        channel = os.memfd_create("settings")
        try:
            with open(channel, "wb", closefd=False) as stream:
                stream.write(json.dumps(settings).encode())
            os.lseek(channel, 0, os.SEEK_SET)
            command = [str(self._exposure.interpreter), "-s", "-P", "-S", "-u", "-B"]
            command += ["-X", "utf8", str(inside.library / "launcher.py"), str(channel)]
            descriptors = [channel, line.theirs.fileno()]
            descriptors += [] if theirs is None else [theirs.fileno()]
            tree = enclosure.launch(
                folders,
                command,
                _environment(inside, seed, deadline, line),
                descriptors,
                output,
                None if ours is None else ours.fileno(),
            )
        finally:
            os.close(channel)
            for end in (ours, theirs):
                if end is not None:
                    end.close()
        line.started()
        return tree, [folders.work, folders.tmp]

    def _names(self, folders: Folders) -> dict[str, str]:
        """What stands in the record for the places of this machine."""
        shown = self._exposure
        names = {str(shown.library): "python", str(shown.interpreter): "python"}
        for entry in shown.packages.entries.values():
            names[str(entry.parent)] = "packages"
        for places in (folders, self._enclosure.inside(folders)):
            names[f"{places.work}/program.py"] = "program.py"
            names[str(places.work)] = "work"
            names[str(places.data)] = "data"
            names[str(places.library)] = "library"
            names[str(places.packages)] = "packages"
        names[str(folders.tmp)] = "/tmp"
        return names


def _environment(inside: Folders, seed: int, deadline: float, line: Line) -> dict[str, str]:
    """Everything a program finds in its environment; nothing is taken over from ours."""
    one_thread = ("OPENBLAS", "OMP", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "BLIS")
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(inside.work),
        "TMPDIR": str(inside.tmp),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        # Sets and dicts of strings come out in the same order in every replay.
        "PYTHONHASHSEED": str(seed % 2**32),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        # More threads than cores make small matrices slower, and each reserves memory.
        **{f"{name}_NUM_THREADS": "1" for name in one_thread},
        "COURSEWRIGHT_DATA": str(inside.data),
        "COURSEWRIGHT_WORK": str(inside.work),
        "COURSEWRIGHT_SEED": str(seed),
        "COURSEWRIGHT_DEADLINE": repr(deadline),
        "COURSEWRIGHT_LINE": str(line.theirs.fileno()),
    }


class _Attempt:
    """One program's life, from start to verdict."""

    def __init__(self, config: SandboxConfig, line: Line, began: float, deadline: float) -> None:
        self._config = config
        self._line = line
        self._began = began
        self._deadline = deadline
        self._streams: dict[int, Stream] = {}
        self._reason: str | None = None
        self._timed_out = False
        self._code: int | None = None
        self._peak = 0
        self._seconds = 0.0
        self._out = Stream(config.output_bytes)
        self._err = Stream(config.output_bytes)

    def run(self, launch: Callable[[tuple[int, int]], tuple[Tree, list[Path]]]) -> None:
        """Start the program, follow it to its end, and leave nothing alive."""
        out, out_write = os.pipe()
        err, err_write = os.pipe()
        self._streams = {out: self._out, err: self._err}
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
                self._peak = max(watch.peak_bytes, tree.largest())
            self._drain()
            self._code = tree.exit_code()
        finally:
            for stream in (out, err):
                os.close(stream)
            self._seconds = time.monotonic() - self._began

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

    def execution(self, status: ExecutionStatus, reason: str, names: dict[str, str]) -> Execution:
        """Put down how the program ended."""
        return Execution(
            status=status,
            exit_code=self._code if status in ("ok", "raised") else None,
            reason=reason,
            seconds=self._seconds,
            stdout=self._out.text(names),
            stderr=self._err.text(names),
            peak_bytes=self._peak or None,
        )

    def verdict(self) -> tuple[ExecutionStatus, str]:
        """Tell what ended the program.

        Raises:
            ProgramLost, IsolationError: nothing of the program's own doing.
        """
        if self._timed_out:
            return "timeout", f"the program ran into its deadline of {self._allowed():g} s"
        if self._reason is not None:
            return "killed", self._reason
        if self._code == -_SIGXCPU:
            return "killed", f"more than {self._config.cpu_seconds} s of CPU time"
        if self._code is None or self._code == -_SIGKILL:
            raise ProgramLost("the program was killed from outside")
        if not self._line.ready:
            told = self._err.text({}).strip().splitlines()
            raise IsolationError(f"a program could not be started: {told[-1] if told else 'died'}")
        if self._code == 0:
            return "ok", ""
        if self._code < 0:
            return "raised", f"the program ended by signal {-self._code}"
        return "raised", f"the program ended with exit status {self._code}"

    def _allowed(self) -> float:
        return round(self._deadline - self._began, 3)
