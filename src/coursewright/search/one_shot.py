"""One shot: try until a submission is valid; the first valid one is final."""

from __future__ import annotations

from collections.abc import Sequence

from coursewright.records import Decision, Evaluation, Round
from coursewright.search.picking import best_round


class OneShotSearch:
    """No feedback, no second thoughts."""

    def next(self, rounds: Sequence[Round], base: Evaluation) -> Decision | None:
        """Return another first try, or None once one was valid."""
        return None if self.best(rounds) else Decision(operation="one-shot")

    def best(self, rounds: Sequence[Round]) -> Round | None:
        """Return the valid round, if there is one yet."""
        return best_round(rounds)
