"""Five generations, each taught by the one before: what becomes of accuracy and of diversity.

    python -m benchmarks.generations [--task science-mini] [--generations 5] [--temperature 0.7]

Generation 1 is taught by the simulated teacher, every later one by the specialised student of the
generation before it (`run:ID`). All of them label the same seed questions
(`examples/programs/label_seeds.py`), so what narrows is the answers alone. Prints for each
generation the private accuracy, the share of right labels, and three measures of its labels:

    distinct   different answers, as a share of all
    entropy    of the answers' shapes (numbers masked), in bits
    forms      shapes that make up at least 1 % of the answers

Finished generations under `runs/bench` are not made again.
"""

from __future__ import annotations

import argparse
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from benchmarks.common import ROOT, RUNS, coursewright, report
from benchmarks.oracle import FAMILY_OF
from coursewright.families import load_family
from coursewright.families.solving import Solver
from coursewright.records import TracedRow
from coursewright.scoring import make_scorer
from coursewright.store import RunFolder, read_rows
from coursewright.tasks import load_task

PROGRAM = ROOT / "examples" / "programs" / "label_seeds.py"


def result_of(arguments: argparse.Namespace, generation: int) -> dict[str, Any]:
    """Run one generation, go on with it, or read its result."""
    name = name_of(arguments, generation)
    place = ["--runs", str(RUNS)]
    if (RUNS / name / "result.json").exists():
        return coursewright("show", name, *place)
    if (RUNS / name).exists():
        return coursewright("resume", name, *place)
    file = RUNS / f"{name}.yaml"
    file.write_text(yaml.safe_dump(config_of(arguments, generation)), encoding="utf-8")
    return coursewright("run", arguments.task, "--config", str(file), *place, "--name", name)


def name_of(arguments: argparse.Namespace, generation: int) -> str:
    hot = f"{arguments.temperature:g}"
    return f"generation-{arguments.task}-{arguments.student}-{hot}-{arguments.seed}-{generation}"


def config_of(arguments: argparse.Namespace, generation: int) -> dict[str, Any]:
    """One short run on the seeds: a single attempt and a single retraining."""
    before = {
        "kind": "run",
        "model": name_of(arguments, generation - 1),
        "temperature": arguments.temperature,
    }
    return {
        "agent": {"kind": "program", "path": str(PROGRAM)},
        "teacher": {"kind": "simulated"} if generation == 1 else before,
        "student": {"kind": arguments.student},
        "setting": "seed",
        "mode": "one-shot",
        "seed": arguments.seed,
        "retrainings": 1,
        "budget": {"one_shot_attempts": 1, "max_tokens": 64, "program_seconds": 900.0},
        "shared": str(RUNS / "shared-generations"),
    }


def labels_of(result: dict[str, Any]) -> list[TracedRow]:
    """The rows that a generation's student was trained on."""
    folder = RunFolder(Path(result["path"]))
    return list(read_rows(folder.artifacts, result["final"]["dataset"]))


def right_share(task: str, rows: list[TracedRow]) -> float | None:
    """Share of labels that are right, of the questions that can be solved by rule."""
    loaded, solver = load_task(task), Solver([load_family(FAMILY_OF[task])])
    scorer = make_scorer(loaded.scorer, Path(loaded.folder))
    solved = [(row, solver.solve(row.input)) for row in rows]
    scores = [scorer.score(row.output, found.answer) for row, found in solved if found]
    return sum(scores) / len(scores) if scores else None


def diversity(rows: list[TracedRow]) -> dict[str, float]:
    """See the module."""
    shapes = Counter(re.sub(r"\d+", "#", row.output) for row in rows)
    shares = [count / len(rows) for count in shapes.values()]
    return {
        "distinct": round(len({row.output for row in rows}) / len(rows), 3),
        "entropy": round(-sum(share * math.log2(share) for share in shares), 2),
        "forms": sum(share >= 0.01 for share in shares),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Narrowing over generations.")
    parser.add_argument("--task", default="science-mini", choices=FAMILY_OF)
    parser.add_argument("--student", default="nano")
    parser.add_argument("--generations", type=int, default=5)
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    RUNS.mkdir(parents=True, exist_ok=True)
    for generation in range(1, arguments.generations + 1):
        result = result_of(arguments, generation)
        if result["final"] is None:
            raise SystemExit(f"generation {generation} left no valid submission")
        rows = labels_of(result)
        right = right_share(arguments.task, rows)
        report(
            name="generation",
            task=arguments.task,
            generation=generation,
            teacher=result["teacher"],
            base=result["base"]["private"],
            private=result["final"]["private"],
            rows=len(rows),
            right_labels=None if right is None else round(right, 3),
            **diversity(rows),
            seconds=round(result["seconds"]["total"], 1),
        )


if __name__ == "__main__":
    main()
