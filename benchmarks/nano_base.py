"""What an embedded student knows before and after a clean course: base and oracle accuracy.

    python -m benchmarks.nano_base [--student pico] [--tasks science-mini ...] [--rows 1000]

The oracle course is as many right rows as a submission may hold, drawn from the task's own
generator in training phrasings; it shows how far the student can be brought, not what an agent
reaches. `--items` takes fewer or more items than 450; `--model` measures another checkpoint folder
under the same recipe.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common import TASKS
from coursewright.bench.baselines import Direct
from coursewright.bench.baselines.direct import course
from coursewright.chat import item_body, layout
from coursewright.config import EmbeddedStudent, HuggingFaceStudent
from coursewright.display import Silent
from coursewright.families.drawing import FAMILY_OF
from coursewright.records import Item
from coursewright.scoring import make_scorer
from coursewright.store import Artifacts, put_rows
from coursewright.student import EMBEDDED, LocalStudent
from coursewright.tasks import load_task, read_split


def measure(task: str, arguments: argparse.Namespace, scratch: Path) -> None:
    """Print base and oracle accuracy of one task."""
    loaded = load_task(task)
    items = read_split(loaded, arguments.split)[: arguments.items]
    scorer = make_scorer(loaded.scorer, Path(loaded.folder))
    prompts = [layout(loaded.instruction, item_body(i.question, i.context)) for i in items]
    (scratch / task).mkdir()
    store = Artifacts(scratch / task)
    embedded = EmbeddedStudent(kind=arguments.student, threads=arguments.threads)
    changed = {
        "learning_rate": arguments.rate,
        "epochs": arguments.epochs,
        "batch": arguments.batch,
    }
    recipe = embedded.recipe.model_copy(update={k: v for k, v in changed.items() if v is not None})
    config = HuggingFaceStudent(
        model=str(arguments.model or EMBEDDED[arguments.student]),
        recipe=recipe,
        threads=arguments.threads,
        answer_batch=embedded.answer_batch,
    )
    with LocalStudent(config, store, Silent(), generation=loaded.generation) as student:

        def accuracy(weights: str | None) -> tuple[float, float]:
            began = time.monotonic()
            answers = student.answer(weights, prompts)
            scores = [scorer.score(a, i.answer) for a, i in zip(answers, items, strict=True)]
            if arguments.show:
                report(items, answers, scores, arguments.show)
            return sum(scores) / len(scores), time.monotonic() - began

        student.answer(None, prompts[:1])
        base, seconds = accuracy(None)
        print(f"{task:14s} base {base:6.1%}  ({len(items)} answers in {seconds:.1f} s)", flush=True)
        if arguments.rows:
            direct = Direct(name="oracle", family=FAMILY_OF[task])
            rows = course(direct, loaded, arguments.seed, count=arguments.rows)
            trained = student.train(put_rows(store, rows), seed=arguments.seed)
            oracle, seconds = accuracy(trained.weights)
            print(
                f"{task:14s} oracle {oracle:6.1%}  ({trained.rows} rows, {trained.steps} steps, "
                f"{trained.seconds:.1f} s, loss {trained.loss:.3f}; answers {seconds:.1f} s)",
                flush=True,
            )


def report(items: Sequence[Item], answers: list[str], scores: list[float], count: int) -> None:
    """Accuracy by topic, and a few wrong answers."""
    topics: dict[str, list[float]] = {}
    for item, score in zip(items, scores, strict=True):
        topics.setdefault(item.topic or "", []).append(score)
    print("  " + ", ".join(f"{t} {sum(s) / len(s):.0%}" for t, s in sorted(topics.items())))
    wrong = [(i, a) for i, a, s in zip(items, answers, scores, strict=True) if s < 1]
    for item, answer in wrong[:count]:
        print(f"    {item_body(item.question, item.context)!r} -> {answer!r}, not {item.answer!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Base and oracle accuracy of an embedded student.")
    parser.add_argument("--tasks", nargs="+", default=TASKS, choices=TASKS)
    parser.add_argument("--student", default="nano", choices=EMBEDDED)
    parser.add_argument("--model", type=Path, help="a checkpoint folder in the student's place")
    parser.add_argument("--split", default="private")
    parser.add_argument("--rows", type=int, default=1000, help="0: base only")
    parser.add_argument("--items", type=int, default=450, help="at most so many items")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--show", type=int, default=0, help="topics and so many wrong answers")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for task in arguments.tasks:
            measure(task, arguments, Path(scratch))


if __name__ == "__main__":
    main()
