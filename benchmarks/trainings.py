"""How many full trainings a search needs for what greedy reaches in 12 rounds: real runs.

    python -m benchmarks.trainings [--tasks NAME ...] [--seeds 3] [--rounds 12]
                                   [--search NAME=JSON ...] [--student nano]

For each task and seed greedy plays its rounds, and so does every other search on the same seed.
Once a run is sealed, the students of all its rounds sit the private split (analysis alone: nothing
can have been chosen by it). After each full training a search would deliver the best by scored;
what that has on private is its curve. Counted are the full trainings until the curve first reaches
what greedy's delivered after all its rounds; a run that never does counts with all it made, and is
told apart. One line for each run, then for each search the mean over tasks and seeds as a share of
greedy's own count, and the private gain at the end less greedy's, with 95 % intervals over runs.

Finished runs under `runs/bench` are not made again, and one that was begun goes on: with all four
tasks and three seeds it takes hours, in as many sittings as it takes. By default `tree` stands
against greedy with its own defaults; `--search thrifty='{"kind": "tree", "wave": 4}'` adds another.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.common import RUNS, TASKS, coursewright, report
from coursewright.bench.analysis.probing import curve_of
from coursewright.display import Silent
from coursewright.store import RunFolder

GREEDY = {"kind": "greedy"}
CALLS = 200
"""A round: with all of the usual 400 the second round fills `rows.maximum`, and what is asked for
hardly matters any more."""


def played(name: str, task: str, seed: int, search: dict[str, Any], options: Any) -> RunFolder:
    """Make a run, go on with it, or find it finished."""
    place = ("--runs", str(RUNS))
    folder = RUNS / name
    if not (folder / "result.json").exists():
        if folder.exists():
            coursewright("resume", name, *place)
        else:
            config = {
                "student": {"kind": options.student},
                "search": search,
                "seed": seed,
                "retrainings": 1,
                "budget": {"rounds": options.rounds, "round_calls": CALLS},
                "shared": str(RUNS / "shared-trainings"),
            }
            RUNS.mkdir(parents=True, exist_ok=True)
            file = RUNS / f"{name}.yaml"
            file.write_text(yaml.safe_dump(config), encoding="utf-8")
            coursewright("run", task, "--config", str(file), *place, "--name", name)
    return RunFolder(folder)


def delivered_after(run: RunFolder, kept: Path) -> list[float]:
    """Private accuracy of what would be delivered after each full training, in their order."""
    private = curve_of(run, run.path.name, kept, Silent())
    curve: list[float] = []
    best = -math.inf
    for done in run.rounds():
        if done.scored is None:
            continue
        if done.scored.accuracy > best:
            best, now = done.scored.accuracy, private[done.number]
        curve.append(now)
    return curve


def needed(curve: Sequence[float], target: float) -> int | None:
    """How many trainings the curve needs; None if it never gets there."""
    return next((n for n, value in enumerate(curve, 1) if value >= target), None)


def interval(values: Sequence[float]) -> list[float]:
    """Mean over runs and, where there are two at least, its 95 % interval (normal)."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return [round(mean, 3)]
    half = 1.96 * statistics.stdev(values) / math.sqrt(len(values))
    return [round(value, 3) for value in (mean, mean - half, mean + half)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tasks", nargs="+", default=list(TASKS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--student", default="nano", choices=("nano", "pico"))
    parser.add_argument("--search", action="append", metavar="NAME=JSON", default=[])
    options = parser.parse_args()
    searches: dict[str, Any] = {"tree": {"kind": "tree", "patience": None}}
    searches |= {name: json.loads(told) for name, _, told in map(_split, options.search)}
    kept = RUNS / "trainings-private"
    kept.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[Mapping[str, float]]] = {name: [] for name in searches}
    for seed in range(options.seeds):
        for task in options.tasks:
            at = f"{task}-{seed}-{options.student}-{options.rounds}"
            curve = delivered_after(
                played(f"trainings-greedy-{at}", task, seed, GREEDY, options), kept
            )
            own = needed(curve, curve[-1])
            assert own is not None
            report(search="greedy", task=task, seed=seed, trainings=own, made=len(curve),
                   private=round(curve[-1], 4))  # fmt: skip
            for name, search in searches.items():
                run = played(f"trainings-{name}-{at}", task, seed, search, options)
                other = delivered_after(run, kept)
                count = needed(other, curve[-1])
                report(search=name, task=task, seed=seed, trainings=count, made=len(other),
                       private=round(other[-1], 4) if other else None)  # fmt: skip
                found[name].append(
                    {
                        "of_twelve": (count or len(other)) / options.rounds,
                        "of_own": (count or len(other)) / own,
                        "points": 100 * (other[-1] - curve[-1]),
                        "never": count is None,
                    }
                )
    for name, runs in found.items():
        told = {key: interval([one[key] for one in runs]) for key in ("of_twelve", "of_own")}
        report(
            search=name,
            runs=len(runs),
            trainings_as_share_of_greedys_rounds=told["of_twelve"],
            trainings_as_share_of_greedys_own=told["of_own"],
            points_above_greedy_at_the_end=interval([one["points"] for one in runs]),
            never_reached=sum(one["never"] for one in runs),
        )


def _split(told: str) -> tuple[str, str, str]:
    return told.partition("=")


if __name__ == "__main__":
    main()
