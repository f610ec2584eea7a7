"""What the supervisor tells the gateway process, as one JSON line on its standard input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from coursewright.config import (
    Budget,
    OpenAITeacher,
    Part,
    RunTeacher,
    TeacherConfig,
    TextKind,
)

_SILENCE = 30.0
_STUDENT_SECONDS = 900.0
"""For one answer of the student: a large one on a small machine takes its time."""


class StudentDesk(Part):
    """How the base student is asked, and metered apart from the teacher."""

    socket: Path
    """Where it is served while a round's line is open (see `student.asking`)."""
    ledger: Path
    """Not the teacher's: no row may come from an answer of the student."""
    calls: int = Field(ge=1)
    """Cap on questions of the whole run."""
    round_calls: int = Field(ge=1)
    max_tokens: int = Field(ge=1)
    """Of one answer, by the exam's own settings."""


class GatewaySettings(Part):
    teacher: TeacherConfig
    teacher_socket: Path | None = None
    """Where a specialised student is served that is the teacher."""
    ledger: Path
    seed: int
    """The run's seed; every upstream call gets its own, derived from this and its key."""
    calls: int = Field(ge=1)
    """Cap on calls of the whole run."""
    tokens: int | None = Field(default=None, ge=1)
    round_tokens: int | None = Field(default=None, ge=1)
    nanos: int | None = Field(default=None, ge=0)
    """Cap on the money of the whole run, in nanodollars."""
    withheld: dict[TextKind, tuple[str, ...]] = Field(default_factory=dict)
    """Texts that may not be sent to this teacher, by kind."""
    concurrency: int = Field(default=80, ge=1)
    """Calls upstream at once."""
    max_tokens: int = Field(default=1024, ge=1)
    """Of one response; what a request asks for is overruled."""
    call_seconds: float = Field(default=300.0, gt=0)
    """Deadline of one call with all its retries, from the moment it goes upstream."""
    attempts: int = Field(default=4, ge=1)
    """Times one call is tried upstream. Every try is charged."""
    outage_seconds: float = Field(default=_SILENCE, ge=0)
    """Without any answer, after which the teacher counts as gone."""
    read_seconds: float = Field(default=30.0, gt=0)
    """For a program to send one request."""
    waiting: int = Field(default=4096, ge=1)
    """Requests of one round that may be under way or queued."""
    drain_seconds: float = Field(default=10.0, ge=0)
    """How long a round that closes waits for calls already paid for."""
    shared: Path | None = None
    """Folder of answers that runs keep for one another."""
    student: StudentDesk | None = None
    """None: programs cannot ask it."""

    def of_student(self, desk: StudentDesk) -> GatewaySettings:
        """Return the settings by which the student's desk works; it costs no money."""
        return GatewaySettings(
            teacher=self.teacher,
            ledger=desk.ledger,
            seed=self.seed,
            calls=desk.calls,
            concurrency=self.concurrency,
            max_tokens=desk.max_tokens,
            call_seconds=_STUDENT_SECONDS,
            attempts=2,
            outage_seconds=self.outage_seconds,
            read_seconds=self.read_seconds,
            waiting=self.waiting,
            drain_seconds=self.drain_seconds,
        )


def calling(teacher: TeacherConfig, budget: Budget) -> dict[str, Any]:
    """Return the settings of one call: an endpoint brings its own."""
    if isinstance(teacher, RunTeacher):
        return {
            "max_tokens": budget.max_tokens,
            "call_seconds": _STUDENT_SECONDS,
            "attempts": 2,
        }
    if not isinstance(teacher, OpenAITeacher):
        return {"max_tokens": budget.max_tokens}
    return {
        "max_tokens": min(budget.max_tokens, teacher.max_tokens or budget.max_tokens),
        "call_seconds": teacher.seconds,
        "attempts": teacher.attempts,
        "outage_seconds": min(_SILENCE, teacher.seconds / 4),
    }
