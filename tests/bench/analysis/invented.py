"""Measured cells that nobody measured: students whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from coursewright.bench.cells import Cell, Measured
from coursewright.records import (
    FinalScores,
    Isolation,
    Result,
    RoundSummary,
    Scores,
    Usage,
)

ITEMS = tuple(f"p{i}" for i in range(60))


def cell(**fields: Any) -> Cell:
    """A cell of the smallest study."""
    known = {
        "kind": "agent",
        "contestant": "heuristic",
        "task": "science",
        "teacher": "simulated",
        "student": "nano",
        "setting": "scratch",
        "mode": "iterative",
        "brief": "seeds" if fields.get("setting") == "seed" else "visible",
        "seed": 0,
    }
    return Cell.model_validate({**known, **fields})


def scores(right: int, of: int = 60, start: int = 0) -> tuple[float, ...]:
    """`right` ones among `of`, from a place on."""
    marks = [0.0] * of
    for at in range(right):
        marks[(start + at) % of] = 1.0
    return tuple(marks)


def rounds(statuses: Sequence[str], scored: Sequence[float | None]) -> tuple[RoundSummary, ...]:
    """Summaries of rounds; what is not `scored` had too few rows."""
    return tuple(
        RoundSummary.model_validate(
            {
                "number": number,
                "operation": "improve" if number else "draft",
                "parent": None,
                "status": status,
                "failure": None if status == "scored" else "too few valid rows",
                "visible": None if score is None else score + 0.02,
                "scored": score,
                "rows": 0 if score is None else 700 + number,
                "seconds": 10.0,
            }
        )
        for number, (status, score) in enumerate(zip(statuses, scored, strict=True))
    )


def result_of(one: Cell, done: Sequence[RoundSummary], base: float, private: float) -> Result:
    """The record of an invented run."""
    valid = [summary for summary in done if summary.status == "scored"]
    return Result(
        run="r",
        task=one.task,
        agent=one.contestant,
        teacher=one.teacher,
        student=one.student,
        mode=one.mode,
        setting=one.setting,
        protocol="guarded",
        seed=one.seed,
        status="finished" if valid else "no-valid-submission",
        base=Scores(visible=base, scored=base, private=base),
        final=FinalScores(
            round=valid[-1].number,
            visible=private,
            scored=private,
            private=private,
            private_ci95=(private, private),
            retrainings=1,
            dataset="0" * 64,
        )
        if valid
        else None,
        gain_points=100 * (private - base) if valid else None,
        improved=bool(valid) and private > base,
        audit="clean" if valid else "unresolved",
        human_inputs=("task",),
        mats=len(done) / len(valid) if valid else None,
        rounds=tuple(done),
        full_trainings=len(valid) + 1,
        teacher_usage=Usage(calls=400, cached=20, prompt_tokens=1000, completion_tokens=500),
        agent_usage=Usage(),
        isolation=Isolation(level="L3", mechanisms=("bubblewrap",), verified=True),
        seconds={"total": 60.0, "agent": 1.0, "program": 20.0, "train": 30.0, "evaluate": 9.0},
        embedded=("teacher simulated", "student nano"),
    )


def measured(
    one: Cell,
    base: Sequence[float],
    *private: Sequence[float],
    done: Sequence[RoundSummary] | None = None,
) -> Measured:
    """A finished cell; without `private` a run that left no valid submission."""
    if done is None:
        done = rounds(["scored"] if private else ["invalid"], [0.4] if private else [None])
    accuracy = float(np.mean(private[0])) if private else 0.0
    items = tuple(f"p{i}" for i in range(len(base)))
    return Measured(
        cell=one,
        run=f"runs/{one.contestant}-{one.task}-{one.mode}-{one.setting}-{one.seed}",
        result=result_of(one, done, float(np.mean(base)) if base else 0.0, accuracy),
        items=items,
        groups=items,
        topics=(None,) * len(items),
        base=tuple(base),
        private=tuple(map(tuple, private)),
        rounds=tuple(done),
    )
