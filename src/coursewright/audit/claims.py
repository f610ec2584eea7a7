"""What a declared transform is checked by: the row's texts, and the calls it names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coursewright.audit.response import Evidence


@dataclass(frozen=True)
class Claim:
    """A row that says how it was made."""

    question: str
    output: str
    """Both folded."""
    raw_question: str
    calls: Sequence[Evidence]
    """Those that the row names, in its order; at least one."""


@dataclass(frozen=True)
class Part:
    """A question and an answer of the teacher's that went into a row, both folded."""

    evidence: Evidence
    question: str
    answer: str
