"""What the quality audits find of the study's failures, and what they hold against honest files.

    python -m benchmarks.quality [--trials 50] [--data FOLDER] [--runs FOLDER] [--part P] [--speed]

One JSON line for each failure and task: of how many trials it was flagged and refused; then for
honest files: which were flagged, and by which check. `--data` names a folder with the benchmarks'
own files, whose rows are honest files too; `--runs` a folder of recorded runs. `--part` is
`failures` or `honest` where one of them will do. `--speed` times 2,000 and 100,000 rows.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

from benchmarks.common import TASKS, report
from benchmarks.quality_files import (
    FAILURES,
    Exam,
    carded,
    exam_of,
    published,
    recorded,
    taught,
)
from coursewright.audit import Context
from coursewright.audit.checks import Finding
from coursewright.audit.correctness import Correctness
from coursewright.audit.diversity import Diversity
from coursewright.audit.profile import Profile
from coursewright.audit.repeats import Repeats
from coursewright.records import TracedRow

CHECKS = (Repeats(), Diversity(), Correctness(), Profile())


def examined(
    rows: list[TracedRow], exam: Exam, earlier: list[list[TracedRow]] | None = None
) -> list[Finding]:
    """What each of the quality audits makes of a file."""
    context = Context(
        round_number=len(earlier or ()),
        visible=exam.visible,
        scorer=exam.scorer,
        earlier=list(enumerate(earlier or ())),
    )
    return [check.examine(rows, context) for check in CHECKS]


def failures(trials: int) -> bool:
    """Whether every failure was flagged in 95 % of its trials, on every task that it fits."""
    good = True
    for name, make in FAILURES.items():
        for task in TASKS:
            exam = exam_of(task)
            flagged = refused = 0
            by: Counter[str] = Counter()
            done = 0
            for trial in range(trials):
                made = make(exam, Random(f"{name} {task} {trial}"))
                if made is None:
                    break
                *earlier, rows = made
                found = examined(rows, exam, earlier)
                bad = [one.check.name for one in found if one.check.verdict != "clean"]
                flagged += bool(bad)
                refused += any(one.refusal for one in found)
                by.update(bad)
                done += 1
            if done:
                good &= flagged >= 0.95 * done
                report(
                    failure=name,
                    task=task,
                    trials=done,
                    flagged=flagged,
                    refused=refused,
                    by=dict(by),
                )
    return good


def honest(trials: int, data: Path | None, runs: Path | None) -> bool:
    """Whether at most 5 % of honest files are flagged."""
    kinds = {
        "simulated teacher, all topics": (
            (f"{task} {n}", rows, exam_of(task))
            for task in TASKS
            for n, rows in enumerate(taught(exam_of(task), trials))
        ),
        "method cards": carded(None),
        "method cards, a teacher that errs in a quarter": carded("hasty"),
        "rows of published benchmarks": published(data, max(1, trials // 5)) if data else (),
        "recorded runs": recorded(runs) if runs else (),
    }
    total: Counter[str] = Counter()
    for kind, files in kinds.items():
        count: Counter[str] = Counter()
        for name, rows, exam in files:
            found = examined(rows, exam)
            bad = [one.check for one in found if one.check.verdict != "clean"]
            count["files"] += 1
            count["flagged"] += bool(bad)
            count["refused"] += any(one.refusal for one in found)
            for check in bad:
                print(f"  {kind}: {name}: {check.name}: {check.evidence[1:3]}", file=sys.stderr)
        if count:
            report(honest=kind, **count)
            total += count
    report(honest="all", **total)
    return total["flagged"] <= 0.05 * total["files"]


def speed() -> None:
    """Time and memory on rows of the simulated teacher, written anew to any number."""
    exam = exam_of("science-mini")
    base = [row for rows in taught(exam, 4) for row in rows]
    rng = Random(1)
    names = [f"{a}{b}{c}" for a in "BCDFGH" for b in "aeiou" for c in "lmnrst"]
    for count in (2000, 100_000):
        rows = [
            row.model_copy(update={"input": f"{rng.choice(names)} {n}: {row.input}"})
            for n in range(count)
            for row in (base[n % len(base)],)
        ]
        for check in CHECKS:
            began = time.process_time()
            check.examine(rows, Context(round_number=0, visible=exam.visible, scorer=exam.scorer))
            report(
                rows=count,
                check=check.name,
                cpu_seconds=round(time.process_time() - began, 2),
                peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            )


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--trials", type=int, default=50)
    options.add_argument("--data", type=Path)
    options.add_argument("--runs", type=Path)
    options.add_argument("--part", choices=("failures", "honest"), help="default: both")
    options.add_argument("--speed", action="store_true")
    chosen = options.parse_args()
    if chosen.speed:
        speed()
        return
    good = chosen.part == "honest" or failures(chosen.trials)
    if chosen.part != "failures":
        good &= honest(chosen.trials, chosen.data, chosen.runs)
    if not good:
        sys.exit(1)


if __name__ == "__main__":
    main()
