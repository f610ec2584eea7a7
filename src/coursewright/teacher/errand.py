"""What a call carries with it on its way: its round, its request, and what was paid for it."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from coursewright.protocols import Completion
from coursewright.teacher.budget import Budget, Cost
from coursewright.teacher.wire import Request


@dataclass
class Line:
    """An open round."""

    number: int
    budget: Budget
    asked: Counter[str] = field(default_factory=Counter)
    """How often each request (by digest) was accepted."""
    waiting: int = 0
    flights: set[asyncio.Task[Completion]] = field(default_factory=set)
    settling: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    """Answers on their way to the ledger, by key."""
    closed: bool = False
    prepaid: int = 0
    """Calls that an earlier life of this round paid for, ..."""
    replayed: set[str] = field(default_factory=set)
    """... and the keys of those that were asked again by now."""
    later: int = 0
    """Calls of rounds after this one: of the run that is reproduced."""

    def calls_left(self) -> int:
        """Calls that the round may still make, as they stood when it was played first.

        A program that asks for this number must do in its second life what it did in its first.
        """
        return self.budget.calls_left(self.prepaid - len(self.replayed), self.later)


@dataclass(frozen=True)
class Errand:
    """One call on its way upstream."""

    line: Line
    key: str
    request: Request
    occurrence: int
    seed: int
    deadline: float
    """Of all its tries, in the event loop's time."""


@dataclass(frozen=True)
class Ticket:
    """An open reservation: its number in the ledger, and what it sets aside."""

    number: int
    most: Cost


@dataclass(frozen=True)
class Paid:
    """An answer, charged already, whose reservation is still open in the ledger: it will be
    settled, or discarded."""

    ticket: Ticket
    answer: Completion
    nanos: int | None
    """What it cost, in nanodollars; None when nobody knows."""
