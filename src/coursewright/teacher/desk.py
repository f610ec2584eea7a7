"""The way of one teacher call: cache, budget, reservation, upstream, settlement.

    read request ─► known answer? ─► already under way? ─► claim ─► reserve ─► upstream ─► settle
                     free of charge    share its answer     429      durable                durable

Everything up to the claim happens in one step of the event loop, so the caps are exact.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from coursewright import seeding
from coursewright.endpoints import EndpointError, pause_before_retry
from coursewright.protocols import Completion, Upstream
from coursewright.store.ledger import MAX_TEXT, Call, Ledger, Totals
from coursewright.teacher.budget import Budget, Purse, round_purse, run_purse
from coursewright.teacher.settings import GatewaySettings
from coursewright.teacher.wire import (
    Refusal,
    Request,
    call_key,
    read_occurrence,
    read_request,
    response_body,
)
from coursewright.teacher.writer import LedgerWriter

_TOKENS_MOST = 10**9


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


class Desk:
    """Answers chat requests of open rounds. Lives in one event loop."""

    def __init__(self, settings: GatewaySettings, upstream: Upstream, ledger: Ledger) -> None:
        self.model: str = getattr(upstream, "model", upstream.name)
        self.writer = LedgerWriter(ledger)
        self.upstream_calls = 0
        self._settings = settings
        self._upstream = upstream
        self._ledger = ledger
        # Lookups run in the event loop beside the writer's thread: they need their own connection.
        self._answers = Ledger.read_only(settings.ledger)
        self._run: Purse = run_purse(settings.calls, settings.tokens, ledger.totals())
        self._flights: dict[str, asyncio.Task[Completion]] = {}
        self._slots = asyncio.Semaphore(settings.concurrency)

    # ------------------------------------------------------------ rounds

    def open(self, number: int, cap: int) -> Line:
        """Open a round with its cap of calls; what it spent in an earlier life stays spent."""
        mine = round_purse(cap, self._settings.round_tokens, self._answers.totals(number))
        return Line(number, Budget(self._run, mine))

    async def close_line(self, line: Line) -> None:
        """Refuse what comes, let calls under way finish for a while, give up the rest."""
        line.closed = True
        if line.flights:
            await asyncio.wait(line.flights, timeout=self._settings.drain_seconds)
        for flight in list(line.flights):
            flight.cancel()
        await asyncio.gather(*line.flights, return_exceptions=True)
        await self.settled(line)

    async def settled(self, line: Line) -> None:
        """Wait until every answer given so far stands in the ledger."""
        await asyncio.gather(*line.settling.values(), return_exceptions=True)

    def totals(self, number: int | None = None) -> Totals:
        """What a round or the run has spent, from the ledger."""
        return self._answers.totals(number)

    async def close(self) -> None:
        """Give up what is under way, stop writing and let go of the upstream."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        await self.writer.close()
        self._answers.close()
        await self._upstream.close()

    # ------------------------------------------------------------ one call

    async def answer(
        self, line: Line, body: bytes, occurrence_header: str | None
    ) -> dict[str, Any]:
        """Answer one chat-completions request of a round.

        Raises:
            Refusal: with the HTTP status and error object for the program.
        """
        if line.waiting >= self._settings.waiting:
            raise Refusal(503, "overloaded", "too many requests of this round are under way")
        request = read_request(body, model=self.model, max_tokens=self._settings.max_tokens)
        occurrence = read_occurrence(occurrence_header)
        line.waiting += 1
        try:
            key, completion = await self._answer(line, request, occurrence)
        except sqlite3.Error as error:
            raise Refusal(503, "ledger_unavailable", f"the call ledger failed: {error}") from error
        finally:
            line.waiting -= 1
        return response_body(key, self.model, completion)

    async def _answer(
        self, line: Line, request: Request, counted: int | None
    ) -> tuple[str, Completion]:
        if line.closed:
            raise _closed(line)
        occurrence = line.asked[request.digest] if counted is None else counted
        key = call_key(self._upstream.name, self.model, request.digest, occurrence)
        flight, known = self._flights.get(key), None
        if flight is None and (known := self._answers.lookup(key)) is None:
            line.budget.claim_call()
            flight = self._take_off(line, key, request, occurrence)
            mine = True
        else:
            mine = False
        line.asked[request.digest] = max(line.asked[request.digest], occurrence + 1)
        if flight is not None:
            try:
                completion = await asyncio.shield(flight)
            except asyncio.CancelledError:
                if flight.cancelled():
                    raise _closed(line) from None
                raise
        else:
            assert known is not None
            completion = _completion(known)
        if not mine:
            await self.writer.do(lambda: self._ledger.hit(key, line.number))
        return key, completion

    def _take_off(
        self, line: Line, key: str, request: Request, occurrence: int
    ) -> asyncio.Task[Completion]:
        flight = asyncio.create_task(self._fly(line, key, request, occurrence))
        self._flights[key] = flight
        line.flights.add(flight)

        flight.add_done_callback(lambda _: self._landed(line, key, flight))
        return flight

    def _landed(self, line: Line, key: str, flight: asyncio.Task[Completion]) -> None:
        line.flights.discard(flight)
        settled = line.settling.get(key)
        if settled is None:
            del self._flights[key]
        else:  # until the ledger can answer, the landed flight does
            settled.add_done_callback(lambda _: self._flights.pop(key))
        if not flight.cancelled():
            flight.exception()  # read, so that a flight whose program died does not warn

    async def _fly(self, line: Line, key: str, request: Request, occurrence: int) -> Completion:
        """Bring one claimed call upstream, with retries, each of them paid for."""
        loop, claimed = asyncio.get_running_loop(), True
        try:
            async with self._slots:
                deadline = loop.time() + self._settings.call_seconds
                for attempt in range(self._settings.attempts):
                    if line.closed:
                        raise _closed(line)
                    if not claimed:
                        line.budget.claim_call()
                        claimed = True
                    try:
                        ticket = await self._reserve(line, key, request, occurrence)
                        claimed = False
                        return await self._try(line, key, request, ticket, deadline)
                    except EndpointError as error:
                        pause = pause_before_retry(
                            error,
                            attempt,
                            deadline - loop.time(),
                            attempts=self._settings.attempts,
                            salt=key,
                        )
                        if pause is None:
                            raise Refusal(502, "upstream_error", str(error)) from error
                        await asyncio.sleep(pause)
                raise AssertionError("the last attempt returns or raises")
        finally:
            if claimed:
                line.budget.return_call()

    async def _reserve(self, line: Line, key: str, request: Request, occurrence: int) -> int:
        most = request.tokens_at_most
        await line.budget.hold_tokens(most)
        step = self.writer.do(
            lambda: self._ledger.reserve(
                key,
                request.digest,
                request.text,
                occurrence=occurrence,
                round_number=line.number,
                tokens=most,
            )
        )
        try:
            return await asyncio.shield(step)
        except asyncio.CancelledError:
            # The reservation may have reached the disk; what it pays for never went upstream.
            with contextlib.suppress(sqlite3.Error):
                ticket = await step
                await self.writer.do(lambda: self._ledger.release(ticket))
            line.budget.spend_tokens(most, 0)
            raise
        except sqlite3.Error:
            line.budget.spend_tokens(most, 0)
            raise

    async def _try(
        self, line: Line, key: str, request: Request, ticket: int, deadline: float
    ) -> Completion:
        """One reserved try. It leaves the ledger settled, failed or unknown, never open."""
        most = request.tokens_at_most
        try:
            self.upstream_calls += 1
            async with asyncio.timeout_at(deadline):
                answer = await self._upstream.complete(
                    dict(request.payload), seeding.derive(self._settings.seed, key)
                )
            answer = _sound(answer, request)
        except asyncio.CancelledError:
            line.budget.forgive_round()
            line.budget.spend_tokens(most, most, forgiven=True)
            await asyncio.shield(self.writer.do(lambda: self._ledger.lose(ticket)))
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            line.budget.spend_tokens(most, most)
            await self.writer.do(lambda: self._ledger.fail(ticket, reason))
            if isinstance(error, EndpointError):
                raise
            # A timeout, or a bug in a user's own upstream class: the call ends, not the gateway.
            raise EndpointError(reason) from error
        line.budget.spend_tokens(most, answer.prompt_tokens + answer.completion_tokens)
        self._settle(line, key, ticket, answer)
        return answer

    def _settle(self, line: Line, key: str, ticket: int, answer: Completion) -> None:
        """Begin to record an answer. The program need not wait for the disk: the round does,
        when it closes, and a round that dies before is done again."""
        settled = self.writer.do(
            lambda: self._ledger.settle(
                ticket,
                answer.text,
                prompt_tokens=answer.prompt_tokens,
                completion_tokens=answer.completion_tokens,
                finish_reason=answer.finish_reason,
            )
        )
        line.settling[key] = settled

        def done(_: asyncio.Future[None]) -> None:
            del line.settling[key]
            settled.exception()  # read; `writer.fault` keeps it for the supervisor

        settled.add_done_callback(done)


def _closed(line: Line) -> Refusal:
    return Refusal(503, "round_closed", f"round {line.number} is closed")


def _completion(call: Call) -> Completion:
    return Completion(call.response, call.prompt_tokens, call.completion_tokens, call.finish_reason)


def _sound(answer: Completion, request: Request) -> Completion:
    """An upstream's answer as the ledger can keep it: real text, and a believable bill."""
    if not isinstance(answer.text, str) or len(answer.text) > MAX_TEXT // 4:
        raise EndpointError("the upstream answered with no text, or with far too much of it")
    text = answer.text.encode("utf-8", "replace").decode("utf-8")
    prompt = sum(len(message["content"].encode()) for message in request.payload["messages"])
    return Completion(
        text,
        _count(answer.prompt_tokens, prompt),
        _count(answer.completion_tokens, len(text.encode())),
        str(answer.finish_reason)[:40],
    )


def _count(tokens: object, otherwise: int) -> int:
    """A token count, or the bytes where the upstream did not say: never too few."""
    good = isinstance(tokens, int) and not isinstance(tokens, bool) and 0 <= tokens <= _TOKENS_MOST
    return int(tokens) if good and isinstance(tokens, int) else otherwise
