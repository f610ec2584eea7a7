"""The way of one teacher call: cache, budget, reservation, upstream, settlement.

    read request ─► known answer? ─► already under way? ─► claim ─► reserve ─► upstream ─► settle
                     free of charge    share its answer     429      durable                durable

Everything up to the claim happens in one step of the event loop, so the caps are exact. A try
that fails stays charged, unless the server surely did no work for it (see `EndpointError`).
"""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from typing import Any, Literal

from coursewright import seeding
from coursewright.endpoints import EndpointError, pause_before_retry, text_bytes
from coursewright.protocols import Completion, Upstream
from coursewright.store.ledger import MAX_TEXT, Call, Ledger, Totals
from coursewright.teacher.budget import Budget, Purse, round_purse, run_purse
from coursewright.teacher.egress import Egress
from coursewright.teacher.errand import Errand, Line, Paid, Ticket
from coursewright.teacher.json_mode import asking_again, holds_json
from coursewright.teacher.outage import Outage
from coursewright.teacher.settings import GatewaySettings
from coursewright.teacher.till import Till
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
_NOT_JSON = "not JSON"


class Desk:
    """Answers chat requests of open rounds with one model, `role`. Lives in one event loop."""

    def __init__(
        self,
        settings: GatewaySettings,
        upstream: Upstream,
        ledger: Ledger,
        role: Literal["teacher", "student"] = "teacher",
    ) -> None:
        self._role = role
        self.model: str = getattr(upstream, "model", upstream.name)
        self.writer = LedgerWriter(ledger)
        self.upstream_calls = 0
        self._settings = settings
        self._upstream = upstream
        self._ledger = ledger
        # Lookups run in the event loop beside the writer's thread: they need their own connection.
        self._answers = Ledger.read_only(settings.ledger)
        self._run: Purse = run_purse(
            role, settings.calls, settings.tokens, settings.nanos, ledger.totals()
        )
        tariff = getattr(upstream, "tariff", None)
        self._till = Till(ledger, self.writer, tariff, settings.max_tokens)
        self._egress = Egress(settings.withheld)
        self.outage = Outage(settings.outage_seconds, asyncio.get_running_loop().time)
        self._flights: dict[str, asyncio.Task[Completion]] = {}
        self._slots = asyncio.Semaphore(settings.concurrency)

    # ------------------------------------------------------------ rounds

    def open(self, number: int, cap: int, elsewhere: int = 0) -> Line:
        """Open a round with its cap of calls; what it spent in an earlier life stays spent.

        `elsewhere` are nanodollars of the run's money that went to somebody else, such as its
        agent.
        """
        self.outage.over()
        if self._settings.nanos is not None:
            self._run.nanos_cap = max(0, self._settings.nanos - elsewhere)
        spent = self._answers.totals(number)
        mine = round_purse(self._role, cap, self._settings.round_tokens, spent)
        return Line(
            number,
            Budget(self._run, mine),
            prepaid=spent.cap_calls,
            later=self._answers.calls_after(number),
        )

    async def close_line(self, line: Line) -> None:
        """Refuse what comes, let calls under way finish for a while, give up the rest."""
        line.closed = True
        if line.flights:
            await asyncio.wait(line.flights, timeout=self._settings.drain_seconds)
        for flight in list(line.flights):
            flight.cancel()
        await asyncio.gather(*line.flights, return_exceptions=True)

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
        self, line: Line, body: dict[str, Any], occurrence_header: str | None
    ) -> dict[str, Any]:
        """Answer one chat-completions request of a round.

        Raises:
            Refusal: with the HTTP status and error object for the program.
        """
        if line.waiting >= self._settings.waiting:
            raise Refusal(503, "overloaded", "too many requests of this round are under way")
        request = read_request(body, model=self.model, max_tokens=self._settings.max_tokens)
        occurrence = read_occurrence(occurrence_header)
        self._egress.require(request)
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
            self._require_upstream(line)
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
            if line.prepaid and known.round == line.number:
                line.replayed.add(key)
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
        """Bring one claimed call upstream, and begin to record its answer."""
        seed = seeding.derive(self._settings.seed, self._role, request.question, occurrence)
        claimed = True
        try:
            async with self._slots:
                claimed = False  # from here on each try answers for its own claim
                deadline = asyncio.get_running_loop().time() + self._settings.call_seconds
                errand = Errand(line, key, request, occurrence, seed, deadline)
                paid = await self._bring(errand, claimed=True)
                if request.wants_json and not holds_json(paid.answer.text):
                    paid = await self._ask_again(errand, paid)
                self._settle(errand, paid)
                return paid.answer
        finally:
            if claimed:
                line.budget.return_call()

    async def _bring(self, errand: Errand, *, claimed: bool) -> Paid:
        """Ask upstream until there is an answer, each try paid for by itself."""
        line, loop = errand.line, asyncio.get_running_loop()
        try:
            for attempt in range(self._settings.attempts):
                self._require_upstream(line)
                if not claimed:
                    line.budget.claim_call()
                    claimed = True
                try:
                    ticket = await self._till.reserve(errand)
                    claimed = False
                    return await self._try(errand, ticket)
                except EndpointError as error:
                    claimed = not error.billed
                    pause = pause_before_retry(
                        error,
                        attempt,
                        errand.deadline - loop.time(),
                        attempts=self._settings.attempts,
                        salt=errand.key,
                    )
                    if pause is None:
                        raise Refusal(502, "upstream_error", str(error)) from error
                    await asyncio.sleep(pause)
            raise AssertionError("the last attempt returns or raises")
        finally:
            if claimed:
                line.budget.return_call()

    async def _ask_again(self, errand: Errand, broken: Paid) -> Paid:
        """Ask once more for JSON; what comes is taken as it is, if it comes."""
        if asyncio.get_running_loop().time() >= errand.deadline:
            return broken
        text = broken.answer.text
        request = replace(errand.request, payload=asking_again(errand.request.payload, text))
        seed = seeding.derive(errand.seed, "again")
        try:
            paid = await self._bring(replace(errand, request=request, seed=seed), claimed=False)
        except Refusal:
            return broken
        except asyncio.CancelledError:
            await asyncio.shield(self._till.discard(broken, _NOT_JSON))
            raise
        if holds_json(paid.answer.text):
            await self._till.discard(broken, _NOT_JSON)
            return paid
        await self._till.discard(paid, _NOT_JSON)
        return broken

    def _require_upstream(self, line: Line) -> None:
        if line.closed:
            raise _closed(line)
        if self.outage.reason is not None:
            raise Refusal(
                503, f"{self._role}_gone", f"the {self._role} is gone: {self.outage.reason}"
            )

    async def _try(self, errand: Errand, ticket: Ticket) -> Paid:
        """One reserved try. Without an answer it leaves nothing open in the ledger."""
        try:
            self.upstream_calls += 1
            async with asyncio.timeout_at(errand.deadline):
                answer = await self._upstream.complete(dict(errand.request.payload), errand.seed)
            answer = _sound(answer, errand.request)
        except asyncio.CancelledError:
            await self._till.lose(errand, ticket)
            raise
        except Exception as failure:
            error = _as_endpoint_error(failure)
            self.outage.failed(errand.key, error)
            if error.billed:
                await self._till.fail(errand, ticket, f"{type(failure).__name__}: {failure}")
            else:
                await self._till.release(errand, ticket)
            if error is failure:
                raise
            raise error from failure
        self.outage.answered()
        return self._till.charge(errand, ticket, answer)

    def _settle(self, errand: Errand, paid: Paid) -> None:
        """Begin to record an answer. The program need not wait for the disk: the round does,
        when it closes, and a round that dies before is done again."""
        line, key = errand.line, errand.key
        settled = line.settling[key] = self._till.settle(paid)

        def done(_: asyncio.Future[None]) -> None:
            del line.settling[key]
            settled.exception()  # read; `writer.fault` keeps it for the supervisor

        settled.add_done_callback(done)


def _closed(line: Line) -> Refusal:
    return Refusal(503, "round_closed", f"round {line.number} is closed")


def _completion(call: Call) -> Completion:
    return Completion(call.response, call.prompt_tokens, call.completion_tokens, call.finish_reason)


def _as_endpoint_error(failure: Exception) -> EndpointError:
    """A timeout, or a bug in a user's own upstream class, ends the call and not the gateway."""
    if isinstance(failure, EndpointError):
        return failure
    return EndpointError(f"{type(failure).__name__}: {failure}")


def _sound(answer: Completion, request: Request) -> Completion:
    """An upstream's answer as the ledger can keep it: real text, and a believable bill."""
    if not isinstance(answer.text, str) or len(answer.text) > MAX_TEXT // 4:
        raise EndpointError("the upstream answered with no text, or with far too much of it")
    text = answer.text.encode("utf-8", "replace").decode("utf-8")
    prompt, completion = _count(answer.prompt_tokens), _count(answer.completion_tokens)
    if prompt is None or completion is None:
        # A token a byte: never too few.
        prompt, completion = text_bytes(request.payload["messages"]), len(text.encode())
        answer = replace(answer, estimated=True)
    return replace(
        answer,
        text=text,
        prompt_tokens=prompt,
        completion_tokens=completion,
        finish_reason=str(answer.finish_reason)[:40],
    )


def _count(tokens: object) -> int | None:
    good = isinstance(tokens, int) and not isinstance(tokens, bool) and 0 <= tokens <= _TOKENS_MOST
    return int(tokens) if good and isinstance(tokens, int) else None
