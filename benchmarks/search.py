"""Search policies against response surfaces: what they would reach with so many full trainings.

    python -m benchmarks.search [--runs N] [--table FILE]

Nothing is trained. A *surface* says what became of a data decision: which items a student that
was trained on the resulting rows gets right, of which shards the rows are made, and how good the
student truly is. Greedy plays 12 rounds; what it delivers then is the target. Counted are the full
trainings (rounds that were scored, merges and ablations among them) until what is delivered is
truly as good for the first time: of each run, and of the mean over all runs, which the luck of
single runs does not touch. A run that is not there after `MOST` rounds counts with all of its.
Counts of single runs favour greedy, for each target is where its own luck took it.

What is SYNTHETIC: everything, unless `--table` is given. The built-in surfaces are invented: a
student's ability on a topic rises with the good rows it has of it and levels off, rows of several
rounds teach more than as many of one; how good a method's rows are on a topic, and those of each
single round, is drawn; training adds luck of its own; one round in eight fails. Their spreads were
set so that greedy's gains level off after some ten rounds, not fitted to any run. They can show
that a policy is broken, and how policies compare on such surfaces. They cannot show what a policy
gains on a real task: for that, play recorded trainings.

A recorded table is one file of JSON lines, gzipped if its name ends in .gz. The first line holds
the items: {"scored": [[id, group, topic], ...], "visible": [...], "private": [...], "base":
RESULTS}. Each further line is a training: {"id": 7, "start": 3 | null, "operation": "draft" |
"improve" | "merge" | "ablate", "method": "", "parts": {topic: id}, "without": [topic, method, id],
"shards": [[topic, method, id, rows], ...], "results": RESULTS}, where RESULTS is {"scored": bits,
"visible": bits, "private": bits}, one hexadecimal digit for four items, the first item first. A
decision is answered by the first unused training that it could have led to, in an order that the
run's seed shuffles; where the table has none, the round fails. True is then what stands in private.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import report
from coursewright.protocols import Search
from coursewright.records import (
    OWN_METHOD,
    Answered,
    Branch,
    Decision,
    Evaluation,
    Execution,
    Feedback,
    Part,
    Proposal,
    Round,
    Shard,
    Split,
)
from coursewright.search import GreedySearch, TreeSearch
from coursewright.seeding import derive

ROUNDS = 12
"""Of greedy, whose end is the target."""
MOST = 30
"""Rounds that any policy may play."""
ROWS = 600
FAMILIES = {
    "breadth": ("self-instruct", "persona-driven"),
    "checking": ("self-consistency-voting", "backtranslation"),
    "difficulty": ("difficulty-ladder", "evolve-instruct"),
    "contrast": ("contrastive-mistakes",),
}

Floats = NDArray[np.float64]
Label = tuple[str, str, int]
"""Topic, method and round of a shard."""


@dataclass(frozen=True)
class Answer:
    """What became of a decision."""

    scored: Evaluation
    visible: Evaluation
    shards: tuple[Shard, ...]
    truth: float
    """Expected accuracy, or that on private."""


class Surface(Protocol):
    """Answers the decisions of one run."""

    base: Evaluation
    base_truth: float

    def answer(self, decision: Decision, rounds: Sequence[Round]) -> Answer | None:
        """What became of it; None: the round failed."""


# ---------------------------------------------------------------- invented surfaces


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
    failing: float = 1 / 8


WORLDS = (
    World("mild"),
    World("methods matter", method_spread=0.5),
    World("noisy", training_luck=0.3, items=150),
    World("equal methods", method_spread=0.0),
    World("twenty topics", topics=20, rows_for_half=40.0),
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
        """Play a round of an agent that reads visible scores and is often, not always, right."""
        number = len(rounds)
        rng = np.random.default_rng(derive(self._seed, "round", number, decision.operation))
        agent = decision.operation not in ("merge", "ablate")
        if agent and rng.random() < self._world.failing:
            return None
        rows = self._rows(decision, rounds, number, rng)
        ability = self._ability(rows)
        lucky = ability + self._world.training_luck * rng.normal(size=len(ability))
        shards = tuple(
            Shard(topic=topic, method=method, round=made, rows=count)
            for (topic, method, made), count in rows.items()
            if count
        )
        return Answer(
            scored=self._exam("scored", lucky, rng),
            visible=self._exam("visible", lucky, rng),
            shards=shards,
            truth=self._truth(ability),
        )

    def _rows(
        self, decision: Decision, rounds: Sequence[Round], number: int, rng: np.random.Generator
    ) -> dict[Label, int]:
        branch = decision.branch or Branch()
        if decision.operation == "merge":
            return _merged(branch.parts, rounds)
        if decision.operation == "ablate" and branch.without is not None:
            gone = branch.without
            return {
                label: count
                for label, count in _held(rounds[decision.parent or 0]).items()
                if label != (gone.topic, gone.method, gone.round)
            }
        start = _start_of(decision, rounds)
        method = branch.method or OWN_METHOD
        if start is None:
            return self._made(number, method, ROWS, self._shares, rng)
        kept = rng.uniform(0.5, 0.85)
        rows = {label: int(kept * count) for label, count in _held(start).items()}
        # New rows go where visible items are wrong, as far as few items tell it.
        weights = (
            self._shares
            * (0.35 + _errors(start, self._topics))
            * rng.lognormal(0, 0.4, len(self._topics))
        )
        room = ROWS - sum(rows.values())
        return rows | self._made(number, method, room, weights, rng)

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
        return _evaluation(split, items, right.tolist())

    def _truth(self, ability: Floats) -> float:
        hardness = np.linspace(-2.5, 2.5, 101)
        weight = np.exp(-(hardness**2) / 2)
        chances = _chance(ability[:, None] - hardness[None, :])
        return float((chances @ weight / weight.sum()).mean())


def _chance(apart: Floats) -> Floats:
    # Twice as steep as the hardness spreads: most items are settled, the rest are luck.
    found: Floats = 1 / (1 + np.exp(-3 * apart))
    return found


def _held(done: Round) -> dict[Label, int]:
    return {(str(s.topic), s.method, s.round): s.rows for s in done.shards}


def _merged(parts: Sequence[Part], rounds: Sequence[Round]) -> dict[Label, int]:
    """Each topic's rows from its winner, filled up with others of theirs, as merges are."""
    winner = {part.topic: part.round for part in parts}
    rows: dict[Label, int] = {}
    spare: dict[Label, int] = {}
    for number in sorted(set(winner.values())):
        for label, count in _held(rounds[number]).items():
            kind = rows if winner.get(label[0]) == number else spare
            kind[label] = max(kind.get(label, 0), count)
    spare = {label: count for label, count in spare.items() if label not in rows}
    total, others = sum(rows.values()), sum(spare.values())
    if total < ROWS and others:
        share = min(1.0, (ROWS - total) / others)
        rows |= {label: int(share * count) for label, count in spare.items()}
    return rows if total <= ROWS else {label: n * ROWS // total for label, n in rows.items()}


def _start_of(decision: Decision, rounds: Sequence[Round]) -> Round | None:
    """The scored round whose rows are gone on from: also for searches that do not say."""
    if decision.branch is not None:
        return None if decision.branch.start is None else rounds[decision.branch.start]
    at = decision.parent
    while at is not None and rounds[at].scored is None:
        at = rounds[at].parent
    return None if at is None else rounds[at]


def _errors(done: Round, topics: Sequence[str]) -> Floats:
    results = done.visible.results if done.visible is not None else ()
    wrong = {topic: [1 - r.score for r in results if r.topic == topic] for topic in topics}
    return np.array([(sum(found) + 1) / (len(found) + 2) for found in wrong.values()])


# ---------------------------------------------------------------- recorded surfaces


@dataclass
class Table:
    """Recorded trainings, and the items they were scored on."""

    items: dict[str, list[tuple[str, str, str | None]]]
    base: dict[str, Any]
    trainings: list[dict[str, Any]]

    @classmethod
    def read(cls, path: Path) -> Table:
        """Read a table; see the module's docstring for its form."""
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8") as lines:
            first, *rest = (json.loads(line) for line in lines if line.strip())
        items = {
            split: [tuple(item) for item in first[split]] for split in first if split != "base"
        }
        return cls(items=items, base=first["base"], trainings=rest)

    def evaluation(self, split: Split, results: Mapping[str, str]) -> Evaluation:
        """Return one split's results of a line."""
        items = self.items[split]
        digits = results[split]
        bits = [bool(int(digits[n // 4], 16) >> (3 - n % 4) & 1) for n in range(len(items))]
        return _evaluation(split, items, bits)


@dataclass
class Recorded:
    """A surface of recorded trainings; `seed` orders those that a decision could have led to."""

    table: Table
    seed: int
    used: dict[int, int] = field(default_factory=dict)
    """Round of this run -> id of its training."""

    def __post_init__(self) -> None:
        self.base = self.table.evaluation("scored", self.table.base)
        self.base_truth = self.table.evaluation("private", self.table.base).accuracy
        self._order = list(self.table.trainings)
        random.Random(self.seed).shuffle(self._order)

    def answer(self, decision: Decision, rounds: Sequence[Round]) -> Answer | None:
        """Return the first unused training that the decision could have led to."""
        start = _start_of(decision, rounds)
        wanted = {
            "operation": {"debug": "improve", "repair": "improve"}.get(
                decision.operation, decision.operation
            ),
            "start": None if start is None else self.used[start.number],
        }
        if start is None and wanted["operation"] == "improve":
            wanted["operation"] = "draft"
        if decision.branch is not None:
            wanted |= self._wanted(decision.branch, decision.operation)
        for line in self._order:
            if line["id"] not in self.used.values() and wanted.items() <= line.items():
                self.used[len(rounds)] = line["id"]
                return self._answer(line)
        return None

    def _wanted(self, branch: Branch, operation: str) -> dict[str, Any]:
        if operation == "merge":
            parts = branch.parts
            return {"parts": {p.topic: self.used[p.round] for p in parts if p.topic is not None}}
        if operation == "ablate" and branch.without is not None:
            gone = branch.without
            return {"without": [gone.topic, gone.method, self.used[gone.round]]}
        return {"method": branch.method} if operation == "draft" else {}

    def _answer(self, line: Mapping[str, Any]) -> Answer:
        round_of = {training: number for number, training in self.used.items()}
        shards = tuple(
            Shard(topic=topic, method=method, round=round_of[made], rows=count)
            for topic, method, made, count in line["shards"]
            if made in round_of
        )
        results = line["results"]
        return Answer(
            scored=self.table.evaluation("scored", results),
            visible=self.table.evaluation("visible", results),
            shards=shards,
            truth=self.table.evaluation("private", results).accuracy,
        )


def _evaluation(
    split: Split, items: Iterable[tuple[str, str, str | None]], right: Sequence[bool]
) -> Evaluation:
    results = tuple(
        Answered.model_construct(
            id=id, group=group, topic=topic, output="", score=float(ok), readable=True, apart=False
        )
        for (id, group, topic), ok in zip(items, right, strict=True)
    )
    accuracy = sum(right) / len(right)
    return Evaluation.model_construct(
        split=split, results=results, accuracy=accuracy, readable=1.0, seconds=0.0
    )


# ---------------------------------------------------------------- playing


@dataclass(frozen=True)
class Played:
    """What a policy delivered after each full training."""

    truths: tuple[float, ...]
    """True accuracy of the round with the best score, after 1, 2, ... trainings."""
    rounds: tuple[Round, ...]
    ended: bool
    """It gave up by itself."""


def play(search: Search, surface: Surface, most: int) -> Played:
    """Let a policy play at most `most` rounds."""
    rounds: list[Round] = []
    truth_of: dict[int, float] = {}
    delivered: list[float] = []
    while len(rounds) < most:
        decision = search.next(rounds, surface.base)
        if decision is None:
            break
        found = surface.answer(decision, rounds)
        rounds.append(_round(len(rounds), decision, found))
        if found is not None:
            truth_of[rounds[-1].number] = found.truth
            best = search.best(rounds)
            assert best is not None
            delivered.append(truth_of[best.number])
    return Played(tuple(delivered), tuple(rounds), ended=len(rounds) < most)


def _round(number: int, decision: Decision, found: Answer | None) -> Round:
    parts: dict[str, Any] = {"status": "failed", "failure": "runtime error"}
    if found is not None:
        parts = {
            "status": "scored",
            "scored": found.scored,
            "visible": found.visible,
            "shards": found.shards,
        }
    return Round.model_construct(
        **{
            name: each.get_default(call_default_factory=True)
            for name, each in Round.model_fields.items()
            if not each.is_required()
        }
        | {
            "number": number,
            "operation": decision.operation,
            "parent": decision.parent,
            "branch": decision.branch,
            "proposal": Proposal(),
            "execution": Execution(status="ok", seconds=0.0),
            "feedback": Feedback(text=""),
            **parts,
        }
    )


Policy = Callable[[int], Search]
"""A run's seed -> its search."""
POLICIES: dict[str, Policy] = {
    "greedy": lambda seed: GreedySearch(),
    "tree": lambda seed: TreeSearch(seed=seed, families=FAMILIES, patience=None),
    "tree, 2 ablations": lambda seed: TreeSearch(
        seed=seed, families=FAMILIES, patience=None, ablations=2
    ),
    "tree, 1 draft": lambda seed: TreeSearch(seed=seed, families=FAMILIES, patience=None, drafts=1),
}


def compare(name: str, surfaces: Callable[[int], Surface], runs: int) -> None:
    """Let all policies play the same surfaces, and print a line for each."""
    targets = []
    for seed in range(runs):
        end = play(GreedySearch(), surfaces(seed), ROUNDS).truths
        targets.append(end[-1] if end else surfaces(seed).base_truth)
    base = float(np.mean([surfaces(seed).base_truth for seed in range(runs)]))
    for policy, search in POLICIES.items():
        played = [play(search(seed), surfaces(seed), MOST) for seed in range(runs)]
        needed = [_until(each.truths, target) for each, target in zip(played, targets, strict=True)]
        curve = _mean_curve([each.truths for each in played])
        of_greedy = float(np.mean(targets))
        report(
            measurement="search",
            surface=name,
            policy=policy,
            runs=runs,
            target_gain_points=round(100 * (of_greedy - base), 2),
            trainings_mean=round(float(np.mean([count for count, _ in needed])), 2),
            trainings_median=float(np.median([count for count, _ in needed])),
            reached=sum(there for _, there in needed),
            trainings_until_mean_curve=_until(curve, of_greedy)[0],
            gain_after_12_trainings=round(100 * (curve[min(11, len(curve) - 1)] - base), 2),
            gain_after_24_trainings=round(100 * (curve[min(23, len(curve) - 1)] - base), 2),
            merges_per_run=round(_per_run(played, "merge"), 1),
        )


def _until(truths: Sequence[float], target: float) -> tuple[int, bool]:
    """Trainings until the target is reached for the first time; or all there were."""
    for count, truth in enumerate(truths, start=1):
        if truth >= target - 1e-9:
            return count, True
    return len(truths), False


def _mean_curve(curves: Sequence[Sequence[float]]) -> list[float]:
    """Mean over runs; a run that is over goes on with what it delivered."""
    longest = max(map(len, curves), default=0)
    filled = [[*each, *[each[-1]] * (longest - len(each))] for each in curves if each]
    return [float(value) for value in np.mean(filled, axis=0)] if filled else [math.nan]


def _per_run(played: Sequence[Played], operation: str) -> float:
    return float(np.mean([sum(r.operation == operation for r in each.rounds) for each in played]))


def main() -> None:
    parser = argparse.ArgumentParser(description="Search policies without training.")
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--table", type=Path, help="recorded trainings instead of invented ones")
    options = parser.parse_args()
    if options.table is not None:
        table = Table.read(options.table)
        compare(options.table.name, lambda seed: Recorded(table, seed), options.runs)
        return
    for world in WORLDS:
        compare(f"invented: {world.name}", lambda seed, w=world: Invented(w, seed), options.runs)


if __name__ == "__main__":
    main()
