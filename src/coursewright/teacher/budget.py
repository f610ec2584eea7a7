"""Caps on calls, tokens and money, exact under concurrency.

Calls are *claimed* when a request arrives; tokens and money are *held* when it is about to go
upstream. All are plain counters of the gateway's one event loop, started from what the ledger
remembers; claiming is a single step without an await, so 500 racing requests cannot overshoot.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from coursewright.endpoints import in_dollars
from coursewright.store.ledger import Totals
from coursewright.teacher.wire import Refusal


@dataclass(frozen=True)
class Cost:
    """What a call comes to, or may come to."""

    tokens: int = 0
    nanos: int = 0
    """Nanodollars; 0 where the price is not known."""


@dataclass
class Purse:
    """One cap on calls, one on tokens and one on money, and what is spent of them."""

    scope: str
    """What it is of, in words: "round"."""
    calls_cap: int
    tokens_cap: int | None
    nanos_cap: int | None = None
    calls: int = 0
    """Charged or claimed."""
    tokens: int = 0
    """Charged."""
    nanos: int = 0
    """Charged."""
    held_tokens: int = 0
    """What calls under way may still cost."""
    held_nanos: int = 0
    model: str = "teacher"
    """Whose calls are paid for, in words."""

    @property
    def calls_left(self) -> int:
        return max(0, self.calls_cap - self.calls)

    def require(self, most: Cost) -> None:
        """Refuse what cannot fit, whatever the calls under way will cost."""
        if self.tokens_cap is not None and self.tokens + most.tokens > self.tokens_cap:
            raise _exhausted(f"the {self.tokens_cap} {self.model} tokens of this {self.scope}")
        if self.nanos_cap is not None and self.nanos + most.nanos > self.nanos_cap:
            dollars = in_dollars(self.nanos_cap)
            raise _exhausted(f"the {dollars:.6g} US dollars that this {self.scope} may spend here")

    def fits(self, most: Cost) -> bool:
        """Whether it fits beside the most that calls under way may cost."""
        tokens = self.tokens + self.held_tokens + most.tokens
        nanos = self.nanos + self.held_nanos + most.nanos
        return (self.tokens_cap is None or tokens <= self.tokens_cap) and (
            self.nanos_cap is None or nanos <= self.nanos_cap
        )


class Budget:
    """The purses a round pays from: its own, and the run's."""

    def __init__(self, run: Purse, mine: Purse) -> None:
        self._purses = (mine, run)
        self._freed = asyncio.Event()

    def calls_left(self, prepaid: int = 0, later: int = 0) -> int:
        """Calls that can still go upstream.

        With `prepaid` calls of this round, and those of `later` rounds, taken as not yet made.
        """
        mine, run = self._purses
        left = (mine.calls_cap - mine.calls, run.calls_cap - run.calls + later)
        return max(0, min(left) + prepaid)

    def claim_call(self) -> None:
        """Take one call from every purse.

        Raises:
            Refusal: 429 `budget_exhausted`; nothing was taken.
        """
        for purse in self._purses:
            if purse.calls_left < 1:
                raise _exhausted(f"all {purse.calls_cap} {purse.model} calls of this {purse.scope}")
        for purse in self._purses:
            purse.calls += 1

    def return_call(self) -> None:
        """Give back a claim that did not go upstream."""
        for purse in self._purses:
            purse.calls -= 1

    def forgive_round(self) -> None:
        """Charge a call of unknown outcome to the run alone."""
        self._purses[0].calls -= 1

    async def hold(self, most: Cost) -> None:
        """Set aside what a call may cost, waiting while calls under way hold too much.

        Raises:
            Refusal: 429 `budget_exhausted`, when it cannot fit whatever they cost.
        """
        while True:
            for purse in self._purses:
                purse.require(most)
            if all(purse.fits(most) for purse in self._purses):
                break
            # Polled besides: calls of another round free the run's purse, not our event.
            self._freed.clear()
            try:
                await asyncio.wait_for(self._freed.wait(), timeout=0.5)
            except TimeoutError:
                continue
        for purse in self._purses:
            purse.held_tokens += most.tokens
            purse.held_nanos += most.nanos

    def spend(self, most: Cost, spent: Cost, *, forgiven: bool = False) -> None:
        """Turn a hold into what was really spent; `forgiven` charges the run alone."""
        mine, run = self._purses
        for purse in self._purses:
            purse.held_tokens -= most.tokens
            purse.held_nanos -= most.nanos
        for purse in (run,) if forgiven else (mine, run):
            purse.tokens += spent.tokens
            purse.nanos += spent.nanos
        self._freed.set()


def round_purse(model: str, cap: int, tokens_cap: int | None, spent: Totals) -> Purse:
    """A round's purse. What an earlier life of the same round spent stays spent."""
    return Purse(
        "round",
        cap,
        tokens_cap,
        calls=spent.cap_calls,
        tokens=spent.cap_tokens,
        model=model,
    )


def run_purse(
    model: str, cap: int, tokens_cap: int | None, nanos_cap: int | None, spent: Totals
) -> Purse:
    """The run's purse; calls of unknown outcome count."""
    return Purse(
        "run",
        cap,
        tokens_cap,
        nanos_cap,
        calls=spent.calls,
        tokens=spent.tokens,
        nanos=spent.cost,
        model=model,
    )


def _exhausted(what: str) -> Refusal:
    return Refusal(429, "budget_exhausted", f"{what} are spent")
