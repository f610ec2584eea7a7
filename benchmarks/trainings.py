"""How many full trainings a search needs for what greedy reaches in 12 rounds: real runs.

    python -m benchmarks.trainings [--tasks NAME ...] [--seeds 3] [--trainings 12]
                                   [--search NAME=JSON ...] [--student nano]

For each task and seed every search has so many trainings, and at most three times as many rounds.
Once a run is sealed, the students of all its rounds sit the private split (analysis alone: nothing
can have been chosen by it). After each full training a search would deliver the best by scored;
what that has on private is its curve. Printed are

- a line for each run: the trainings until its curve first reaches greedy's end (null: never);
- for each task the same of the mean curves over its seeds, which the luck of single students
  touches less;
- for each search the mean of both over tasks, as a share of the trainings that greedy had; a curve
  that never gets there counts with all of them, and is told apart. Greedy is such a search, too:
  its line tells how early luck alone gets a curve to where it ends;
- how far it is ahead of greedy, on private, after as many trainings and after as many rounds
  (as many calls of the teacher). 95 % intervals are over runs of these tasks (`interval`).

Finished runs under `runs/bench` are not made again, and one that was begun goes on: with all four
tasks and three seeds it takes hours, in as many sittings as it takes. By default `tree` stands
against greedy with its own defaults; `--search thrifty='{"kind": "tree", "wave": 4}'` adds another.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.common import RUNS, TASKS, coursewright, report
from coursewright.bench.analysis.probing import curve_of
from coursewright.display import Silent
from coursewright.evaluation.student_t import t_quantile
from coursewright.store import RunFolder, digest_of

GREEDY = {"kind": "greedy"}
CALLS = 200
"""A round: with all of the usual 400 the second round fills `rows.maximum`, and what is asked for
hardly matters any more."""
ROUNDS = 3
"""For each training, at most."""


@dataclass(frozen=True)
class Curve:
    """What a search would deliver on private, as its run went on."""

    by_training: tuple[float, ...]
    """After one full training, two, ..."""
    rounds: tuple[int, ...]
    """Rounds that had been played by then."""

    def after_rounds(self, count: int) -> float | None:
        """What it would deliver after so many rounds; None if nothing was trained by then."""
        at = bisect_right(self.rounds, count)
        return self.by_training[at - 1] if at else None


def played(name: str, task: str, seed: int, search: dict[str, Any], options: Any) -> RunFolder:
    """Make a run, go on with it, or find it finished."""
    rounds = options.trainings * ROUNDS
    budget = {"rounds": rounds, "trainings": options.trainings, "round_calls": CALLS}
    config = {
        "student": {"kind": options.student},
        "search": search,
        "seed": seed,
        "retrainings": 1,
        "budget": {**budget, "calls": rounds * CALLS},
        "shared": str(RUNS / "shared-trainings"),
    }
    # Its settings are in its name: others are another run.
    name = f"trainings-{name}-{task}-{seed}-{digest_of({**config, 'shared': None})[:8]}"
    place = ("--runs", str(RUNS))
    folder = RUNS / name
    if not (folder / "result.json").exists():
        if folder.exists():
            coursewright("resume", name, *place)
        else:
            RUNS.mkdir(parents=True, exist_ok=True)
            file = RUNS / f"{name}.yaml"
            file.write_text(yaml.safe_dump(config), encoding="utf-8")
            coursewright("run", task, "--config", str(file), *place, "--name", name)
    return RunFolder(folder)


def curve(run: RunFolder, kept: Path) -> Curve:
    """Private accuracy of what would be delivered after each full training."""
    private = curve_of(run, run.path.name, kept, Silent())
    delivered, rounds = [], []
    best = -math.inf
    for done in run.rounds():
        if done.scored is None:
            continue
        if done.scored.accuracy > best:
            best, now = done.scored.accuracy, private[done.number]
        delivered.append(now)
        rounds.append(done.number + 1)
    return Curve(tuple(delivered), tuple(rounds))


def needed(values: Sequence[float], target: float) -> int | None:
    """How many trainings a curve needs; None if it never gets there."""
    return next((n for n, value in enumerate(values, 1) if value >= target), None)


def mean_curve(curves: Sequence[Curve]) -> list[float]:
    """Mean over runs; one that has ended goes on with what it delivered."""
    longest = max(len(one.by_training) for one in curves)
    at = ([one.by_training[min(n, len(one.by_training) - 1)] for one in curves]
          for n in range(longest))  # fmt: skip
    return [statistics.fmean(values) for values in at]


def interval(by_task: Sequence[Sequence[float]]) -> list[float]:
    """Mean over tasks of the means over their runs, and its 95 % interval where there is one.

    Over further runs of these very tasks: Student's t, with the variance between runs of a task,
    pooled over tasks.
    """
    known = [values for values in by_task if values]
    mean = statistics.fmean(map(statistics.fmean, known))
    freedom = sum(len(values) - 1 for values in known)
    if not freedom:
        return [round(mean, 3)]
    within = sum((len(values) - 1) * statistics.variance(values) for values in known
                 if len(values) > 1) / freedom  # fmt: skip
    of_mean = math.sqrt(within * sum(1 / len(values) for values in known)) / len(known)
    half = t_quantile(freedom) * of_mean
    return [round(value, 3) for value in (mean, mean - half, mean + half)]


def ahead(others: Sequence[Curve], greedy: Sequence[Curve], count: int, by: str) -> list[float]:
    """Points by which runs are ahead of greedy's after so many trainings, or rounds."""
    points = []
    for other, own in zip(others, greedy, strict=True):
        if by == "rounds":
            theirs, its = other.after_rounds(count), own.after_rounds(count)
        else:
            theirs, its = (c.by_training[min(count, len(c.by_training)) - 1] for c in (other, own))
        if theirs is not None and its is not None:
            points.append(100 * (theirs - its))
    return points


def compare(
    name: str,
    found: Mapping[str, list[Curve]],
    greedy: Mapping[str, list[Curve]],
    trainings: int,
) -> None:
    """Print what a search needed, for each task and over all, and how far it is ahead.

    `trainings` is how many each run had.
    """
    shares: list[list[float]] = []
    by_task, never = [], 0
    for task, runs in found.items():
        counts = [
            needed(other.by_training, own.by_training[-1])
            for other, own in zip(runs, greedy[task], strict=True)
        ]
        shares.append([(count or trainings) / trainings for count in counts])
        never += counts.count(None)
        target, mean = mean_curve(greedy[task])[-1], mean_curve(runs)
        count = needed(mean, target)
        by_task.append((count or trainings) / trainings)
        at_the_end = ahead(runs, greedy[task], trainings, "trainings")
        report(search=name, task=task, seeds=len(runs), trainings_of_mean_curve=count,
               target=round(target, 4), end=round(mean[-1], 4),
               points_ahead_at_the_end=interval([at_the_end]))  # fmt: skip

    def ahead_after(count: int, by: str) -> list[float]:
        return interval([ahead(found[task], greedy[task], count, by) for task in found])

    looks = [n for n in (2, 3, 4, 6, 8, 12) if n <= trainings]
    report(
        search=name,
        runs=sum(map(len, found.values())),
        share_of_greedys_trainings_run_by_run=interval(shares),
        share_of_greedys_trainings_mean_curves=round(statistics.fmean(by_task), 3),
        never_reached=never,
        points_ahead_after_trainings={n: ahead_after(n, "trainings") for n in looks},
        points_ahead_after_rounds={n: ahead_after(n, "rounds") for n in looks},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tasks", nargs="+", default=list(TASKS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--trainings", type=int, default=12)
    parser.add_argument("--student", default="nano", choices=("nano", "pico"))
    parser.add_argument("--search", action="append", metavar="NAME=JSON", default=[])
    options = parser.parse_args()
    searches: dict[str, Any] = {"greedy": GREEDY, "tree": {"kind": "tree", "patience": None}}
    named = (told.partition("=") for told in options.search)
    searches |= {name: json.loads(told) for name, _, told in named}
    kept = RUNS / "trainings-private"
    kept.mkdir(parents=True, exist_ok=True)
    curves: dict[str, dict[str, list[Curve]]] = {
        name: {task: [] for task in options.tasks} for name in searches
    }
    for seed in range(options.seeds):
        for task in options.tasks:
            for name, search in searches.items():
                run = played(name, task, seed, search, options)
                curves[name][task].append(found := curve(run, kept))
                end = curves["greedy"][task][seed].by_training[-1]
                report(search=name, task=task, seed=seed, made=len(found.by_training),
                       rounds=found.rounds[-1], trainings=needed(found.by_training, end),
                       private=round(found.by_training[-1], 4))  # fmt: skip
    for name in searches:
        compare(name, curves[name], curves["greedy"], options.trainings)


if __name__ == "__main__":
    main()
