"""Caps on calls and tokens, exact under concurrency.

Calls are *claimed* when a request arrives and tokens are *held* when it is about to go
upstream. Both are plain counters of the gateway's one event loop, started from what the ledger
remembers; claiming is a single step without an await, so 500 racing requests cannot overshoot.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from coursewright.store.ledger import Totals
from coursewright.teacher.wire import Refusal


@dataclass
class Purse:
    """One cap on calls and one on tokens, and what is spent of them."""

    scope: str
    calls_cap: int
    tokens_cap: int | None
    calls: int = 0
    """Charged or claimed."""
    tokens: int = 0
    """Charged."""
    held: int = 0
    """Tokens that calls under way may still cost."""

    @property
    def calls_left(self) -> int:
        return max(0, self.calls_cap - self.calls)

    @property
    def tokens_left(self) -> int | None:
        return None if self.tokens_cap is None else max(0, self.tokens_cap - self.tokens)


class Budget:
    """The purses a round pays from: its own, and the run's."""

    def __init__(self, run: Purse, mine: Purse) -> None:
        self._purses = (mine, run)
        self._freed = asyncio.Event()

    def calls_left(self) -> int:
        """Calls that can still go upstream."""
        return min(purse.calls_left for purse in self._purses)

    def tokens_left(self) -> int | None:
        """Tokens not yet charged, or None without a cap."""
        return min((p.tokens_left for p in self._purses if p.tokens_left is not None), default=None)

    def claim_call(self) -> None:
        """Take one call from every purse.

        Raises:
            Refusal: 429 `budget_exhausted`; nothing was taken.
        """
        for purse in self._purses:
            if purse.calls_left < 1:
                raise _exhausted(f"all {purse.calls_cap} teacher calls of this {purse.scope}")
        for purse in self._purses:
            purse.calls += 1

    def return_call(self) -> None:
        """Give back a claim that did not go upstream."""
        for purse in self._purses:
            purse.calls -= 1

    def forgive_round(self) -> None:
        """Charge a call of unknown outcome to the run alone."""
        self._purses[0].calls -= 1

    async def hold_tokens(self, most: int) -> None:
        """Set aside what a call may cost, waiting while calls under way hold too much.

        Raises:
            Refusal: 429 `budget_exhausted`, when it cannot fit whatever they cost.
        """
        while True:
            for purse in self._purses:
                if purse.tokens_cap is not None and purse.tokens + most > purse.tokens_cap:
                    raise _exhausted(f"the {purse.tokens_cap} teacher tokens of this {purse.scope}")
            if all(
                purse.tokens_cap is None or purse.tokens + purse.held + most <= purse.tokens_cap
                for purse in self._purses
            ):
                break
            # Polled besides: calls of another round free the run's purse, not our event.
            self._freed.clear()
            try:
                await asyncio.wait_for(self._freed.wait(), timeout=0.5)
            except TimeoutError:
                continue
        for purse in self._purses:
            purse.held += most

    def spend_tokens(self, most: int, spent: int, *, forgiven: bool = False) -> None:
        """Turn a hold into the tokens really spent; `forgiven` charges the run alone."""
        mine, run = self._purses
        for purse in self._purses:
            purse.held -= most
        run.tokens += spent
        mine.tokens += 0 if forgiven else spent
        self._freed.set()


def round_purse(cap: int, tokens_cap: int | None, spent: Totals) -> Purse:
    """A round's purse. What an earlier life of the same round spent stays spent."""
    return Purse("round", cap, tokens_cap, calls=spent.cap_calls, tokens=spent.cap_tokens)


def run_purse(cap: int, tokens_cap: int | None, spent: Totals) -> Purse:
    """The run's purse; calls of unknown outcome count."""
    return Purse("run", cap, tokens_cap, calls=spent.calls, tokens=spent.tokens)


def _exhausted(what: str) -> Refusal:
    return Refusal(429, "budget_exhausted", f"{what} are spent")
