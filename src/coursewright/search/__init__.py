"""What to do next: pure functions of the recorded history."""

from coursewright.search.greedy import GreedySearch, best_round
from coursewright.search.one_shot import OneShotSearch

__all__ = ["GreedySearch", "OneShotSearch", "best_round"]
