"""What a course makes nano forget, and what replay rows save of it at what price.

    python -m benchmarks.forgetting [--tasks science-mini ...] [--seeds 2] [--rows 800]

For each task and seed one course of right rows is trained twice, without and with rows of the
past, and both students sit private and the panel. Bar: with replay at most half is forgotten, and
at most a tenth of the gain is lost, means over tasks and seeds. Pairs that are done stand in the
folder and are not done again. It also says what a sitting of all probes takes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.common import RUNS, TASKS, report
from coursewright.config import EmbeddedStudent, ReplayConfig, RunConfig
from coursewright.display import Silent
from coursewright.exams import make_evaluator, make_probes
from coursewright.families import load_family
from coursewright.families.drawing import FAMILY_OF, draw_rows
from coursewright.mixing import with_replay
from coursewright.records import Task
from coursewright.store import Artifacts, put_rows
from coursewright.student import LocalStudent
from coursewright.tasks import load_task


def pair(task: Task, rows: int, share: float, seed: int, scratch: Path) -> dict[str, Any]:
    """Gain and forgetting, in points, without and with replay."""
    store = Artifacts(scratch)
    config = RunConfig(task=task.name, seed=seed, replay=ReplayConfig(share=share))
    found: dict[str, Any] = {"task": task.name, "seed": seed}
    rng = Random(f"forgetting/{task.name}/{seed}")
    course = put_rows(
        store, draw_rows(load_family(FAMILY_OF[task.name]), task.instruction, rows, rng)
    )
    with LocalStudent(EmbeddedStudent(), store, Silent(), generation=task.generation) as student:
        evaluator = make_evaluator(config, task, student, Silent())
        probes = make_probes(config, task, student, Silent())
        student.answer(None, ["warm"])
        began = time.monotonic()
        base = probes.sit(None).evaluations
        found["sitting_seconds"] = round(time.monotonic() - began, 1)
        exam = evaluator.open_private([None]).evaluations[0]
        for name, taught in (
            ("without", student),
            ("with", with_replay(config, task, student, store)),
        ):
            weights = taught.train(course, seed).weights
            sat = probes.sit(weights).evaluations
            private = evaluator.open_private([weights]).evaluations[0]
            robust = ("renumbered", "rephrased")
            found[name] = {
                "gain": 100 * (private.accuracy - exam.accuracy),
                "robust": 50 * sum(sat[n].accuracy - base[n].accuracy for n in robust),
                "sibling": 100 * (sat["sibling"].accuracy - base["sibling"].accuracy),
                "forgot": 100 * (base["abilities"].accuracy - sat["abilities"].accuracy),
                "panel": [base["abilities"].accuracy, sat["abilities"].accuracy],
            }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Forgetting, and what replay saves of it.")
    parser.add_argument("--tasks", nargs="+", default=TASKS, choices=TASKS)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--rows", type=int, default=800)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--out", type=Path, default=RUNS / "forgetting")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    file = arguments.out / f"pairs-{arguments.rows}-{arguments.share}.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    done = {(d["task"], d["seed"]): d for d in map(json.loads, lines)}
    for seed in range(arguments.seeds):
        for task in arguments.tasks:
            if (task, seed) in done:
                continue
            with tempfile.TemporaryDirectory() as scratch:
                found = pair(load_task(task), arguments.rows, arguments.share, seed, Path(scratch))
            done[task, seed] = found
            with file.open("a") as out:
                out.write(json.dumps(found) + "\n")
            print(found, file=sys.stderr, flush=True)
    pairs = [d for (task, seed), d in done.items() if task in arguments.tasks]
    mean = {
        f"{part}_{name}": sum(d[name][part] for d in pairs) / len(pairs)
        for name in ("without", "with")
        for part in ("gain", "forgot")
    }
    report(
        pairs=len(pairs),
        **{key: round(value, 1) for key, value in mean.items()},
        forgetting_left=round(mean["forgot_with"] / mean["forgot_without"], 3),
        gain_lost=round(1 - mean["gain_with"] / mean["gain_without"], 3),
        bar="forgetting left <= 0.5, gain lost <= 0.1",
    )


if __name__ == "__main__":
    main()
