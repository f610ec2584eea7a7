"""Invented surfaces: SYNTHETIC, all of it.

A student's ability on a topic rises with the good rows it has of it and levels off, rows of several
rounds teach more than as many of one; how good a method's rows are on a topic, and those of each
single round, is drawn; training adds luck of its own; one round in eight fails. The spreads were
set so that greedy's gains level off after some ten rounds, not fitted to any run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.surfaces import FAILING, ROWS, Answer, evaluation
from benchmarks.surfaces.datasets import Floats, Label, rows_of, shards_of
from coursewright.records import OWN_METHOD, Decision, Evaluation, Round, Split
from coursewright.seeding import derive

FAMILIES = {
    "breadth": ("self-instruct", "persona-driven"),
    "checking": ("self-consistency-voting", "backtranslation"),
    "difficulty": ("difficulty-ladder", "evolve-instruct"),
    "contrast": ("contrastive-mistakes",),
}


@dataclass(frozen=True)
class World:
    """How an invented surface behaves; spreads are standard deviations."""

    name: str
    topics: int = 12
    items: int = 300
    base: float = -1.0
    """Ability before training, on the logistic scale."""
    reach: float = 3.0
    """Rise of ability that endless good rows of a topic bring."""
    rows_for_half: float = 60.0
    """Good rows of a topic that bring half of it."""
    staleness: float = 0.7
    """So many more rows of one round and topic teach as many rows to this power."""
    method_spread: float = 0.25
    """Of the quality of methods over topics (1 is the mean)."""
    round_spread: float = 0.2
    """Of the quality of one round's new rows."""
    training_luck: float = 0.12
    """Of ability, by topic, with the training seed."""
    failing: float = FAILING
    new: int | None = None
    """Rows that a round makes, for which the old ones make room once there are `most`."""
    most: int = ROWS
    """Rows of a data set."""


WORLDS = (
    World("mild"),
    World("methods matter", method_spread=0.5),
    World("noisy", training_luck=0.3, items=150),
    World("equal methods", method_spread=0.0),
    World("twenty topics", topics=20, rows_for_half=40.0),
    # As the embedded models': the first four rounds fill a data set up.
    World("filling up", new=440, most=2000, rows_for_half=90.0, training_luck=0.1),
)


class Invented:
    """A synthetic surface of one run: the same decision in the same round has the same luck."""

    def __init__(self, world: World, seed: int) -> None:
        rng = np.random.default_rng(derive(seed, "surface", world.name))
        self._world, self._seed = world, seed
        self._topics = [f"topic {n}" for n in range(world.topics)]
        self._shares = rng.dirichlet(np.full(world.topics, 6.0))
        self._reach = np.maximum(world.reach + 0.5 * rng.normal(size=world.topics), 0.3)
        self._half = world.rows_for_half * rng.lognormal(0, 0.4, world.topics)
        methods = [OWN_METHOD, *(name for names in FAMILIES.values() for name in names)]
        # The agent's own course is tuned a little: what it does by default is no random method.
        self._quality = {
            name: np.maximum(1 + world.method_spread * rng.normal(size=world.topics), 0.05)
            for name in methods
        }
        self._quality[OWN_METHOD] += 0.1
        self._of_rows: dict[Label, float] = {}
        self._hardness = {
            split: rng.normal(size=count)
            for split, count in (("scored", world.items), ("visible", world.items // 2))
        }
        nothing: dict[Label, int] = {}
        self.base = self._exam("scored", self._ability(nothing), rng)
        self.base_truth = self._truth(self._ability(nothing))

    def answer(self, decision: Decision, rounds: Sequence[Round]) -> Answer | None:
        """Play a round."""
        number = len(rounds)
        rng = np.random.default_rng(derive(self._seed, "round", number, decision.operation))
        agent = decision.operation not in ("merge", "ablate")
        if agent and rng.random() < self._world.failing:
            return None
        rows = rows_of(
            decision,
            rounds,
            self._topics,
            self._shares,
            self._made,
            rng,
            self._world.new,
            self._world.most,
        )
        ability = self._ability(rows)
        lucky = ability + self._world.training_luck * rng.normal(size=len(ability))
        return Answer(
            scored=self._exam("scored", lucky, rng),
            visible=self._exam("visible", lucky, rng),
            shards=shards_of(rows),
            truth=self._truth(ability),
        )

    def _made(
        self, number: int, method: str, room: int, weights: Floats, rng: np.random.Generator
    ) -> dict[Label, int]:
        luck = self._world.round_spread * rng.normal() + 0.5 * self._world.round_spread * (
            rng.normal(size=len(self._topics))
        )
        quality = np.maximum(self._quality[method] + luck, 0.0)
        counts = np.floor(room * weights / weights.sum()).astype(int)
        rows = {}
        for topic, count, good in zip(self._topics, counts, quality, strict=True):
            label = (topic, method, number)
            rows[label] = int(count)
            self._of_rows[label] = float(good)
        return rows

    def _ability(self, rows: Mapping[Label, int]) -> Floats:
        good = dict.fromkeys(self._topics, 0.0)
        for label, count in rows.items():
            good[label[0]] += count**self._world.staleness * self._of_rows[label]
        found = np.array([good[topic] for topic in self._topics])
        half = self._half**self._world.staleness
        risen: Floats = self._world.base + self._reach * found / (found + half)
        return risen

    def _exam(self, split: Split, ability: Floats, rng: np.random.Generator) -> Evaluation:
        hardness = self._hardness[split]
        of_item = ability[np.arange(len(hardness)) % len(ability)]
        right = rng.random(len(hardness)) < _chance(of_item - hardness)
        items = [(f"{n}", f"{n}", self._topics[n % len(ability)]) for n in range(len(hardness))]
        return evaluation(split, items, right.tolist())

    def _truth(self, ability: Floats) -> float:
        hardness = np.linspace(-2.5, 2.5, 101)
        weight = np.exp(-(hardness**2) / 2)
        chances = _chance(ability[:, None] - hardness[None, :])
        return float((chances @ weight / weight.sum()).mean())


def _chance(apart: Floats) -> Floats:
    # Twice as steep as the hardness spreads: most items are settled, the rest are luck.
    found: Floats = 1 / (1 + np.exp(-3 * apart))
    return found
