"""Score by round over several runs: the best so far, which all runs have in every round."""

from __future__ import annotations

from collections.abc import Sequence

from coursewright.bench.analysis.book import unique
from coursewright.bench.analysis.records import RoundRow, RunRow, Study
from coursewright.records import Record


class Point(Record):
    """A line after some round: means over tasks of means over runs, scores as fractions."""

    label: str
    task: str
    """Empty: over tasks."""
    round: int
    runs: int
    visible: float | None
    scored: float | None
    """Of the round with the best scored accuracy so far: what a run would deliver by then."""
    private: float | None
    """Of the same round; None unless every run has it. Analysis."""


def curve_points(study: Study) -> tuple[Point, ...]:
    """Best so far after each round, for every line that iterates, over tasks and on each.

    A run that ended early keeps its best. Runs count from their first valid round on; a round
    is shown once every run of the line has one, so that all points are over the same runs.
    """
    ended = {row.run for row in study.runs if row.status == "finished" and row.run}
    rows = [row for row in study.rounds if row.run in ended and row.line.mode == "iterative"]
    points: list[Point] = []
    for label in unique(row.label for row in rows):
        mine = [row for row in rows if row.label == label]
        for task in ("", *unique(row.task for row in mine)):
            points += _points(label, task, [row for row in mine if task in ("", row.task)])
    return tuple(points)


def _points(label: str, task: str, rows: Sequence[RoundRow]) -> list[Point]:
    runs: dict[str, list[RoundRow]] = {}
    for row in rows:
        runs.setdefault(row.run, []).append(row)
    points = []
    for number in range(max((row.round for row in rows), default=-1) + 1):
        best = {run: best_by(of, number) for run, of in runs.items()}
        reached = [row for row in best.values() if row is not None]
        if reached and len(reached) == len(runs):
            points.append(
                Point(
                    label=label,
                    task=task,
                    round=number,
                    runs=len(runs),
                    visible=_mean(reached, "visible"),
                    scored=_mean(reached, "scored"),
                    private=_mean(reached, "private"),
                )
            )
    return points


def best_by(rows: Sequence[RoundRow], number: int) -> RoundRow | None:
    """The valid round with the best scored accuracy up to a round; the earlier among equals."""
    valid = [row for row in rows if row.round <= number and row.scored is not None]
    return max(valid, key=lambda row: (row.scored or 0.0, -row.round), default=None)


def _mean(rows: Sequence[RoundRow], split: str) -> float | None:
    """Mean over tasks of means over runs; None where one of them is unknown."""
    means: list[float] = []
    for task in unique(row.task for row in rows):
        values = [getattr(row, split) for row in rows if row.task == task]
        if None in values:
            return None
        means.append(sum(values) / len(values))
    return sum(means) / len(means)


def cost_of(rows: Sequence[RunRow], field: str) -> float | None:
    """Mean over runs of a count, or of a stage's seconds (`seconds.train`)."""
    name, _, stage = field.partition(".")
    known: list[float] = []
    for row in rows:
        found = getattr(row, name)
        found = found.get(stage) if stage else found
        if row.status != "missing" and found is not None:
            known.append(found)
    return sum(known) / len(known) if known else None
