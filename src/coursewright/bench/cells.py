"""What a study is made of: its cells, and what is measured in each.

`bench` carries cells to their results; `bench.analysis` makes tables and pictures of finished ones.
"""

from __future__ import annotations

from typing import Literal

from coursewright.records import (
    BriefLevel,
    FeedbackKind,
    Mode,
    Record,
    Result,
    RoundSummary,
    Setting,
    Usage,
)


class Cell(Record):
    """One combination of a study's axes."""

    kind: Literal["agent", "baseline"]
    contestant: str
    """Label of the agent or baseline in the study file."""
    task: str
    teacher: str
    student: str
    """Labels too."""
    setting: Setting
    mode: Mode
    """For a baseline that knows no such thing: the study's first setting, and `one-shot`."""
    feedback: FeedbackKind = "full"
    brief: BriefLevel
    seed: int


class Measured(Record):
    """A finished cell, or one that could not be finished."""

    cell: Cell
    run: str = ""
    """Folder of the run, below the study's folder. Several cells that cannot differ share one;
    baselines without rounds have neither run nor result, but scores."""
    problem: str = ""
    """Why there is no result; the study goes on without it."""
    result: Result | None = None
    items: tuple[str, ...] = ()
    """Of the private split, in the order of its file: ids, and what belongs to each."""
    groups: tuple[str, ...] = ()
    topics: tuple[str | None, ...] = ()
    base: tuple[float, ...] = ()
    """Score in [0, 1] of the base model on each item."""
    private: tuple[tuple[float, ...], ...] = ()
    """Per retraining (one, for a baseline without), score on each item. Empty where there was
    no valid submission."""
    readable: float | None = None
    """Share of the private answers that the scorer could read, mean over students."""
    rounds: tuple[RoundSummary, ...] = ()
    usage: Usage = Usage()
    """Of the teacher."""
    seconds: float = 0.0
