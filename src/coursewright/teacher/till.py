"""Where calls are paid for: every reservation that is opened here is also closed here.

reserve ─► charge ─► settle     an answer, at what it cost
        │         └► discard    an answer of no use, at what it cost
        ├► fail       no answer, and perhaps billed: charged at its most
        ├► lose       outcome unknown: charged at its most, to the run alone
        └► release    surely no work was done for it: free
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3

from coursewright.endpoints import Tariff
from coursewright.protocols import Completion
from coursewright.store.ledger import Ledger
from coursewright.teacher.budget import Cost
from coursewright.teacher.errand import Errand, Paid, Ticket
from coursewright.teacher.writer import LedgerWriter


class Till:
    """Keeps budget and ledger in step. `max_tokens` bounds one answer."""

    def __init__(
        self, ledger: Ledger, writer: LedgerWriter, tariff: Tariff | None, max_tokens: int
    ) -> None:
        self._ledger = ledger
        self._writer = writer
        self._tariff = tariff
        self._max_tokens = max_tokens

    async def reserve(self, errand: Errand) -> Ticket:
        """Set aside what a try may cost, durably.

        Raises:
            Refusal: 429 `budget_exhausted`.
            sqlite3.Error: the ledger cannot be written.
        """
        budget, request = errand.line.budget, errand.request
        nanos = self._price(request.prompt_tokens_at_most, self._max_tokens)
        most = Cost(request.tokens_at_most, nanos or 0)
        await budget.hold(most)
        step = self._writer.do(
            lambda: self._ledger.reserve(
                errand.key,
                request.digest,
                request.text,
                occurrence=errand.occurrence,
                round_number=errand.line.number,
                tokens=most.tokens,
                cost=nanos,
            )
        )
        try:
            return Ticket(await asyncio.shield(step), most)
        except asyncio.CancelledError:
            # The reservation may have reached the disk; what it pays for never went upstream.
            with contextlib.suppress(sqlite3.Error):
                number = await step
                await self._writer.do(lambda: self._ledger.release(number))
            budget.spend(most, Cost())
            raise
        except sqlite3.Error:
            budget.spend(most, Cost())
            raise

    def charge(self, errand: Errand, ticket: Ticket, answer: Completion) -> Paid:
        """Turn what was set aside into what an answer really cost."""
        nanos = self._price(answer.prompt_tokens, answer.completion_tokens)
        if answer.free:
            nanos = 0
        spent = Cost(answer.prompt_tokens + answer.completion_tokens, nanos or 0)
        errand.line.budget.spend(ticket.most, spent)
        return Paid(ticket, answer, nanos)

    def settle(self, paid: Paid) -> asyncio.Future[None]:
        """Begin to record an answer; the future is done when that is durable."""
        answer = paid.answer
        return self._writer.do(
            lambda: self._ledger.settle(
                paid.ticket.number,
                answer.text,
                prompt_tokens=answer.prompt_tokens,
                completion_tokens=answer.completion_tokens,
                finish_reason=answer.finish_reason,
                cost=paid.nanos,
                estimated=answer.estimated,
                shared=answer.free,
            )
        )

    async def discard(self, paid: Paid, reason: str) -> None:
        """Record an answer that nobody will see."""
        answer = paid.answer
        await self._writer.do(
            lambda: self._ledger.discard(
                paid.ticket.number,
                reason,
                prompt_tokens=answer.prompt_tokens,
                completion_tokens=answer.completion_tokens,
                cost=paid.nanos,
            )
        )

    async def fail(self, errand: Errand, ticket: Ticket, reason: str) -> None:
        """Charge a try without an answer at its most."""
        errand.line.budget.spend(ticket.most, ticket.most)
        await self._writer.do(lambda: self._ledger.fail(ticket.number, reason))

    async def lose(self, errand: Errand, ticket: Ticket) -> None:
        """Charge a try whose outcome nobody will hear to the run alone."""
        errand.line.budget.forgive_round()
        errand.line.budget.spend(ticket.most, ticket.most, forgiven=True)
        await asyncio.shield(self._writer.do(lambda: self._ledger.lose(ticket.number)))

    async def release(self, errand: Errand, ticket: Ticket) -> None:
        """Give back a try for which the server surely did no work; the call stays claimed."""
        errand.line.budget.spend(ticket.most, Cost())
        await self._writer.do(lambda: self._ledger.release(ticket.number))

    def _price(self, prompt_tokens: int, completion_tokens: int) -> int | None:
        return None if self._tariff is None else self._tariff(prompt_tokens, completion_tokens)
