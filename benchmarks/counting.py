"""A simulated teacher that keeps a count of its own, to hold a ledger against."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from coursewright.protocols import Completion
from coursewright.teacher.simulated import SimulatedUpstream


class CountingUpstream(SimulatedUpstream):
    """Appends one byte to the file `count` for every call that reaches it."""

    name = "counting"

    def __init__(self, count: str) -> None:
        super().__init__()
        self._count = count

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        # One write to a file opened for appending outlives a kill right after it.
        file = os.open(self._count, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.write(file, b".")
        os.close(file)
        return await super().complete(request, seed)


def calls_counted(count: Path) -> int:
    """How many calls reached the teacher that counts in this file."""
    return count.stat().st_size if count.exists() else 0
