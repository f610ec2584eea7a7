"""The oracle: right rows drawn from a task's own generator, in training phrasings.

What a teacher without faults and an agent without doubts could reach with as many rows.
"""

from __future__ import annotations

import random
import tempfile
from functools import partial
from pathlib import Path

from coursewright.chat import item_body
from coursewright.config import EmbeddedStudent
from coursewright.display import Silent
from coursewright.evaluation import SplitEvaluator
from coursewright.families import load_family
from coursewright.records import TracedRow
from coursewright.scoring import make_scorer
from coursewright.seeding import derive
from coursewright.store import Artifacts, put_rows
from coursewright.student import LocalStudent
from coursewright.tasks import load_task, read_split

FAMILY_OF = {
    "science-mini": "science",
    "code-mini": "code",
    "finance-mini": "finance",
    "word-problems": "words",
}


def oracle_rows(task: str, count: int, seed: int) -> list[TracedRow]:
    """Return `count` distinct right rows, skills in turn."""
    family, instruction = load_family(FAMILY_OF[task]), load_task(task).instruction
    rng = random.Random(derive(seed, "oracle", task))
    rows: dict[str, TracedRow] = {}
    while len(rows) < count:
        sample = family.skills[len(rows) % len(family.skills)].sample(rng)
        body = item_body(sample.question, sample.context or None)
        rows[body] = TracedRow(instruction=instruction, input=body, output=sample.worked)
    return list(rows.values())


def oracle_accuracy(task: str, count: int, seed: int) -> float:
    """Return the private accuracy of a student trained on `count` oracle rows."""
    loaded = load_task(task)
    with tempfile.TemporaryDirectory() as place:
        artifacts = Artifacts(Path(place))
        rows = put_rows(artifacts, oracle_rows(task, count, seed))
        with LocalStudent(
            EmbeddedStudent(), artifacts, Silent(), generation=loaded.generation
        ) as student:
            evaluator = SplitEvaluator(
                partial(read_split, loaded),
                instruction=loaded.instruction,
                student=student,
                scorer=make_scorer(loaded.scorer, Path(loaded.folder)),
                progress=Silent(),
            )
            training = student.train(rows, derive(seed, "final", 0))
            return evaluator.open_private([training.weights]).evaluations[0].accuracy
