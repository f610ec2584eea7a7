"""How a run looks on standard error: bars on a terminal, plain lines anywhere else."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
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

    def beside(self, label: str) -> AbstractContextManager[None]:
        """Ignore."""
        return contextlib.nullcontext()


class _Shown(threading.local):
    """What one thread is showing."""

    label = ""
    """Before its stages, while others run beside it."""
    stage = ""
    total: int | None = None
    began = 0.0
    said = 0.0
    bar: TaskID | None = None

    @contextlib.contextmanager
    def under(self, label: str) -> Iterator[None]:
        """Put a label before what this thread shows."""
        self.label = f"{label}, "
        try:
            yield
        finally:
            self.label = ""


class Plain:
    """One line when a stage ends, and a sign of life in between."""

    def __init__(self) -> None:
        self._shown = _Shown()

    def start(self, stage: str, total: int | None = None) -> None:
        """Remember when the stage began."""
        shown = self._shown
        shown.stage, shown.total = f"{shown.label}{stage}", total
        shown.began = shown.said = time.monotonic()

    def advance(self, done: int, note: str = "") -> None:
        """Print how far the stage is, now and then, with the time left."""
        shown, now = self._shown, time.monotonic()
        if now - shown.said < PLAIN_SECONDS:
            return
        shown.said = now
        of_total = left = ""
        if shown.total:
            of_total = f"/{shown.total}"
            if done:
                seconds = (now - shown.began) / done * max(0, shown.total - done)
                left = f", about {seconds:.0f} s left"
        self.say(f"  {shown.stage}: {done}{of_total}{left} {note}".rstrip())

    def finish(self, note: str = "") -> None:
        """Print that the stage ended, and how long it took."""
        seconds = time.monotonic() - self._shown.began
        self.say(f"  {self._shown.stage}: done in {seconds:.1f} s {note}".rstrip())

    def say(self, line: str) -> None:
        """Print one line, with nothing in it that a terminal would obey."""
        # In one piece: other threads print too.
        print(f"{printable(line)}\n", end="", file=sys.stderr, flush=True)  # noqa: T201

    def beside(self, label: str) -> AbstractContextManager[None]:
        """Put the label before this thread's lines."""
        return self._shown.under(label)


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
        self._shown = _Shown()
        self._bars: Bars | None = None
        self._open: set[TaskID] = set()
        """Bars of stages under way: the block of bars is left as it is once there are none."""
        self._lock = threading.Lock()

    def start(self, stage: str, total: int | None = None) -> None:
        """Show a new bar."""
        with self._lock:
            self._leave()
            if self._bars is None:
                self._bars = self._make(*self._columns, console=self._console)
                self._bars.start()
            shown = printable(f"{self._shown.label}{stage}")
            self._shown.bar = self._bars.add_task(shown, total=total, note="")
            self._open.add(self._shown.bar)

    def advance(self, done: int, note: str = "") -> None:
        """Move the bar."""
        with self._lock:
            if self._bars is not None and self._shown.bar in self._open:
                self._bars.update(self._shown.bar, completed=done, note=printable(note))

    def finish(self, note: str = "") -> None:
        """Leave the bar as it ended."""
        with self._lock:
            if self._bars is not None and self._shown.bar in self._open:
                self._bars.update(self._shown.bar, note=printable(note))
            self._leave()

    def say(self, line: str) -> None:
        """Print one line between bars, or above those of other threads."""
        with self._lock:
            self._leave()
            self._console.print(printable(line), markup=False, highlight=False)

    def beside(self, label: str) -> AbstractContextManager[None]:
        """Put the label before this thread's bars."""
        return self._shown.under(label)

    def _leave(self) -> None:
        """End this thread's bar, and the block with the last of them."""
        bar, self._shown.bar = self._shown.bar, None
        if self._bars is None or bar is None:
            return
        self._bars.stop_task(bar)
        self._open.discard(bar)
        if not self._open:
            self._bars.stop()
            self._bars = None


def printable(text: str) -> str:
    """Return the text with control characters escaped: what models wrote is data."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else repr(char)[1:-1] for char in text
    )


def counted(count: int, noun: str) -> str:
    """A number with its noun, in the plural but for one."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
