"""Rounds that are decided together: prepared in turn, trained side by side, told of in turn.

Agent, program and audit of a wave's rounds follow one another, so that what one spent the next one
knows; what they leave is independent, and takes up as many slots as the executor has. How many
those are changes no outcome.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from coursewright.errors import CoursewrightError, StageFailed
from coursewright.protocols import Progress
from coursewright.records import Decision, Feedback, Proposal, Round


@dataclass
class Candidate:
    """A round under way."""

    number: int
    decision: Decision
    reached: dict[str, Any] = field(default_factory=dict)
    """What each stage left, by the field of `Round` that keeps it."""
    failed: StageFailed | None = None
    """What ended the round before its student was scored."""
    held_back: bool = False
    """Others of its wave promised more: no student is trained on all of its rows."""

    @contextlib.contextmanager
    def going_on(self) -> Iterator[None]:
        """A failed stage ends the round, never the run: a bad round is data."""
        try:
            yield
        except StageFailed as failed:
            self.failed = failed

    @property
    def trouble(self) -> str | None:
        """What its agent is told went wrong, if anything did."""
        if self.held_back:
            return "Others of its wave promised more: no student was trained on all of its rows."
        return None if self.failed is None else str(self.failed)

    @property
    def name(self) -> str:
        """What stands before its progress where others run beside it."""
        return f"round {self.number}"

    def under_way(self) -> Round:
        """The round as others of its wave see it."""
        return self._round(status="under way", feedback=Feedback(text=""))

    def ended(self, feedback: Feedback) -> Round:
        """The round for the record."""
        failed = self.failed
        if failed is None:
            status = "held back" if self.held_back else "scored"
            return self._round(status=status, feedback=feedback)
        status = "invalid" if failed.kind == "too few valid rows" else "failed"
        return self._round(status=status, failure=failed.kind, feedback=feedback)

    def _round(self, **told: Any) -> Round:
        decision = self.decision
        return Round(
            number=self.number,
            operation=decision.operation,
            parent=decision.parent,
            branch=decision.branch,
            seconds=sum(getattr(part, "seconds", 0.0) for part in self.reached.values()),
            **{"proposal": Proposal(), **self.reached, **told},
        )


def side_by_side(work: Mapping[str, Callable[[], None]], slots: int, progress: Progress) -> None:
    """Do all this work, at most `slots` pieces at once; names of pieces label their progress.

    Raises what a piece raised first. The others come to the end of their stages then, which are
    recorded; when the process is to stop at once, they end with their workers.
    """
    if min(slots, len(work)) <= 1:
        for piece in work.values():
            piece()
        return

    def labelled(name: str) -> None:
        with progress.beside(name):
            work[name]()

    pool = ThreadPoolExecutor(slots, thread_name_prefix="slot")
    try:
        under_way = [pool.submit(labelled, name) for name in work]
        done, _ = wait(under_way, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
    except CoursewrightError:
        pool.shutdown(cancel_futures=True)
        raise
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
