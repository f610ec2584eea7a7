"""The data-quality profile of a submission, with stand-ins that need no further model.

The study names five qualities. Here instruction difficulty is the failure rate of the base
student; diversity of instructions and responses comes from counts, compression and hashed
character n-grams (`similarity`); response quality is the share of right outputs among those that
a solver of the task's family can verify, which built-in tasks alone have. Perplexity under the
student is left out: a student here answers, and does not tell probabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from coursewright.bench.analysis.records import Quality
from coursewright.chat import prompt_of_row
from coursewright.families import load_family
from coursewright.families.drawing import FAMILY_OF
from coursewright.families.solving import Solver
from coursewright.protocols import Scorer
from coursewright.records import Prompt, Task, TracedRow
from coursewright.similarity import (
    compression_ratio,
    distinct_ngrams,
    evenly,
    hashed_ngrams,
    normalised,
    vendi,
    word_entropy,
)

RIGHT = 0.5
"""A graded score from here on counts as right."""

Ask = Callable[[Sequence[Prompt]], list[str]]
"""Prompts to the base student's answers."""


def quality_of(
    rows: Sequence[TracedRow], size: int, task: Task, scorer: Scorer, ask: Ask | None
) -> Quality:
    """Profile a data set on at most `size` of its rows; without `ask`, no difficulty."""
    sample = evenly(rows, size)
    questions = [row.asked[0] or row.instruction for row in sample]
    outputs = [row.answer for row in sample]
    golds = [gold_of(task, question) for question in questions]
    right = [
        scorer.score(output, gold) >= RIGHT
        for output, gold in zip(outputs, golds, strict=True)
        if gold is not None
    ]
    measures = {
        f"{name}_{measure}": value
        for name, texts in (("instruction", questions), ("response", outputs))
        for measure, value in diversity(texts).items()
    }
    failed = None
    if ask is not None and sample:
        answers = ask([prompt_of_row(row) for row in sample])
        failed = [
            not agrees(answer, row, gold, scorer)
            for answer, row, gold in zip(answers, sample, golds, strict=True)
        ]
    return Quality(
        rows=len(rows),
        sample=len(sample),
        verified=len(right),
        quality=sum(right) / len(right) if right else None,
        asked=len(failed or ()),
        difficulty=sum(failed) / len(failed) if failed else None,
        **measures,
    )


def diversity(texts: Sequence[str]) -> dict[str, float]:
    """Four measures of how varied texts are."""
    return {
        "distinct": distinct_ngrams(texts),
        "entropy": word_entropy(texts),
        "compression": compression_ratio(texts),
        "vendi": vendi(hashed_ngrams(texts)),
    }


def gold_of(task: Task, question: str) -> str | float | None:
    """The right answer to a question of a built-in task, if its family's solver reads it."""
    solver = solver_of(task)
    solved = None if solver is None else solver.solve(question)
    if solved is None:
        return None
    if task.scorer.get("kind") not in ("numeric", "expression"):
        return solved.answer
    try:
        return float(solved.answer)
    except ValueError:
        return None


def agrees(answer: str, row: TracedRow, gold: str | float | None, scorer: Scorer) -> bool:
    """Whether the base student knows the answer: the right one, else the one that the row gives."""
    if gold is not None:
        return scorer.score(answer, gold) >= RIGHT
    return normalised(answer) == normalised(row.answer)


def solver_of(task: Task) -> Solver | None:
    """Knows the questions of a built-in task; None for a task of the user's."""
    family = FAMILY_OF.get(task.name)
    return _solver(family) if family and task.folder.endswith(f"builtin/{task.name}") else None


@cache
def _solver(family: str) -> Solver:
    return Solver([load_family(family)])
