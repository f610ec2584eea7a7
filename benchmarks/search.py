"""Search policies against response surfaces: what they would reach with so many full trainings.

    python -m benchmarks.search [--runs N] [--policy package.module:Class ...]
    python -m benchmarks.search --recorded FILE ... [--check]

Nothing is trained. A *surface* (`surfaces/`) says what became of a data decision. Greedy plays 12
rounds; what it delivers then is the target. Counted are the full trainings (rounds that were
scored, merges and ablations among them) until what is delivered is truly as good for the first
time: of each run, and of the mean over all runs, which the luck of single runs does not touch. A
run that is not there after `MOST` rounds counts with all of its. Counts of single runs favour
greedy, for each target is where its own luck took it.

Without `--recorded` all is SYNTHETIC: invented surfaces can show that a policy is broken, and how
policies compare on such surfaces, not what a policy gains on a real task. With it the surfaces are
fitted to trainings that were made (`python -m benchmarks.record_trainings`); `--check` prints how
well, on trainings that were left out, instead of playing.

`--policy` adds one: a class with `next(rounds, base) -> Decision or None` and
`best(rounds) -> Round or None` (`coursewright.protocols.Search`), made as
`Class(seed=..., families=...)`: the run's seed, and the names of methods by family.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import report
from benchmarks.recording.check import check
from benchmarks.recording.table import TableError
from benchmarks.surfaces import Surface
from benchmarks.surfaces.invented import FAMILIES, WORLDS, Invented
from benchmarks.surfaces.playing import Played, play
from benchmarks.surfaces.recorded import Landscape, RecordedSurface
from coursewright.errors import ConfigError
from coursewright.plugins import construct
from coursewright.protocols import Search
from coursewright.search import GreedySearch, TreeSearch
from coursewright.searches import STRIDE

ROUNDS = 12
"""Of greedy, whose end is the target."""
MOST = 36
"""Rounds that any policy may play."""

Families = Mapping[str, Sequence[str]]
Policy = Callable[[int, Families], Search]
"""A run's seed, and methods by family -> its search."""


def tree(seed: int, families: Families, **options: Any) -> Search:
    """Return a tree search that plays on."""
    return TreeSearch(seed=seed, families=families, patience=None, **options)


POLICIES: dict[str, Policy] = {
    "greedy": lambda seed, families: GreedySearch(),
    "tree": partial(tree, stride=STRIDE),
    "tree, 2 drafts": partial(tree, stride=STRIDE, drafts=2),
    "tree, stride 1": tree,
    "tree, stride 1, 2 drafts": partial(tree, drafts=2),
    "tree, 2 ablations": partial(tree, stride=STRIDE, ablations=2),
}


def added(path: str) -> Policy:
    """Return the policy at `package.module:Class`."""

    def made(seed: int, families: Families) -> Search:
        options = {"seed": seed, "families": families}
        found: Search = construct(path, options, field="--policy", methods=("next", "best"))
        return found

    return made


def compare(
    name: str,
    surfaces: Callable[[int], Surface],
    runs: int,
    families: Families = FAMILIES,
    policies: Mapping[str, Policy] = POLICIES,
) -> None:
    """Let all policies play the same surfaces, and print a line for each."""
    targets = []
    for seed in range(runs):
        end = play(GreedySearch(), surfaces(seed), ROUNDS).truths
        targets.append(end[-1] if end else surfaces(seed).base_truth)
    base = float(np.mean([surfaces(seed).base_truth for seed in range(runs)]))
    for policy, search in policies.items():
        played = [play(search(seed, families), surfaces(seed), MOST) for seed in range(runs)]
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
    parser.add_argument("--recorded", type=Path, nargs="+", default=[], help="tables of trainings")
    parser.add_argument("--check", action="store_true", help="how well the tables are fitted")
    parser.add_argument("--policy", action="append", default=[], help="package.module:Class")
    options = parser.parse_args()
    try:
        policies = {**POLICIES, **{path: added(path) for path in options.policy}}
        for path in options.policy:
            policies[path](0, FAMILIES)  # what is wrong with it shows before any is played
        for table in options.recorded:
            landscape = Landscape.of(table)
            name = f"recorded: {landscape.table.header.task}"
            if options.check:
                report(measurement="surrogate", surface=name, **check(landscape.table))
                continue
            surfaces = partial(RecordedSurface, landscape)
            compare(name, surfaces, options.runs, landscape.families, policies)
    except (TableError, ConfigError) as error:
        sys.exit(str(error))
    for world in () if options.recorded else WORLDS:
        invented = partial(Invented, world)
        compare(f"invented: {world.name}", invented, options.runs, FAMILIES, policies)


if __name__ == "__main__":
    main()
