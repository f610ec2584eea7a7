"""What to do next: pure functions of the recorded history.

greedy     the study's: improve the best
tree       several branches, a bandit between them, merges and ablations (docs/search.md)
one-shot   the first valid attempt is final
"""

from coursewright.search.greedy import GreedySearch
from coursewright.search.halving import Halving, agreement, proxy_of
from coursewright.search.one_shot import OneShotSearch
from coursewright.search.picking import best_round, first_middle_last
from coursewright.search.strides import trained_start, waiting
from coursewright.search.tree import TreeSearch

__all__ = [
    "GreedySearch",
    "Halving",
    "OneShotSearch",
    "TreeSearch",
    "agreement",
    "best_round",
    "first_middle_last",
    "proxy_of",
    "trained_start",
    "waiting",
]
