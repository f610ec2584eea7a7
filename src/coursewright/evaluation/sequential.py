"""When enough items have been asked to know that a student ends behind another.

The whole split is a finite population of paired differences, met in one fixed random order of
groups. Against "its total is not negative" a wealth is bet item by item; under that hypothesis it
can hardly ever grow (a nonnegative supermartingale, sampling without replacement: Waudby-Smith and
Ramdas 2020, arXiv 2006.04347; bets after their "approximate GRAPA", 2024, arXiv 2010.09686). By
Ville's inequality it reaches 1 / alpha with probability alpha at most, however often one looks. So
a student that would have ended level or ahead on all items is cut short in at most that share of
cases.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from coursewright.records import Answered, Evaluation, Item

BOLD = 0.75
"""Share of the largest bet that can never ruin."""


class Falling:
    """Evidence that one student is behind another on a whole split, group by group."""

    def __init__(self, groups: int, largest: int, alpha: float) -> None:
        """Of `groups` groups with at most `largest` items each; `alpha` is the chance of error."""
        self._left = groups
        self._largest = largest
        self._wanted = 1 / alpha
        self._wealth = 1.0
        self._total = 0.0
        # One made-up observation of each sign: the first bets are small.
        self._sum, self._squares, self._seen = 0.0, 2.0, 2

    @property
    def sure(self) -> bool:
        """Whether it is behind, up to the chance of error."""
        return self._wealth >= self._wanted

    def meet(self, difference: float) -> None:
        """Take in the next group: its summed scores less the other student's."""
        value = difference / self._largest  # -1 to 1
        # What the next would be on average, were the whole exactly level.
        level = -self._total / self._left
        mean = self._sum / self._seen
        spread = self._squares / self._seen
        if -1 < level < 1 and not self.sure:
            bet = (level - mean) / (spread + level * level)
            self._wealth *= 1 + min(max(bet, 0.0), BOLD / (1 - level)) * (level - value)
        self._total += value
        self._left -= 1
        if self._total + self._left < 0:
            self._wealth = math.inf  # nothing that is left could make up for it
        self._sum += value
        self._squares += value * value
        self._seen += 1


def shuffled(items: Sequence[Item], seed: int) -> list[Item]:
    """Return the items in the run's one random order: groups mixed, each group together."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.group or item.id, []).append(item)
    names = list(groups)
    random.Random(seed).shuffle(names)
    return [item for name in names for item in groups[name]]


class Rivalry:
    """Looks at a student's answers as they come, beside those of the one to beat."""

    def __init__(self, rival: Evaluation, alpha: float) -> None:
        """`rival` has answered the whole split."""
        self._rival = {result.id: result.score for result in rival.results}
        self._of_rival = rival.accuracy
        sizes: dict[str, int] = {}
        for result in rival.results:
            sizes[result.group] = sizes.get(result.group, 0) + 1
        self._falling = Falling(len(sizes), max(sizes.values(), default=1), alpha)
        self._sizes = sizes
        self._met = 0

    def lost(self, results: Sequence[Answered]) -> bool:
        """Whether the student that gave these answers so far is shown to end behind."""
        while self._met < len(results):
            group = results[self._met].group
            end = self._met + self._sizes[group]
            if end > len(results):
                break
            theirs = (r.score - self._rival[r.id] for r in results[self._met : end])
            self._falling.meet(sum(theirs))
            self._met = end
        return self._falling.sure

    def estimate(self, results: Sequence[Answered]) -> float:
        """Accuracy on the whole split by the answers so far: the rival's, and how far it is ahead.

        Paired, for the items that were asked may be harder or easier than the rest, for both alike.
        """
        ahead = sum(result.score - self._rival[result.id] for result in results) / len(results)
        return min(max(self._of_rival + ahead, 0.0), 1.0)
