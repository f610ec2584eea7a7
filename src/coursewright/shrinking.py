"""The smallest sufficient set: how few of the chosen rows keep most of what they gained.

Beside `endings`: the choice is sealed, every program is dead, private is still closed. The rows
are put into an order of which every beginning is balanced (`Shards.cut`); then sizes are searched,
by bisection, for the smallest whose student keeps a share of the delivered data set's gain on
scored.

What noise does to this. A size is tried with one training, whose scored mean moves by a point or
two from one training seed to the next, while 5 % of a gain of 20 points is one point. So near the
border the bisection is led by luck, and what it finds is, of many sizes, one that was lucky: too
small on the average. What guards against that:

- the gain to be kept is the mean of all retrainings of the delivered data set, not one student's;
- the size found is trained again on the other seeds of the retrainings, which played no part in
  finding it. Only if their mean keeps the gain, too, is it *confirmed*; if not, the next larger
  size is looked at in the same way, as long as trainings are left;
- sizes are no closer than trainings can tell apart, and trainings for this second look are laid
  aside before the search begins;
- what is claimed in the end is measured on private, by students of all these seeds.

The items of scored are the same all along: their luck is told by private alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coursewright.branching import made
from coursewright.config import SmallestConfig
from coursewright.errors import StageFailed
from coursewright.records import (
    Choice,
    Cuts,
    Evaluation,
    Joined,
    Outcome,
    Round,
    Shrinking,
    SizeTried,
    Training,
)
from coursewright.stages import Stages
from coursewright.steps import evaluate, train

DEEPEST = 10
"""Trainings of a bisection, at most: a thousand sizes."""
ROUNDING = 1e-9
"""Means that differ by less are equal."""


def shrink(
    stages: Stages, choice: Choice, played: Outcome, seeds: Sequence[int]
) -> Shrinking | None:
    """Look for the fewest of the chosen rows that keep the gain; None where nobody asks.

    `seeds` are those of the retrainings. Nothing of this is told to an agent.
    """
    wanted = stages.rules.smallest
    if wanted is None:
        return None
    if choice.rows is None:
        return Shrinking(keep=wanted.keep, problem="the base model is delivered: there is no gain")
    base = played.base[1].accuracy
    scored = [
        evaluate(stages, train(stages, choice.rows, seed).weights, "scored") for seed in seeds
    ]
    gain = mean(scored) - base
    if gain <= ROUNDING:
        problem = "the delivered data set has no gain on scored: there is nothing to keep"
        return Shrinking(keep=wanted.keep, gain=gain, problem=problem)
    found = cut(stages, choice, played.rounds, wanted, len(seeds))
    if not found.cuts:
        problem = f"of {found.of} rows there is no part with {wanted.minimum} rows or more"
        return Shrinking(of=found.of, keep=wanted.keep, gain=gain, problem=problem)
    least, most = found.cuts[0].kept, found.cuts[-1].kept
    stages.progress.say(f"smallest set: {least} to {most} of {found.of} rows are tried")
    target = base + wanted.keep * gain - ROUNDING
    trials = Trials(stages, found.cuts, seeds)
    size, confirmed = settle(trials, bisect(trials, target), target, wanted.trainings)
    tried = trials.tried()
    done = Shrinking(
        of=found.of, keep=wanted.keep, gain=gain, spent=trials.spent, tried=tuple(tried.values())
    )
    if size is None:
        return done.model_copy(update={"problem": f"no part of up to {most} rows kept so much"})
    stages.progress.say(f"smallest set: {tried[size].kept} rows")
    return done.model_copy(update={**dict(tried[size]), "confirmed": confirmed})


def cut(
    stages: Stages, choice: Choice, rounds: Sequence[Round], wanted: SmallestConfig, seeds: int
) -> Cuts:
    """Return the beginnings of the chosen rows that may be tried."""
    rows, shards = choice.rows, stages.shards
    assert rows is not None
    assert shards is not None
    count = 2 ** depth(wanted.trainings, seeds) - 1
    upto = rounds if choice.round is None else rounds[: choice.round + 1]
    earlier = made(upto, trained_on)
    inputs = {"rows": rows, "earlier": earlier, "minimum": wanted.minimum, "count": count}
    return stages.journal.stage(
        "cut", inputs, lambda: shards.cut(rows, earlier, wanted.minimum, count), Cuts
    )


def trained_on(done: Round) -> str | None:
    """Return the rows of a round as its student learned them."""
    return None if done.audit is None else done.audit.rows


def depth(trainings: int, seeds: int) -> int:
    """Return how many trainings the bisection may take.

    The others are for the other seeds of what it finds, and for all seeds of the next larger size.
    """
    laid_aside = 2 * seeds - 1 if seeds > 1 else 0
    return min(max(1, trainings - laid_aside), DEEPEST)


def next_size(verdicts: Mapping[int, bool], sizes: int) -> int | None:
    """Return the size to try next, by number; None once the smallest sufficient one is known.

    `verdicts` tell of sizes tried whether they were sufficient; more rows are taken to be no worse.
    Of 2 ** n - 1 sizes n have to be tried.
    """
    low = max((size + 1 for size, enough in verdicts.items() if not enough), default=0)
    high = min((size for size, enough in verdicts.items() if enough), default=sizes)
    return (low + high) // 2 if low < high else None


def bisect(trials: Trials, target: float) -> int:
    """Return the smallest size whose student on the first seed reaches the target.

    That is the number of sizes, one more than the last, where none does.
    """
    verdicts: dict[int, bool] = {}
    while (size := next_size(verdicts, trials.sizes)) is not None:
        verdicts[size] = trials.scored(size, 0, 1) >= target
    return min((size for size, enough in verdicts.items() if enough), default=trials.sizes)


def settle(
    trials: Trials, found: int, target: float, trainings: int
) -> tuple[int | None, bool | None]:
    """Confirm a size on the other seeds, or else go up until one is, or trainings are spent.

    Returns the size, None where even the largest was not confirmed; and whether it is confirmed,
    None where there are no other seeds.
    """
    if found < trials.sizes and trials.seeds == 1:
        return found, None
    for size in range(found, trials.sizes):
        if size > found and trials.spent + trials.missing(size) > trainings:
            return size - 1, False
        trials.scored(size, 0, 1)
        if trials.scored(size, 1, trials.seeds) >= target:
            return size, True
    return None, None


class Trials:
    """Students trained on beginnings of the rows; each beginning and seed once."""

    def __init__(self, stages: Stages, cuts: Sequence[Joined], seeds: Sequence[int]) -> None:
        self._stages = stages
        self._cuts = cuts
        self._seeds = seeds
        self._sat: dict[tuple[int, int], tuple[Training, Evaluation] | None] = {}

    @property
    def sizes(self) -> int:
        """How many sizes there are."""
        return len(self._cuts)

    @property
    def seeds(self) -> int:
        """How many seeds there are."""
        return len(self._seeds)

    @property
    def spent(self) -> int:
        """How many trainings there were."""
        return len(self._sat)

    def missing(self, size: int) -> int:
        """How many trainings a size lacks of those on all seeds."""
        return sum((size, seed) not in self._sat for seed in range(self.seeds))

    def scored(self, size: int, start: int, end: int) -> float:
        """Mean on scored of a size's students on these seeds; 0.0 for one that failed to train."""
        results = [self._sit(size, seed) for seed in range(start, end)]
        return sum(0.0 if one is None else one[1].accuracy for one in results) / len(results)

    def tried(self) -> dict[int, SizeTried]:
        """All that was trained, by size, from few rows to many."""
        return {
            size: SizeTried(
                rows=self._cuts[size].rows,
                kept=self._cuts[size].kept,
                trainings=tuple(training for training, _ in self._of(size)),
                scored=tuple(evaluation for _, evaluation in self._of(size)),
            )
            for size in sorted({size for size, _ in self._sat})
        }

    def _of(self, size: int) -> list[tuple[Training, Evaluation]]:
        sat = (self._sat.get((size, seed)) for seed in range(self.seeds))
        return [one for one in sat if one is not None]

    def _sit(self, size: int, seed: int) -> tuple[Training, Evaluation] | None:
        if (size, seed) not in self._sat:
            try:
                training = train(self._stages, self._cuts[size].rows, self._seeds[seed])
                scored = evaluate(self._stages, training.weights, "scored")
                self._sat[size, seed] = training, scored
            except StageFailed:  # a few rows may be none that can be trained on
                self._sat[size, seed] = None
        return self._sat[size, seed]


def mean(evaluations: Sequence[Evaluation]) -> float:
    """Mean of several students' accuracies."""
    return sum(one.accuracy for one in evaluations) / len(evaluations)
