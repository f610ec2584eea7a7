"""Which stage the wall time went to, and the time of day as it stands in records.

Seconds are monotonic: a clock set wrong or back changes nothing.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime


def written_now() -> str:
    """The time of day, in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass
class Timed:
    """A stage's own seconds, known when it has ended."""

    seconds: float = 0.0


class StageClock:
    """Counts seconds by kind of stage; a stage inside another stops the outer one's count.

    Stages follow one another in one thread; any thread may read.
    """

    def __init__(self) -> None:
        self._began = self._mark = time.monotonic()
        self._spent: dict[str, float] = {}
        self._open: list[tuple[str, Timed]] = []
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def stage(self, kind: str) -> Iterator[Timed]:
        """Count the time of this block for `kind`."""
        timed = Timed()
        with self._lock:
            self._settle()
            self._open.append((kind, timed))
        try:
            yield timed
        finally:
            with self._lock:
                self._settle()
                self._open.pop()

    def by_kind(self) -> dict[str, float]:
        """Seconds by kind so far, those of the stage under way included."""
        with self._lock:
            self._settle()
            return dict(self._spent)

    def total(self) -> float:
        """Seconds since the clock was made, stages or not."""
        return time.monotonic() - self._began

    def _settle(self) -> None:
        now = time.monotonic()
        if self._open:
            kind, timed = self._open[-1]
            timed.seconds += now - self._mark
            self._spent[kind] = self._spent.get(kind, 0.0) + now - self._mark
        self._mark = now
