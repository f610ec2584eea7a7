"""`progress.json`: how far the stage under way is, for whoever watches the folder.

Nothing depends on it, so it is replaced without waiting for the disk, at most twice a second.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from coursewright.protocols import Progress

EVERY = 0.5
"""Seconds between two writes of one stage."""
_TOLD = 300
"""Characters of a line of prose that are kept."""


class Pulse:
    """Meets `protocols.Progress`: passes all on, and leaves the latest of it in a file."""

    def __init__(self, inner: Progress, path: Path) -> None:
        self._inner = inner
        self._path = path
        self._state: dict[str, Any] = {}
        self._written = 0.0
        self._lock = threading.Lock()

    def start(self, stage: str, total: int | None = None) -> None:
        """A stage begins."""
        begun = {"stage": stage, "total": total, "done": 0, "note": "", "since": time.time()}
        with self._lock:
            self._state = begun
            self._write()
        self._inner.start(stage, total)

    def advance(self, done: int, note: str = "") -> None:
        """It goes on."""
        with self._lock:
            self._state |= {"done": done, "note": note}
            if time.monotonic() - self._written >= EVERY:
                self._write()
        self._inner.advance(done, note)

    def finish(self, note: str = "") -> None:
        """It ended."""
        with self._lock:
            self._state |= {"note": note, "ended": time.time()}
            self._write()
        self._inner.finish(note)

    def say(self, line: str) -> None:
        """One line of prose."""
        with self._lock:
            self._state |= {"said": line[:_TOLD]}
            self._write()
        self._inner.say(line)

    def beside(self, label: str) -> AbstractContextManager[None]:
        """The file tells of whichever thread reported last."""
        return self._inner.beside(label)

    def _write(self) -> None:
        self._written = time.monotonic()
        part = self._path.with_suffix(".part")
        # A full disk stops the run where something depends on it, not here.
        with contextlib.suppress(OSError):
            part.write_text(json.dumps(self._state), encoding="utf-8")
            os.replace(part, self._path)
