"""Which of a wave's rounds are worth a full training: successive halving, on proof.

Jamieson and Talwalkar (2016, arXiv 1502.07943): all candidates get a little, the better part of
them gets more. It saves trainings where the cheap look ranks candidates as the full score does, and
loses good ones where it does not. So a look decides only once it has been seen to agree: of the
pairs of wave mates that have both a look and a full score, more must be ranked alike by the two
than unlike (Kendall's tau above 0), by at least the standard deviation that pure chance has. Of
several proxies that pass, the one that ranked best decides. Rounds of different waves are never
compared: later ones are better by look and by score, whether or not the look can tell two rivals
apart. Of the rejected a share drawn at random is trained in full all the same, so that the proof
does not rest on the look's own favourites.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import get_args

from coursewright.records import Agreement, Look, Promotion, Proxy, ProxyName, Round
from coursewright.search.picking import first_of_wave
from coursewright.seeding import derive

PROXIES: tuple[ProxyName, ...] = get_args(ProxyName)


class Halving:
    """Meets `protocols.Halving`."""

    def __init__(
        self, *, seed: int = 0, share: float = 0.25, keep: float = 0.5, lottery: float = 0.1,
        pairs: int = 10,
    ) -> None:  # fmt: skip
        """Take the options of `config.Halving`."""
        self.share = share
        self._seed = seed
        self._keep = keep
        self._lottery = lottery
        self._pairs = pairs

    def promote(self, looks: Mapping[int, Look], rounds: Sequence[Round]) -> dict[int, Promotion]:
        """Say for each round of a wave whether it is trained in full, and why.

        `looks` are those of the wave, by number of the round; `rounds` is the history before it.
        """
        by = proven(rounds, self._pairs)
        if by is None:
            return dict.fromkeys(looks, "unproven")
        keep = max(1, math.ceil(self._keep * len(looks)))
        ranked = sorted(looks, key=lambda number: (-looks[number].values[by], number))
        found: dict[int, Promotion] = dict.fromkeys(ranked[:keep], "best")
        for number in ranked[keep:]:
            drawn = random.Random(derive(self._seed, "lottery", number)).random() < self._lottery
            found[number] = "lottery" if drawn else "held back"
        return found


def proven(rounds: Sequence[Round], pairs: int) -> ProxyName | None:
    """Return the proxy that ranked best so far, of those seen to agree; None if none was."""
    seen = {name: agreement(rounds, name) for name in PROXIES}
    good = {
        name: found.tau
        for name, found in seen.items()
        if found.pairs >= pairs and found.tau is not None and found.tau > found.chance
    }
    return max(good, key=lambda name: good[name], default=None)


def agreement(rounds: Sequence[Round], by: ProxyName) -> Agreement:
    """Return how one proxy ranked wave mates, against their full scores.

    A pair counts where both differ: equals cannot be ranked. tau = (like - unlike) / pairs; of n
    rounds that are ranked by chance like - unlike has the variance n (n - 1) (2 n + 5) / 18
    (Kendall 1938), and independent waves add up.
    """
    waves: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for done in rounds:
        if done.look is not None and done.scored is not None:
            mates = waves[first_of_wave(done)]
            mates.append((done.look.values[by], done.scored.accuracy))
    like = unlike = variance = 0
    for mates in waves.values():
        for (look, score), (other_look, other_score) in combinations(mates, 2):
            if look != other_look and score != other_score:
                alike = (look > other_look) == (score > other_score)
                like, unlike = like + alike, unlike + (not alike)
        variance += len(mates) * (len(mates) - 1) * (2 * len(mates) + 5)
    pairs = like + unlike
    if not pairs:
        return Agreement(pairs=0, tau=None)
    return Agreement(
        pairs=pairs, tau=(like - unlike) / pairs, chance=math.sqrt(variance / 18) / pairs
    )


def proxy_of(rounds: Sequence[Round]) -> Proxy | None:
    """Return what looks cost, how well they ranked, and what they saved; None without looks."""
    looks = [done.look for done in rounds if done.look is not None]
    if not looks:
        return None
    seconds = sum(look.seconds for look in looks)
    full = [
        done.training.seconds + done.visible.seconds + done.scored.seconds
        for done in rounds
        if done.training is not None and done.visible is not None and done.scored is not None
    ]
    mean = sum(full) / len(full) if full else None
    held_back = sum(look.promotion == "held back" for look in looks)
    return Proxy(
        looks=len(looks),
        seconds=seconds,
        held_back=held_back,
        by_lottery=sum(look.promotion == "lottery" for look in looks),
        ranked={name: agreement(rounds, name) for name in PROXIES},
        full_seconds=mean,
        saved_seconds=None if mean is None else held_back * mean - seconds,
    )
