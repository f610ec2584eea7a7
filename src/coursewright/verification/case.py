"""What is known of a bundle while it is checked, and what each check found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coursewright.records import Record, Round
from coursewright.verification.taking import Taken


class Check(Record):
    """One check, and what it found wrong, a line each."""

    name: str
    faults: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.faults


@dataclass
class Case:
    """What is known of a bundle so far."""

    place: Path
    taken: Taken
    task_name: str | None
    expected: str | None
    source: Path
    checks: list[Check] = field(default_factory=list)
    store: Any = None
    config: Any = None
    task: Any = None
    result: Any = None
    stages: Sequence[Any] = ()
    rounds: tuple[Round, ...] = ()
    record: str | None = None
