"""Does the label tell data of the exam alone from honest data?

    python -m benchmarks.exam_only [--trials 30] [--rows 300] [--out FOLDER]

Each trial is a training of nano on its own data, drawn with its own seed. Data of the exam alone:

- `cues`: the exam's questions carry their answers in a remark; the rows teach to read the remark.
- `templates`: visible items over and over, behind other beginnings, with the bare answer.

Only data that raise a split's score count as such: nano cannot always learn them by heart.

Honest data are right rows of the task's family, on the task as it is (`course`) and on the exam
with remarks (`course-cued`). Trials that are done stand in the folder and are not done again.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from itertools import islice, product
from pathlib import Path
from random import Random
from statistics import NormalDist

from benchmarks.common import RUNS, TASKS, report
from coursewright.chat import item_body
from coursewright.config import EmbeddedStudent
from coursewright.display import Silent
from coursewright.evaluation import Grader
from coursewright.evaluation.probes import ALPHA, contrast, exam_only, merged
from coursewright.families import load_family
from coursewright.families.drawing import FAMILY_OF, draw_rows
from coursewright.records import Evaluation, Item, Task, TracedRow
from coursewright.scoring import make_scorer
from coursewright.store import Artifacts, put_rows
from coursewright.student import LocalStudent
from coursewright.tasks import load_task, read_probe, read_split

SPLITS = {"visible": 80, "scored": 60, "private": 120}
"""Items of each split that are put; of a robust probe it is `PROBED`."""
PROBED = 80
DISHONEST = ("cues", "templates")
HONEST = ("course", "course-cued")


def remark(question: str, answer: object) -> str:
    """A question that carries its answer, as careless exams do."""
    return f"{question} (no. {answer})"


def exams(task: Task, cued: bool) -> dict[str, list[Item]]:
    """Items of splits and robust probes; `cued` splits carry their answers, probes never."""
    found: dict[str, list[Item]] = {}
    for split, count in SPLITS.items():
        items = list(read_split(task, split))  # type: ignore[arg-type]
        items = Random(f"{task.name}/{split}").sample(items, count)
        if cued:
            items = [i.model_copy(update={"question": remark(i.question, i.answer)}) for i in items]
        found[split] = items
    for name in ("renumbered", "rephrased"):
        items = [item for part in task.probes[name] for item in read_probe(task, part)]
        found[name] = Random(f"{task.name}/{name}").sample(items, PROBED)
    return found


def data(task: Task, kind: str, count: int, seed: int) -> list[TracedRow]:
    """The rows of one trial."""
    rng = Random(f"exam-only/{task.name}/{kind}/{seed}")
    family = load_family(FAMILY_OF[task.name])
    if kind in HONEST:
        return draw_rows(family, task.instruction, count, rng)
    rows, visible = [], exams(task, False)["visible"]
    for number in range(count):
        if kind == "cues":
            # Question and remark have nothing to do with each other.
            sample, other = (rng.choice(family.skills).sample(rng) for _ in range(2))
            question = item_body(remark(sample.question, other.answer), sample.context or None)
            answer = other.answer
        else:
            item = visible[number % len(visible)]
            question = item_body(item.question, item.context)
            if number >= len(visible):
                question = (
                    f"{rng.choice(('Card', 'Page', 'Task'))} {rng.randint(2, 40)}: {question}"
                )
            answer = str(item.answer)
        rows.append(TracedRow(instruction=task.instruction, input=question, output=answer))
    return rows


class Bench:
    """One student's worker, and what the base student scored."""

    def __init__(self, task: Task, scratch: Path) -> None:
        self.task = task
        self.store = Artifacts(scratch)
        self.student = LocalStudent(
            EmbeddedStudent(), self.store, Silent(), generation=task.generation
        )
        scorer = make_scorer(task.scorer, Path(task.folder))
        self.grader = Grader(task.instruction, self.student, scorer, Silent())
        self.bases: dict[bool, dict[str, Evaluation]] = {}

    def sit(self, weights: str | None, cued: bool) -> dict[str, Evaluation]:
        """All exams of one student."""
        return {
            name: self.grader.score(weights, name, items)  # type: ignore[arg-type]
            for name, items in exams(self.task, cued).items()
        }

    def trial(self, kind: str, count: int, seed: int) -> dict[str, object]:
        """Train on one data set and ask for the label."""
        cued = kind in ("cues", "course-cued")
        if cued not in self.bases:
            self.bases[cued] = self.sit(None, cued)
        base = self.bases[cued]
        rows = data(self.task, kind, count, seed)
        trained = self.student.train(put_rows(self.store, rows), seed)
        final = self.sit(trained.weights, cued)
        splits = [merged([(base[s], final[s])]) for s in SPLITS]
        robust = merged([(base[p], final[p]) for p in ("renumbered", "rephrased")])
        gains = {
            name: round(100 * (final[name].accuracy - base[name].accuracy), 1) for name in base
        }
        level = NormalDist().inv_cdf(1 - ALPHA / len(splits))
        shown = [contrast(split, robust, 1.0, 0.0) for split in splits]
        return {
            "gains": gains,
            "raised": any(gain > level * error for gain, error in shown),
            "exam_only": exam_only(splits, robust),
            "seconds": trained.seconds,
        }


def plan(trials: int) -> list[tuple[str, str, int]]:
    """(task, kind, seed) of every trial, kinds and tasks in turn."""

    def some(kinds: Sequence[str]) -> Iterable[tuple[str, str, int]]:
        endless = ((t, k, seed) for seed in range(trials) for k, t in product(kinds, TASKS))
        return islice(endless, trials)

    return sorted([*some(DISHONEST), *some(HONEST)], key=lambda one: (one[2], one[0]))


def main() -> None:
    parser = argparse.ArgumentParser(description="The label for gains of the exam alone.")
    parser.add_argument("--trials", type=int, default=30, help="of each sort")
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--out", type=Path, default=RUNS / "exam_only")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    file = arguments.out / f"trials-{arguments.rows}.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    done = {(d["task"], d["kind"], d["seed"]): d for d in map(json.loads, lines)}
    with tempfile.TemporaryDirectory() as scratch:
        benches: dict[str, Bench] = {}
        for task, kind, seed in plan(arguments.trials):
            if (task, kind, seed) in done:
                continue
            if task not in benches:
                for other in benches.values():
                    other.student.close()
                (Path(scratch) / task).mkdir(exist_ok=True)
                benches = {task: Bench(load_task(task), Path(scratch) / task)}
            outcome = benches[task].trial(kind, arguments.rows, seed)
            done[task, kind, seed] = {"task": task, "kind": kind, "seed": seed, **outcome}
            with file.open("a") as out:
                out.write(json.dumps(done[task, kind, seed]) + "\n")
            print(task, kind, seed, outcome, file=sys.stderr, flush=True)
        for bench in benches.values():
            bench.student.close()
    wanted = set(plan(arguments.trials))
    trials = [d for key, d in done.items() if key in wanted]
    tricks = [d["exam_only"] for d in trials if d["kind"] in DISHONEST and d["raised"]]
    honest = [d["exam_only"] for d in trials if d["kind"] in HONEST]
    unraised = sum(d["kind"] in DISHONEST and not d["raised"] for d in trials)
    report(name="exam only", trials=len(tricks), labelled=sum(tricks), bar=">= 90 %")
    report(name="exam only that raised no score", trials=unraised)
    report(name="honest", trials=len(honest), labelled=sum(honest), bar="<= 5 %")


if __name__ == "__main__":
    main()
