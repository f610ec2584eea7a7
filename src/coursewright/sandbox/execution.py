"""Runs one program from its start to the death of its whole tree, and says how it ended."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from coursewright.config import SandboxConfig
from coursewright.records import Execution, Isolation
from coursewright.sandbox.attempt import Attempt
from coursewright.sandbox.enclosure import Enclosure, Tree
from coursewright.sandbox.exposure import Exposure
from coursewright.sandbox.line import Line
from coursewright.sandbox.starting import start_launcher
from coursewright.sandbox.workspace import Folders, Workspace


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
                attempt = Attempt(self._config, line, began, began + deadline)
                attempt.run(
                    lambda output: self._launch(folders, uid, seed, began + deadline, line, output)
                )
            status, reason = attempt.verdict()
            names = self._names(folders)
            return Execution(
                status=status,
                exit_code=attempt.code if status in ("ok", "raised") else None,
                reason=reason,
                seconds=attempt.seconds,
                stdout=attempt.out.text(names),
                stderr=attempt.err.text(names),
                peak_bytes=attempt.peak or None,
                submission=submission(folders.work),
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
        inside = self._enclosure.inside(folders)
        tree = start_launcher(
            self._enclosure,
            folders,
            uid,
            interpreter=self._exposure.interpreter,
            config=self._config,
            line=line,
            settings={
                "seed": seed,
                # The monotonic clock is one for all processes of the machine.
                "deadline": deadline,
                "path": [str(inside.packages)],
                "command": None,
            },
            environment=_environment(inside, seed, deadline, line),
            output=output,
        )
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
