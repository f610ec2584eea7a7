"""Every built-in task, iterative and one-shot, three seeds; and the oracle beside them.

Bars: the 95 % interval of the gain above 0 on every task; word-problems above its best constant
expression; mean share of the distance base to oracle closed at least 0.7 on the mini tasks;
iterative above one-shot in the mean; MATS at most 1.2. The oracle is trained on as many right rows
as a submission may hold.

The study is `study.yaml`; finished runs under `runs/bench/study` are not made again.
"""

from __future__ import annotations

import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common import MINI, ROOT, RUNS, report
from coursewright.bench import Measured, load_study, plan_study, run_study
from coursewright.bench.measured import measured
from coursewright.display import open_progress
from coursewright.records import Result

FILE = Path(__file__).with_suffix(".yaml")


def main() -> None:
    study, folder = load_study(FILE), RUNS / "study"
    run_study(study, folder, open_progress())
    cells = measured(plan_study(study, folder), {})
    for one in cells:
        if one.result is not None:
            report_run(one, one.result)
    conclude(cells)


def report_run(one: Measured, result: Result) -> None:
    """Print the figures of one run."""
    report(
        name="study",
        task=one.cell.task,
        mode=one.cell.mode,
        seed=one.cell.seed,
        base=result.base.private if result.base else None,
        private=result.final.private if result.final else None,
        gain_points=result.gain_points,
        ci95=result.gain_points_ci95,
        gain_pct=result.gain_pct,
        mats=result.mats,
        audit=result.audit,
        baselines=result.baselines,
        overhead=round(result.seconds["overhead"] / result.seconds["total"], 4),
        seconds=round(result.seconds["total"], 1),
    )


def conclude(cells: Sequence[Measured]) -> None:
    """Print the figures that stand against bars."""

    def results(mode: str) -> list[Result]:
        found = (one.result for one in cells if one.cell.kind == "agent" and one.cell.mode == mode)
        return [result for result in found if result is not None]

    def mean(mode: str, field: str) -> float:
        values = [getattr(result, field) for result in results(mode)]
        return statistics.mean(value for value in values if value is not None)

    closed = {task: statistics.mean(shares_of(cells, task)) for task in MINI}
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    intervals = [result.gain_points_ci95 for result in results("iterative")]
    report(
        name="study_summary",
        commit=commit.stdout.strip(),
        intervals_above_zero=sum(
            interval is not None and interval[0] > 0 for interval in intervals
        ),
        of=len(intervals),
        oracle_share={task: round(share, 3) for task, share in closed.items()},
        oracle_share_mean=round(statistics.mean(closed.values()), 3),
        gain_points_iterative=round(mean("iterative", "gain_points"), 2),
        gain_points_one_shot=round(mean("one-shot", "gain_points"), 2),
        mats_iterative=round(mean("iterative", "mats"), 3),
        mats_one_shot=round(mean("one-shot", "mats"), 3),
    )


def shares_of(cells: Sequence[Measured], task: str) -> list[float]:
    """Return, by seed, the share of the distance from base to oracle that iterating closes."""
    scores: dict[tuple[str, int], float] = {}
    for one in cells:
        iterative = one.cell.kind == "agent" and one.cell.mode == "iterative"
        if one.cell.task == task and one.private and (iterative or one.cell.kind == "baseline"):
            scores[one.cell.contestant, one.cell.seed] = statistics.mean(one.private[0])
            scores["base", one.cell.seed] = statistics.mean(one.base)
    shares = []
    for seed in sorted({seed for _, seed in scores}):
        base, oracle = scores["base", seed], scores["oracle", seed]
        shares.append((scores["heuristic", seed] - base) / (oracle - base))
        report(name="oracle", task=task, seed=seed, oracle=oracle, share=round(shares[-1], 3))
    return shares


if __name__ == "__main__":
    main()
