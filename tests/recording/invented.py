"""An invented table: students whose chances are known, on the points of the real design."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.recording.design import point
from benchmarks.recording.table import Header, Recorded, Table, pack

METHODS = ("own", "self-instruct", "backtranslation", "contrastive-mistakes")
TOPICS = ("red", "green", "blue", "grey")
VISIBLE, SCORED = 40, 120
POOL = np.full((len(METHODS), len(TOPICS)), 400)
TOPIC_OF = np.arange(VISIBLE + SCORED) % len(TOPICS)

Floats = NDArray[np.float64]


@dataclass
class World:
    """What rows are worth, and how large luck is (standard deviations of ability)."""

    training: float = 0.0
    rows: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.worth = np.exp(rng.normal(0, 0.5, POOL.shape))
        self.ease = rng.normal(0, 1, VISIBLE + SCORED)

    def chances(self, counts: NDArray[np.int64], luck: Floats | float = 0.0) -> Floats:
        """Chance of each item after training on these rows (methods, topics)."""
        good = (counts**0.8 * self.worth).sum(axis=0)
        ability = -2.5 + 4 * good / (good + 40) + luck
        found: Floats = 1 / (1 + np.exp(-(ability[TOPIC_OF] + self.ease)))
        return found

    def truth(self, counts: NDArray[np.int64]) -> float:
        return float(self.chances(counts)[VISIBLE:].mean())


def header(**made_of: str) -> Header:
    groups = enumerate(TOPIC_OF.tolist())
    items = [(topic, group) for group, topic in groups]
    return Header(
        task="invented",
        student="none",
        made_of=made_of,
        methods=METHODS,
        topics=TOPICS,
        pool=tuple(map(tuple, POOL.tolist())),
        items={"visible": tuple(items[:VISIBLE]), "scored": tuple(items[VISIBLE:])},
        base={"visible": pack([False] * VISIBLE), "scored": pack([n < 12 for n in range(SCORED)])},
    )


def maker(world: World) -> Callable[[int], Recorded]:
    """Return what makes training number N."""

    def make(number: int) -> Recorded:
        design = point(number, POOL)
        rows = np.random.default_rng((1, design.draw)).normal(0, world.rows, len(TOPICS))
        rng = np.random.default_rng((2, number))
        chances = world.chances(design.counts, rows + world.training * rng.normal())
        right = rng.random(len(chances)) < chances
        return Recorded(
            n=number,
            kind=design.kind,
            draw=design.draw,
            seed=design.seed,
            rows={m: tuple(r) for m, r in enumerate(design.counts.tolist()) if any(r)},
            visible=pack(right[:VISIBLE]),
            scored=pack(right[VISIBLE:]),
            seconds=1.0,
        )

    return make


def table(world: World, count: int) -> Table:
    return Table(header(), tuple(map(maker(world), range(count))))
