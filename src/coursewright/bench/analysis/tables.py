"""The tables that only count and average: main table, runs, errors, rounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from coursewright.bench.analysis.book import (
    Book,
    Entry,
    gain_blocks,
    line_of,
    score_blocks,
    unique,
)
from coursewright.bench.analysis.intervals import RESAMPLES, estimate, estimate_percent
from coursewright.bench.analysis.records import ErrorRow, Estimate, Line, MainRow, RoundRow, RunRow
from coursewright.bench.cells import Measured
from coursewright.records import WITH_ROWS, Failure, Result
from coursewright.seeding import derive

Curves = Mapping[tuple[str, int], float]
"""Private accuracy by run folder and round, measured after the run was sealed."""


def main_rows(book: Book) -> tuple[MainRow, ...]:
    """Every line averaged over tasks, then on each task."""
    rows = []
    for line in book.lines:
        entries = book.of(line)
        missing = [one for one, _ in book.missing if line_of(one.cell) == line]
        rows.append(_main_row(book, line, "", entries, missing))
        for task in book.tasks:
            here = [entry for entry in entries if entry.cell.task == task]
            gone = [one for one in missing if one.cell.task == task]
            if here or gone:
                rows.append(_main_row(book, line, task, here, gone))
    return tuple(rows)


def _main_row(
    book: Book, line: Line, task: str, entries: Sequence[Entry], missing: Sequence[Measured]
) -> MainRow:
    results = [e for e in entries if e.measured.result is not None]
    mats = mats_interval([_attempts(entry.measured) for entry in results if _has_rounds(entry)])
    return MainRow(
        line=line,
        label=book.labels[line],
        task=task,
        runs=len(entries),
        without_submission=sum(not entry.submitted for entry in entries),
        missing=len(missing),
        tasks=len(unique(entry.exam.name for entry in entries)),
        base=_over_tasks(entries, lambda e: float(e.exam.accuracies[e.base])),
        visible=_over_tasks(entries, lambda e: _delivered(e, "visible")),
        scored=_over_tasks(entries, lambda e: _delivered(e, "scored")),
        private=_percent(estimate(score_blocks(entries))),
        gain_points=estimate(gain_blocks(entries)),
        gain_pct=estimate_percent(gain_blocks(entries)),
        mats=None if mats is None else mats[0],
        mats_low=None if mats is None else mats[1],
        mats_high=None if mats is None else mats[2],
    )


def _percent(accuracy: Estimate | None) -> Estimate | None:
    """An estimate whose interval, of few runs that differ, ends where accuracies do."""
    if accuracy is None or accuracy.low is None or accuracy.high is None:
        return accuracy
    ends = {"low": max(0.0, accuracy.low), "high": min(100.0, accuracy.high)}
    return accuracy.model_copy(update=ends)


def _over_tasks(entries: Sequence[Entry], value: Callable[[Entry], float | None]) -> float | None:
    """Mean over tasks of the mean over runs, of what is known."""
    means = []
    for name in unique(entry.exam.name for entry in entries):
        known = [v for e in entries if e.exam.name == name and (v := value(e)) is not None]
        if known:
            means.append(sum(known) / len(known))
    return sum(means) / len(means) if means else None


def _delivered(entry: Entry, split: str) -> float | None:
    result = entry.measured.result
    if result is None or result.final is None:
        return None
    return float(getattr(result.final, split))


def _has_rounds(entry: Entry) -> bool:
    return bool(entry.measured.rounds)


def _attempts(one: Measured) -> tuple[int, int]:
    valid = sum(done.status in WITH_ROWS for done in one.rounds)
    return len(one.rounds), valid


def mats_interval(
    counts: Sequence[tuple[int, int]],
) -> tuple[float, float | None, float | None] | None:
    """Attempts per successful attempt (the study's MATS) of runs given as (attempts, successes).

    A ratio of sums, so that a run without a success weighs in with its attempts. The ends of the
    95 % bootstrap interval over runs are None for a single run, the upper one too where a
    resample may hold no success. None without any success.
    """
    attempts, successes = (
        (np.array(part, dtype=float) for part in zip(*counts, strict=True))
        if (counts)
        else (np.zeros(0), np.zeros(0))
    )
    if not successes.sum():
        return None
    value = float(attempts.sum() / successes.sum())
    runs = len(counts)
    if runs < 2:
        return value, None, None
    rng = np.random.default_rng(derive(0, "mats"))
    draws = rng.multinomial(runs, np.full(runs, 1 / runs), size=RESAMPLES)
    with np.errstate(divide="ignore"):
        ratios = (draws @ attempts) / (draws @ successes)
    low, high = np.quantile(ratios, [0.025, 0.975], method="nearest")
    return value, float(low), float(high) if np.isfinite(high) else None


# ---------------------------------------------------------------- runs


def run_rows(book: Book) -> tuple[RunRow, ...]:
    """Every cell as it ended, in the study's order."""
    scored = {id(entry.measured): entry for entry in book.entries}
    problems = {id(one): why for one, why in book.missing}
    return tuple(
        _run_row(book, one, scored.get(id(one)), problems.get(id(one), "")) for one in book.measured
    )


def _run_row(book: Book, one: Measured, entry: Entry | None, problem: str) -> RunRow:
    line = line_of(one.cell)
    row = RunRow(
        line=line,
        label=book.labels[line],
        task=one.cell.task,
        seed=one.cell.seed,
        run=one.run,
        status="missing" if entry is None else "finished",
        problem=problem,
    )
    update: dict[str, object] = {}
    if entry is not None:
        accuracies = 100 * entry.exam.accuracies
        update |= {
            "base": float(accuracies[entry.base]) / 100,
            "private": float(accuracies[entry.final]) / 100,
            "retrainings": len(entry.retrainings),
            "gain_points": float(accuracies[entry.final] - accuracies[entry.base]),
        }
        if entry.retrainings:
            update["private_delivered"] = float(accuracies[entry.retrainings[0]]) / 100
        else:
            update["status"] = "no-valid-submission"
    if one.result is not None:
        update |= _of_result(one.result)
    else:
        update |= {
            "teacher_calls": one.usage.calls,
            "teacher_cached": one.usage.cached,
            "teacher_tokens": one.usage.prompt_tokens + one.usage.completion_tokens,
            "cost_usd": one.usage.cost_usd,
            "seconds": {"total": one.seconds} if one.seconds else {},
        }
    attempts, successes = _attempts(one)
    return row.model_copy(update={**update, "attempts": attempts, "successes": successes})


def _of_result(result: Result) -> dict[str, object]:
    """What a run's own record says: verdict, cost, time."""
    final, interval = result.final, result.gain_points_ci95
    teacher, agent = result.teacher_usage, result.agent_usage
    costs = [usage.cost_usd for usage in (teacher, agent) if usage.cost_usd is not None]
    return {
        "visible": None if final is None else final.visible,
        "scored": None if final is None else final.scored,
        "gain_points_low": None if interval is None else interval[0],
        "gain_points_high": None if interval is None else interval[1],
        "p_value": result.p_value,
        "improved": result.improved,
        "audit": result.audit,
        "full_trainings": result.full_trainings,
        "teacher_calls": teacher.calls,
        "teacher_cached": teacher.cached,
        "teacher_tokens": teacher.prompt_tokens + teacher.completion_tokens,
        "student_calls": result.student_usage.calls,
        "agent_calls": agent.calls,
        "agent_tokens": agent.prompt_tokens + agent.completion_tokens,
        "cost_usd": sum(costs) if costs else None,
        "seconds": result.seconds,
    }


# ---------------------------------------------------------------- errors and rounds


def error_rows(book: Book) -> tuple[ErrorRow, ...]:
    """How attempts ended, by the study's error types, for lines that have attempts."""
    rows = []
    for line in book.lines:
        rounds = [r for m in _with_rounds(book) if line_of(m.cell) == line for r in m.rounds]
        failures: dict[Failure, int] = {}
        for done in rounds:
            if done.status not in WITH_ROWS:
                kind: Failure = done.failure or "other"
                failures[kind] = failures.get(kind, 0) + 1
        if rounds:
            rows.append(
                ErrorRow(
                    line=line,
                    label=book.labels[line],
                    attempts=len(rounds),
                    valid=len(rounds) - sum(failures.values()),
                    failures=failures,
                )
            )
    return tuple(rows)


def round_rows(book: Book, curves: Curves) -> tuple[RoundRow, ...]:
    """Every round of every run; `curves` adds private scores that were measured as analysis."""
    return tuple(
        RoundRow(
            line=(line := line_of(one.cell)),
            label=book.labels[line],
            task=one.cell.task,
            seed=one.cell.seed,
            run=one.run,
            round=done.number,
            operation=done.operation,
            status=done.status,
            failure=done.failure,
            rows=done.rows,
            visible=done.visible,
            scored=done.scored,
            private=curves.get((one.run, done.number)),
            chosen=one.result is not None
            and one.result.final is not None
            and one.result.final.round == done.number,
        )
        for one in _with_rounds(book)
        for done in one.rounds
    )


def _with_rounds(book: Book) -> list[Measured]:
    """Cells that count with their rounds: a cell that was stopped half-way is no sample of them."""
    return [one for one in book.measured if one.rounds and not one.problem]
