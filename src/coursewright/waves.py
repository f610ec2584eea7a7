"""Rounds that are decided together: prepared in turn, trained side by side, told of in turn.

Agent, program and audit of a wave's rounds follow one another, so that what one spent the next one
knows; what they leave is independent, and takes up as many slots as the executor has, while the
next is being prepared, but for one: programs may ask the student, and their time runs meanwhile.
How many slots there are changes no outcome.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from coursewright.errors import CoursewrightError, StageFailed
from coursewright.protocols import Progress
from coursewright.records import Decision, Feedback, Proposal, Round
from coursewright.stages import Stages

Piece = Callable[[], object]

PREPARED = (
    *("heard", "proposal", "execution", "collection", "audit"),
    *("shards", "approvals", "training_rows"),
)
"""What a round has before its student is trained: all of it that wave mates may know."""


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
    def gathers(self) -> bool:
        """No student is to be trained on its rows before others were built upon them."""
        return self.decision.branch is not None and self.decision.branch.gathers

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
        """The round as others of its wave see it, however far its student is by now."""
        known = {name: self.reached[name] for name in PREPARED if name in self.reached}
        return self._round(known, status="under way", feedback=Feedback(text=""))

    def ended(self, feedback: Feedback) -> Round:
        """The round for the record."""
        failed = self.failed
        if failed is None:
            status = "gathered" if self.gathers else "held back" if self.held_back else "scored"
            return self._round(self.reached, status=status, feedback=feedback)
        status = "invalid" if failed.kind == "too few valid rows" else "failed"
        return self._round(self.reached, status=status, failure=failed.kind, feedback=feedback)

    def _round(self, reached: dict[str, Any], **told: Any) -> Round:
        decision = self.decision
        return Round(
            number=self.number,
            operation=decision.operation,
            parent=decision.parent,
            branch=decision.branch,
            # What another run made took no time of this one.
            seconds=sum(
                getattr(part, "seconds", 0.0)
                for part in reached.values()
                if not getattr(part, "shared", False)
            ),
            **{"proposal": Proposal(), **reached, **told},
        )


def slots_for(stages: Stages, wave: Sequence[Decision]) -> int:
    """Return how many students of a wave are trained at once; one where it is a single round."""
    return stages.rules.slots if len(wave) > 1 else 1


@contextlib.contextmanager
def side_by_side(
    slots: int, progress: Progress, *, spare: bool = False
) -> Iterator[Callable[[str, Piece], object]]:
    """Give a way to begin pieces of work, at most `slots` at once, and wait for all of them.

    Their names label their progress. With a single slot a piece is done when it is begun; with
    `spare` a slot is left alone until all have been begun.

    Raises what a piece raised first. The others come to the end of their stages then, which are
    recorded; when the process is to stop at once, they end with their workers.
    """
    if slots <= 1:
        yield lambda name, piece: piece()
        return

    def labelled(name: str, piece: Piece) -> None:
        with progress.beside(name):
            piece()

    pool = ThreadPoolExecutor(slots, thread_name_prefix="slot")
    under_way: list[Future[None]] = []
    all_begun = threading.Event()
    if spare:
        pool.submit(all_begun.wait)

    def begin(name: str, piece: Piece) -> None:
        for future in under_way:
            if future.done():
                future.result()
        under_way.append(pool.submit(labelled, name, piece))

    try:
        try:
            yield begin
        finally:
            all_begun.set()
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
