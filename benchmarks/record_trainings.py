"""Record trainings, for a bench of searches: data sets and what became of them, item by item.

    python -m benchmarks.record_trainings --task science-mini --count 1000 --out FILE
        [--student nano] [--runs 3] [--sizes 100 2000] [--seed 0] [--place FOLDER]

Real rows (`recording/pool.py`, made first and kept in `--place`) are put together to data sets by a
design (`recording/design.py`, which says why these), a student is trained on each, and sits the
visible and the scored items. Private is not opened. FILE holds the trainings that were made
(`recording/table.py`); what stands there is skipped, so a table is made in as many sittings as one
likes, and grows when `--count` does. One file for each task; files of several tasks can be made
side by side.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.common import RUNS, TASKS, report
from benchmarks.recording.design import FEWEST, MOST, Point, point
from benchmarks.recording.pool import Pool, read_pool
from benchmarks.recording.table import (
    SPLITS,
    Asked,
    Header,
    Recorded,
    TableError,
    pack,
)
from benchmarks.recording.writing import extend
from coursewright.config import EmbeddedStudent, RunConfig
from coursewright.display import Silent
from coursewright.errors import CoursewrightError
from coursewright.exams import make_evaluator
from coursewright.protocols import Evaluator, Student
from coursewright.records import Evaluation, Task
from coursewright.seeding import derive
from coursewright.store import Artifacts, digest_of, put_rows
from coursewright.student import EMBEDDED, LocalStudent
from coursewright.tasks import load_task


def record(options: argparse.Namespace) -> None:
    """Make the trainings that the file lacks.

    Raises:
        TableError: the file is another recording's, or somebody else is writing it.
    """
    task, config = load_task(options.task), EmbeddedStudent(kind=options.student, threads=1)
    folder = options.place / f"{options.task}-{options.student}"
    pool = read_pool(options.task, config, folder, options.runs)
    with (
        tempfile.TemporaryDirectory(prefix="coursewright-bench-") as scratch,
        LocalStudent(
            config, store := Artifacts(Path(scratch)), Silent(), generation=task.generation
        ) as student,
    ):
        run = RunConfig(task=options.task, student=config)
        evaluator = make_evaluator(run, task, student, Silent())
        files = {name: task.digests[name] for name in ("visible.jsonl", "scored.jsonl")}
        made_of = {
            "task": digest_of(files),
            "student": student.fingerprint(),
            "pool": pool.digest,
            "sizes": "-".join(map(str, options.sizes)),
            "seed": str(options.seed),
        }

        def make(number: int) -> Recorded:
            design = point(number, pool.counts, seed=options.seed, sizes=options.sizes)
            return made(design, options.seed, pool, store, student, evaluator)

        lines = extend(
            options.out,
            made_of,
            lambda: header_of(task, options.student, made_of, pool, evaluator),
            options.count,
            make,
        )
        for line in lines:
            report(
                measurement="recorded training",
                task=options.task,
                number=line.n,
                kind=line.kind,
                rows=sum(map(sum, line.rows.values())),
                seconds=line.seconds,
            )


def header_of(
    task: Task, student: str, made_of: dict[str, str], pool: Pool, evaluator: Evaluator
) -> Header:
    """Let the base student sit both splits, and say what is going to be recorded."""
    base = {split: evaluator.evaluate(None, split) for split in SPLITS}
    return Header(
        task=task.name,
        student=student,
        made_of=made_of,
        methods=pool.methods,
        topics=pool.topics,
        pool=tuple(map(tuple, pool.counts.tolist())),
        items=items_of(base, pool.topics),
        base={split: packed(found) for split, found in base.items()},
    )


def made(
    design: Point, seed: int, pool: Pool, store: Artifacts, student: Student, evaluator: Evaluator
) -> Recorded:
    """Train on one data set, and let the student sit both splits."""
    rows = put_rows(store, pool.drawn(design.counts, derive(seed, "draw", design.draw)))
    training = student.train(rows, derive(seed, "training", design.seed))
    visible, scored = (evaluator.evaluate(training.weights, split) for split in SPLITS)
    for digest in (rows, training.weights):
        store.path_of(digest).unlink()  # a thousand students would fill a disk
    return Recorded(
        n=design.number,
        kind=design.kind,
        draw=design.draw,
        seed=design.seed,
        rows={at: tuple(rows) for at, rows in enumerate(design.counts.tolist()) if any(rows)},
        visible=packed(visible),
        scored=packed(scored),
        seconds=round(training.seconds + visible.seconds + scored.seconds, 1),
    )


def packed(found: Evaluation) -> str:
    """Return results as bits.

    Raises:
        TableError: the task's scorer knows more than right and wrong.
    """
    scores = [result.score for result in found.results]
    if any(score not in (0, 1) for score in scores):
        raise TableError("a table holds right and wrong alone; this task's scorer grades")
    return pack([score == 1 for score in scores])


def items_of(
    base: dict[Asked, Evaluation], topics: tuple[str, ...]
) -> dict[Asked, tuple[tuple[int, int], ...]]:
    """Return topic and group of every item by number."""
    groups: dict[str, int] = {}
    return {
        split: tuple(
            (topics.index(str(result.topic)), groups.setdefault(result.group, len(groups)))
            for result in found.results
        )
        for split, found in base.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--task", required=True, choices=TASKS)
    parser.add_argument("--count", type=int, required=True, help="trainings in all")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--student", default="nano", choices=EMBEDDED)
    parser.add_argument("--runs", type=int, default=3, help="runs that make the pool")
    parser.add_argument("--sizes", type=int, nargs=2, default=(FEWEST, MOST))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--place", type=Path, default=RUNS / "recording", help="the pool's runs")
    try:
        record(parser.parse_args())
    except (TableError, CoursewrightError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
