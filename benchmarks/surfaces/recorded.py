"""Surfaces of recorded trainings: what real students made of real rows, between the points.

Each run plays one of the surfaces that the table leaves possible, so that no policy lives on what a
fit to some trainings happens to say.

What is measured: how a data set's composition bears on every item, how far students of one data set
lie apart, and how much rows of one kind differ (`benchmarks/recording`). What is not: which rows an
agent hands in for a decision. That is the same invented agent as on the other surfaces
(`datasets.py`), and one in eight of its rounds fails.

The truth of a data set is its expected accuracy on the scored items, with the luck of its rows and
without that of its training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.recording.luck import Luck, measure
from benchmarks.recording.surrogate import Floats, Surrogate, fit
from benchmarks.recording.table import SPLITS, Bits, Table, TableError, read
from benchmarks.surfaces import FAILING, Answer, evaluation
from benchmarks.surfaces.datasets import Label, rows_of, shards_of
from coursewright.agents import draft_families
from coursewright.records import OWN_METHOD, Decision, Evaluation, Round, Split
from coursewright.seeding import derive

EVEN = 6.0
"""Of the Dirichlet distribution of a draft's rows over topics; as on the invented surfaces."""


class Landscape:
    """A fitted table, from which the surfaces of many runs are made."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.surrogate: Surrogate = fit(table)
        self.luck: Luck = measure(table, self.surrogate)
        names = table.header.topics
        self.items: dict[Split, list[tuple[str, str, str | None]]] = {
            split: [
                (f"{split} {n}", f"{group}", names[topic])
                for n, (topic, group) in enumerate(table.header.items[split])
            ]
            for split in SPLITS
        }

    @classmethod
    def of(cls, path: Path) -> Landscape:
        """Read and fit a table.

        Raises:
            TableError: it cannot be read, or holds too little.
        """
        table = read(path)
        if not table.trainings or OWN_METHOD not in table.header.methods:
            raise TableError(f"{path}: no training, or none of the agent's own course; record more")
        return cls(table)

    @property
    def families(self) -> dict[str, tuple[str, ...]]:
        """Methods that were recorded, by family."""
        there = set(self.table.header.methods)
        fitting = {
            family: tuple(name for name in names if name in there)
            for family, names in draft_families(asks_student=True).items()
        }
        return {family: names for family, names in fitting.items() if names}


class RecordedSurface:
    """The surface of one run."""

    def __init__(self, landscape: Landscape, seed: int) -> None:
        self._of, self._seed = landscape, seed
        header = landscape.table.header
        self._topics, self._methods = header.topics, header.methods
        rng = np.random.default_rng(derive(seed, "surface", header.task))
        self._shares = rng.dirichlet(np.full(len(self._topics), EVEN))
        self._surrogate = landscape.surrogate.drawn(rng)
        self._luck: dict[Label, float] = {}
        self.base = self._evaluation("scored", landscape.table.base)
        self.base_truth = self.base.accuracy

    def answer(self, decision: Decision, rounds: Sequence[Round]) -> Answer | None:
        """Play a round."""
        rng = np.random.default_rng(derive(self._seed, "round", len(rounds), decision.operation))
        agent = decision.operation not in ("merge", "ablate")
        if agent and rng.random() < FAILING:
            return None
        rows = rows_of(decision, rounds, self._topics, self._shares, self._made, rng)
        if not any(rows.values()):
            return None
        luck, truly = self._of.luck, self._abilities(rows)
        topics = len(self._topics)
        seen = truly + luck.training * rng.normal() + luck.topic * rng.normal(size=topics)
        right = rng.random(len(self._of.table.topic_of)) < self._surrogate.chances(seen[None])
        chances = self._surrogate.chances(truly[None])[0]
        return Answer(
            scored=self._evaluation("scored", right[0]),
            visible=self._evaluation("visible", right[0]),
            shards=shards_of(rows),
            truth=float(chances[self._of.table.is_scored].mean()),
        )

    def _made(
        self, number: int, method: str, room: int, weights: Floats, rng: np.random.Generator
    ) -> dict[Label, int]:
        # A method that this task knows no rows of is the agent's own course (see `pool.py`).
        known = method if method in self._methods else OWN_METHOD
        counts = np.floor(room * weights / weights.sum()).astype(int)
        luck = self._of.luck.rows * rng.normal(size=len(counts))
        labels = [(topic, known, number) for topic in self._topics]
        self._luck |= dict(zip(labels, luck.tolist(), strict=True))
        return dict(zip(labels, counts.tolist(), strict=True))

    def _abilities(self, rows: Mapping[Label, int]) -> Floats:
        """Abilities by topic: those of the composition, and the luck of its rows."""
        counts = np.zeros((1, len(self._methods), len(self._topics)), dtype=np.int64)
        lucky = np.zeros(len(self._topics))
        for (topic, method, made), count in rows.items():
            at = self._topics.index(topic)
            counts[0, self._methods.index(method), at] += count
            lucky[at] += count * self._luck[topic, method, made]
        found: Floats = self._surrogate.abilities(counts)[0]
        return found + lucky / np.maximum(counts.sum(axis=(0, 1)), 1)

    def _evaluation(self, split: Split, right: Bits) -> Evaluation:
        scored = self._of.table.is_scored
        chosen = right[scored] if split == "scored" else right[~scored]
        return evaluation(split, self._of.items[split], chosen.tolist())
