"""The exams of a run: a task's splits and probes, with those who put and grade them.

Beside `wiring`, which makes every other part.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from coursewright.config import RunConfig
from coursewright.evaluation import Grader, Part, ProbeExaminer, SplitEvaluator
from coursewright.protocols import Progress, Scorer, Student
from coursewright.records import Item, ProbePart, Task
from coursewright.scoring import make_scorer
from coursewright.seeding import derive
from coursewright.tasks import read_probe, read_split


def make_evaluator(
    config: RunConfig,
    task: Task,
    student: Student,
    progress: Progress,
) -> SplitEvaluator:
    """Return the one who asks the student, and grades."""
    return SplitEvaluator(
        partial(read_split, task),
        instruction=task.instruction,
        student=student,
        scorer=pick_scorer(config, task),
        progress=progress,
        paper=config.protocol == "paper",
        sequential=sequential(config),
    )


def sequential(config: RunConfig) -> tuple[float, int] | None:
    """Return chance of error and seed of sequential scoring; None where all items are asked."""
    if config.sequential is None:
        return None
    return config.sequential.alpha, derive(config.seed, "order of scored items")


def make_probes(
    config: RunConfig,
    task: Task,
    student: Student,
    progress: Progress,
) -> ProbeExaminer:
    """Return the one who puts the task's probes to the student."""

    def part(one: ProbePart) -> Part:
        scorer = (
            pick_scorer(config, task)
            if one.scorer is None
            else make_scorer(one.scorer, Path(task.folder))
        )
        instruction = task.instruction if one.instruction is None else one.instruction
        return Part(partial(read_probe, task, one), Grader(instruction, student, scorer, progress))

    return ProbeExaminer({name: tuple(map(part, parts)) for name, parts in task.probes.items()})


def probe_items(task: Task) -> dict[str, list[Item]]:
    """Return the items of the task's probes under one name, or nothing where it has none."""
    parts = [part for parts in task.probes.values() for part in parts]
    items = [item for part in parts for item in read_probe(task, part)]
    return {"probes": items} if items else {}


def pick_scorer(config: RunConfig, task: Task) -> Scorer:
    """Return the task's scorer, or the one the config puts in its place."""
    if config.scorer is None:
        return make_scorer(task.scorer, Path(task.folder))
    return make_scorer({"kind": config.scorer.path, **config.scorer.options})
