"""Every built-in task, iterative and one-shot, three seeds; and the oracle beside them.

Bars: the 95 % interval of the gain above 0 on every task; word-problems above its best constant
expression; mean share of the distance base to oracle closed at least 0.7 on the mini tasks;
iterative above one-shot in the mean; MATS at most 1.2.

Two runs at a time, one thread each. Finished runs under `runs/bench` are not made again.
"""

from __future__ import annotations

import statistics
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.common import MINI, ROOT, RUNS, SEEDS, TASKS, coursewright, report
from benchmarks.oracle import oracle_accuracy

MODES = ("iterative", "one-shot")
AT_ONCE = 2


def run_name(task: str, mode: str, seed: int) -> str:
    return f"study-{task}-{mode}-{seed}"


def result_of(task: str, mode: str, seed: int) -> dict[str, Any]:
    """Run one cell, go on with it, or read its result."""
    name = run_name(task, mode, seed)
    place = ["--runs", str(RUNS)]
    if (RUNS / name / "result.json").exists():
        return coursewright("show", name, *place)
    if (RUNS / name).exists():
        return coursewright("resume", name, *place)
    arguments = ["--config", "benchmarks/study.yaml", "--mode", mode, "--seed", str(seed)]
    return coursewright("run", task, *arguments, *place, "--name", name)


def main() -> None:
    RUNS.mkdir(parents=True, exist_ok=True)
    cells = [(task, mode, seed) for seed in SEEDS for task in TASKS for mode in MODES]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = dict(zip(cells, pool.map(lambda cell: result_of(*cell), cells), strict=True))
    for cell, result in results.items():
        report(
            name="study",
            task=cell[0],
            mode=cell[1],
            seed=cell[2],
            base=result["base"]["private"],
            private=result["final"]["private"],
            gain_points=result["gain_points"],
            ci95=result["gain_points_ci95"],
            gain_pct=result["gain_pct"],
            mats=result["mats"],
            audit=result["audit"],
            baselines=result["baselines"],
            overhead=round(result["seconds"]["overhead"] / result["seconds"]["total"], 4),
            seconds=round(result["seconds"]["total"], 1),
        )
    conclude(results)


def conclude(results: dict[tuple[str, str, int], dict[str, Any]]) -> None:
    """Print the figures that stand against bars."""

    def mean(mode: str, field: str, tasks: tuple[str, ...] = TASKS) -> float:
        return statistics.mean(results[t, mode, s][field] for t in tasks for s in SEEDS)

    closed = {}
    for task in MINI:
        shares = []
        for seed in SEEDS:
            result = results[task, "iterative", seed]
            winner = result["rounds"][result["final"]["round"]]
            oracle = oracle_accuracy(task, winner["rows"], seed)
            base = result["base"]["private"]
            shares.append((result["final"]["private"] - base) / (oracle - base))
            report(name="oracle", task=task, seed=seed, oracle=oracle, share=round(shares[-1], 3))
        closed[task] = statistics.mean(shares)
    iterative = [results[t, "iterative", s] for t in TASKS for s in SEEDS]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    report(
        name="study_summary",
        commit=commit.stdout.strip(),
        intervals_above_zero=sum(r["gain_points_ci95"][0] > 0 for r in iterative),
        of=len(iterative),
        oracle_share={task: round(share, 3) for task, share in closed.items()},
        oracle_share_mean=round(statistics.mean(closed.values()), 3),
        gain_points_iterative=round(mean("iterative", "gain_points"), 2),
        gain_points_one_shot=round(mean("one-shot", "gain_points"), 2),
        mats_iterative=round(mean("iterative", "mats"), 3),
        mats_one_shot=round(mean("one-shot", "mats"), 3),
    )


if __name__ == "__main__":
    main()
