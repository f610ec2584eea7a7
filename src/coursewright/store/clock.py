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

    Stages of one thread follow one another. Where several threads have one under way, wall time is
    shared out evenly between them, so that all kinds together never exceed it; what a single stage
    took (`Timed`) is its own whole time. Any thread may read.
    """

    def __init__(self) -> None:
        self._began = self._mark = time.monotonic()
        self._spent: dict[str, float] = {}
        self._open: dict[int, list[tuple[str, Timed]]] = {}
        """By thread; none of the lists is empty."""
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def stage(self, kind: str) -> Iterator[Timed]:
        """Count the time of this block for `kind`."""
        timed, thread = Timed(), threading.get_ident()
        with self._lock:
            self._settle()
            self._open.setdefault(thread, []).append((kind, timed))
        try:
            yield timed
        finally:
            with self._lock:
                self._settle()
                self._open[thread].pop()
                if not self._open[thread]:
                    del self._open[thread]

    def by_kind(self) -> dict[str, float]:
        """Seconds by kind so far, those of the stages under way included."""
        with self._lock:
            self._settle()
            return dict(self._spent)

    def total(self) -> float:
        """Seconds since the clock was made, stages or not."""
        return time.monotonic() - self._began

    def _settle(self) -> None:
        now = time.monotonic()
        passed, self._mark = now - self._mark, now
        for stages in self._open.values():
            kind, timed = stages[-1]
            timed.seconds += passed
            self._spent[kind] = self._spent.get(kind, 0.0) + passed / len(self._open)
