"""How long rounds and trainings last."""

from __future__ import annotations

from coursewright.deciding import used_up
from coursewright.search import TreeSearch
from coursewright.stages import Rules
from tests.search.histories import FAMILIES, exam, play_out

LAST_FAILS = [("scored", 9), ("scored", 9), ("scored", 9), ("runtime error", 0)]


def test_rows_that_wait_when_the_last_round_fails_are_trained_in_one_more() -> None:
    rules = Rules(seed=0, rounds=4, seconds=1e9, program_seconds=1.0, round_calls=1, retrainings=1)
    search = TreeSearch(families=FAMILIES, stride=3, budget=4)
    rounds = play_out(search, LAST_FAILS)
    assert [done.status for done in rounds] == ["scored", "gathered", "gathered", "failed"]
    assert not used_up(rules, rounds)
    decision = search.next(rounds, exam([0.0] * 60))
    assert decision is not None
    assert (decision.operation, decision.parent) == ("merge", 2)
    for fate in ("scored", "runtime error"):
        assert used_up(rules, play_out(search, [*LAST_FAILS, (fate, 9)]))
