"""The study's search: improve the best so far, mend what failed, draft anew when mending fails."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from coursewright.records import Decision, Evaluation, Round
from coursewright.search.picking import best_round


class GreedySearch:
    """Draft, then Improve the best; Debug or Repair a failure, at most `mend_limit` in a row."""

    def __init__(self, mend_limit: int = 3) -> None:
        self.mend_limit = mend_limit

    def next(self, rounds: Sequence[Round], base: Evaluation) -> Decision | None:
        """Return the next operation and the round it works on."""
        if not rounds:
            return Decision(operation="draft")
        last = rounds[-1]
        if last.status == "scored":
            best = self.best(rounds)
            assert best is not None
            return Decision(operation="improve", parent=best.number)
        mends = sum(
            1
            for _ in takewhile(
                lambda r: r.status != "scored" and r.operation in ("debug", "repair"),
                reversed(rounds),
            )
        )
        if mends >= self.mend_limit:
            return Decision(operation="draft")
        # A program that broke is debugged; one that ran but left too little is repaired.
        return Decision(
            operation="repair" if last.status == "invalid" else "debug", parent=last.number
        )

    def best(self, rounds: Sequence[Round]) -> Round | None:
        """Return the round whose data set is delivered."""
        return best_round(rounds)
