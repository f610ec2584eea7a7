"""How few rows keep the gain: whole runs with the embedded models, and the search in a simulation.

    python -m benchmarks.smallest [--tasks science-mini ...] [--student nano] [--seeds 1]
                                  [--rounds 2] [--trainings 8] [--simulated 2000] [--random 3]

Each run prints the rows that were found, what they keep of the gain on private with its interval,
and what that cost; runs that are done stand in the folder and are not made again. The simulation
trains nothing: students' true skill rises with their rows along an invented curve, and what is seen
of it moves with every training and, for all students of a size alike, with the items of scored. It
tells what confirmation is worth against either kind of luck. With `--random` the run's cuts of 50
to 500 rows are held against so many random draws of as many rows, on scored.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks.common import RUNS, TASKS, coursewright, report
from coursewright.config import EmbeddedStudent
from coursewright.display import Silent
from coursewright.exams import make_evaluator
from coursewright.records import TracedRow
from coursewright.seeding import derive
from coursewright.shrinking import bisect, depth, settle
from coursewright.store import Artifacts, RunFolder, put_rows, read_rows, read_stages
from coursewright.student import LocalStudent
from coursewright.submission.balance import grid
from coursewright.tasks import load_task

ROWS, MINIMUM, KEEP, SEEDS = 800, 16, 0.95, 3
GAIN = 0.4
"""Of the whole data set; a fraction, as are all standard deviations here."""
LUCK = {"of trainings": (0.025, 0.01), "of items": (0.01, 0.02)}
"""Standard deviations of one training, and of one size's students alike by the items they sit."""


class Invented:
    """Takes the place of `shrinking.Trials`: a half-life of rows and luck in place of students."""

    def __init__(
        self, half: float, count: int, luck: tuple[float, float], rng: np.random.Generator
    ) -> None:
        self.rows = grid(MINIMUM, ROWS, count)
        self.sizes, self.seeds = len(self.rows), SEEDS
        self._half, self._rng, self._by_seed = half, rng, luck[0]
        self._seen: dict[tuple[int, int], float] = {}
        self._of_items = rng.normal(0, luck[1], self.sizes + 1)

    @property
    def spent(self) -> int:
        """Trainings so far."""
        return len(self._seen)

    def missing(self, size: int) -> int:
        """Trainings a size lacks."""
        return sum((size, seed) not in self._seen for seed in range(self.seeds))

    def kept(self, rows: int) -> float:
        """True share of the whole gain that so many rows keep."""
        return (rows / (rows + self._half)) / (ROWS / (ROWS + self._half))

    def scored(self, size: int, start: int, end: int) -> float:
        """What is seen of a size's gain: its own, the luck of its items, and of each training."""
        for seed in range(start, end):
            if (size, seed) not in self._seen:
                luck = self._of_items[size] + self._rng.normal(0, self._by_seed)
                self._seen[size, seed] = GAIN * self.kept(self.rows[size]) + luck
        return float(np.mean([self._seen[size, seed] for seed in range(start, end)]))

    def target(self) -> float:
        """The gain to be kept, as it is seen of the whole data set's students."""
        seen = GAIN + self._rng.normal(0, self._by_seed / np.sqrt(SEEDS)) + self._of_items[-1]
        return float(KEEP * seen)


def simulate(runs: int, trainings: int, kind: str) -> None:
    """Print what is found on one training, and after confirmation."""
    rng = np.random.default_rng(0)
    found: dict[str, list[tuple[float, float]]] = {"one training": [], "confirmed": []}
    unconfirmed = none = 0
    for _ in range(runs):
        half = float(np.exp(rng.uniform(np.log(2), np.log(40))))
        world: Any = Invented(half, 2 ** depth(trainings, SEEDS) - 1, LUCK[kind], rng)
        target = world.target()
        first = bisect(world, target)
        enough = [rows for rows in world.rows if world.kept(rows) >= KEEP]
        fewest = enough[0] if enough else ROWS
        if first < world.sizes:
            rows = world.rows[first]
            found["one training"].append((world.kept(rows), rows / fewest))
        size, confirmed = settle(world, first, target, trainings)
        none += size is None
        unconfirmed += confirmed is False
        if size is not None and confirmed:
            found["confirmed"].append((world.kept(world.rows[size]), world.rows[size] / fewest))
    for how, seen in found.items():
        kept = np.array([share for share, _ in seen])
        report(
            measurement="smallest, simulated",
            luck=kind,
            how=how,
            runs=runs,
            trainings=trainings,
            found=len(seen),
            truly_kept=round(float(kept.mean()), 3),
            truly_kept_at_least_0_95=round(float((kept >= KEEP).mean()), 3),
            truly_kept_at_least_0_90=round(float((kept >= 0.9).mean()), 3),
            rows_over_fewest=round(float(np.median([ratio for _, ratio in seen])), 2),
            unconfirmed=unconfirmed,
            none=none,
        )


def run_name(task: str, student: str, seed: int, rounds: int, trainings: int) -> str:
    """Return what a run is called in the folder."""
    return f"{task}-{student}-{rounds}-{trainings}-{seed}"


def measure(task: str, student: str, seed: int, rounds: int, trainings: int, out: Path) -> None:
    """Make a run, or take it up, and print what it found."""
    name = run_name(task, student, seed, rounds, trainings)
    if (out / name).is_dir():
        result = coursewright("resume", name, "--runs", str(out))
    else:
        settings = out / f"{trainings}.yaml"
        settings.write_text(f"smallest: {{trainings: {trainings}}}\n")
        options = ("--student", student, "--seed", str(seed), "--rounds", str(rounds))
        places = ("--config", str(settings), "--runs", str(out), "--name", name)
        result = coursewright("run", task, *options, *places)
    found = result["smallest"]
    report(
        measurement="smallest",
        task=task,
        student=student,
        seed=seed,
        gain_points=result["gain_points"],
        seconds=round(result["seconds"]["total"], 1),
        search_seconds=round(search_seconds(RunFolder(out / name)), 1),
        **found,
    )


def against_random(folder: RunFolder, draws: int) -> None:
    """Train on a run's cuts and on random rows, seed by seed, and print both means on scored."""
    config = folder.config
    task = load_task(config.task)
    stages = read_stages(folder.journal_path)
    (cut,) = [json.loads(stage["outcome"]) for stage in stages if stage["kind"] == "cut"]
    result = folder.result()
    assert result is not None
    assert result.final is not None
    whole = read_rows(folder.artifacts, str(result.final.dataset))
    assert isinstance(config.student, EmbeddedStudent)
    with (
        tempfile.TemporaryDirectory() as scratch,
        LocalStudent(
            config.student, store := Artifacts(Path(scratch)), Silent(), generation=task.generation
        ) as student,
    ):
        evaluator = make_evaluator(config, task, student, Silent())

        def scored(rows: Sequence[TracedRow], seed: int) -> float:
            weights = student.train(put_rows(store, rows), seed).weights
            return evaluator.evaluate(weights, "scored").accuracy

        for part in cut["cuts"]:
            if not 50 <= part["kept"] <= 500:
                continue
            few = read_rows(folder.artifacts, part["rows"])
            seeds = [derive(config.seed, "final", number) for number in range(draws)]
            ordered = [scored(few, seed) for seed in seeds]
            drawn = [scored(Random(seed).sample(whole, len(few)), seed) for seed in seeds]
            report(
                measurement="smallest, against random rows",
                task=task.name,
                rows=len(few),
                of=len(whole),
                ordered=[round(score, 4) for score in ordered],
                random=[round(score, 4) for score in drawn],
                difference_points=round(100 * (fmean(ordered) - fmean(drawn)), 2),
            )


def search_seconds(folder: RunFolder) -> float:
    """Seconds from the cut to the probes: trainings and exams of the search."""
    seconds, searching = 0.0, False
    for stage in read_stages(folder.journal_path):
        searching = (searching or stage["kind"] == "cut") and stage["kind"] != "probes"
        seconds += stage["seconds"] if searching else 0.0
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description="The smallest sufficient set.")
    parser.add_argument("--tasks", nargs="*", default=TASKS, choices=TASKS)
    parser.add_argument("--student", default="nano", choices=("nano", "pico"))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--trainings", type=int, default=8)
    parser.add_argument("--simulated", type=int, default=2000, help="runs of the simulation")
    parser.add_argument("--random", type=int, default=0, help="random draws of each size")
    parser.add_argument("--out", type=Path, default=RUNS / "smallest")
    arguments = parser.parse_args()
    for kind in LUCK if arguments.simulated else ():
        simulate(arguments.simulated, arguments.trainings, kind)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for task in arguments.tasks:
        for seed in range(arguments.seeds):
            print(f"{task}, seed {seed}", file=sys.stderr, flush=True)
            measure(
                *(task, arguments.student, seed, arguments.rounds, arguments.trainings),
                arguments.out,
            )
            if arguments.random:
                name = run_name(
                    task, arguments.student, seed, arguments.rounds, arguments.trainings
                )
                against_random(RunFolder(arguments.out / name), arguments.random)


if __name__ == "__main__":
    main()
