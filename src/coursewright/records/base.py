"""What all records are: immutable, closed to unknown fields; and the words they share."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Split = Literal["visible", "scored", "private"]
ProbeName = Literal["renumbered", "rephrased", "sibling", "abilities"]
"""Exams beside the exam: its items with other numbers, or in other words; another task of the kind;
what the student could do before."""
Operation = Literal["draft", "debug", "repair", "improve", "one-shot", "merge", "ablate"]
"""The study's, and two that no agent is asked for: rows of several rounds joined, and a round's
rows without one shard."""
Mode = Literal["one-shot", "iterative"]
Setting = Literal["scratch", "seed"]
FeedbackKind = Literal["full", "score", "bad-cases", "withheld", "shuffled"]
"""How much an agent hears of its rounds: all; its visible score alone; its bad cases alone; nothing
but errors and counts; the true score with evidence that belongs to other items."""
BriefLevel = Literal["line", "description", "visible", "seeds", "notes"]
"""How much an agent is told beforehand, each level with all before it."""
Verdict = Literal["clean", "flagged", "unresolved"]
Claim = Literal["improved", "inconclusive", "worse"]
"""What a paired test lets anyone say of one student against another."""
Failure = Literal[
    "execution timeout",
    "code extraction failed",
    "runtime error",
    "agent output truncated",
    "too few valid rows",
    "duplicate",
    "other",
]
"""The study's error types, and `duplicate`: a program too like an earlier one, not run."""


class Record(BaseModel):
    """Base of all records: immutable, and closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")
