"""How a run looks on standard error: bars on a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from coursewright.protocols import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

PLAIN_SECONDS = 15.0  # between two plain lines of one stage


def open_progress(*, quiet: bool = False) -> Progress:
    """Return the display that suits standard error."""
    if quiet:
        return Silent()
    return Live() if sys.stderr.isatty() else Plain()


class Silent:
    """Says nothing."""

    def start(self, stage: str, total: int | None = None) -> None:
        """Ignore."""

    def advance(self, done: int, note: str = "") -> None:
        """Ignore."""

    def finish(self, note: str = "") -> None:
        """Ignore."""

    def say(self, line: str) -> None:
        """Ignore."""


class Plain:
    """One line when a stage ends, and a sign of life in between."""

    def __init__(self) -> None:
        self._stage = ""
        self._total: int | None = None
        self._began = self._said = 0.0

    def start(self, stage: str, total: int | None = None) -> None:
        """Remember when the stage began."""
        self._stage, self._total = stage, total
        self._began = self._said = time.monotonic()

    def advance(self, done: int, note: str = "") -> None:
        """Print how far the stage is, now and then, with the time left."""
        now = time.monotonic()
        if now - self._said < PLAIN_SECONDS:
            return
        self._said = now
        of_total = left = ""
        if self._total:
            of_total = f"/{self._total}"
            if done:
                seconds = (now - self._began) / done * max(0, self._total - done)
                left = f", about {seconds:.0f} s left"
        self.say(f"  {self._stage}: {done}{of_total}{left} {note}".rstrip())

    def finish(self, note: str = "") -> None:
        """Print that the stage ended, and how long it took."""
        seconds = time.monotonic() - self._began
        self.say(f"  {self._stage}: done in {seconds:.1f} s {note}".rstrip())

    def say(self, line: str) -> None:
        """Print one line, with nothing in it that a terminal would obey."""
        print(printable(line), file=sys.stderr, flush=True)  # noqa: T201


class Live:
    """A bar per stage with time left and a running figure."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._console = Console(stderr=True)
        self._columns = (
            TextColumn("  {task.description:<20}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
        )
        self._make = Progress
        self._bars: Bars | None = None
        self._task: TaskID | None = None

    def start(self, stage: str, total: int | None = None) -> None:
        """Show a new bar."""
        self._stop()
        self._bars = self._make(*self._columns, console=self._console)
        self._task = self._bars.add_task(printable(stage), total=total, note="")
        self._bars.start()

    def advance(self, done: int, note: str = "") -> None:
        """Move the bar."""
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, completed=done, note=printable(note))

    def finish(self, note: str = "") -> None:
        """Leave the bar as it ended."""
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, note=printable(note))
        self._stop()

    def say(self, line: str) -> None:
        """Print one line between bars."""
        self._stop()
        self._console.print(printable(line), markup=False, highlight=False)

    def _stop(self) -> None:
        if self._bars is not None:
            self._bars.stop()
        self._bars = self._task = None


def printable(text: str) -> str:
    """Return the text with control characters escaped: what models wrote is data."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else repr(char)[1:-1] for char in text
    )
