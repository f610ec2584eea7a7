"""What people say to a run while it is under way, and what it waits for them for."""

from __future__ import annotations

from typing import Literal

from coursewright.records.base import Record

Gate = Literal["plan", "sample", "export"]
"""Where a run can wait for a person: before a round's program runs; before the first training, with
the first valid data set at hand; before the finished run is exported."""


class Heard(Record):
    """What came from outside the search before a proposal."""

    notes: tuple[str, ...] = ()
    """Of people, since the proposal before."""
    upto: int = 0
    """Number of the last request that was read: what came later is for the next proposal."""
    ideas: tuple[str, ...] = ()
    """Of the library; see `Turn`."""


class Approval(Record):
    """A person's answer at a gate."""

    gate: Gate
    round: int
    approved: bool
    reason: str = ""
    """Why not; the agent is told."""


class Waiting(Record):
    """What a run waits for a person for."""

    gate: Gate
    round: int
    subject: str
    """SHA-256 of what is to be approved: an answer counts for nothing else."""
    look: str = ""
    """Where it lies in the run folder."""
    since: str = ""
    """ISO 8601, UTC."""
