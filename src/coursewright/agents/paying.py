"""What a language model as agent costs, remembered across kills.

Every try is reserved at its worst in a ledger of the agent's own before it goes out, and settled
when its answer is there. A process that dies in between leaves a call of unknown outcome, which
stays charged; an answer that came but was not used yet is not paid for twice.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from coursewright.config import Endpoint
from coursewright.endpoints import (
    ChatClient,
    EndpointError,
    Reply,
    in_dollars,
    in_nanos,
    prompt_tokens_at_most,
)
from coursewright.records import Usage
from coursewright.store.ledger import MAX_TEXT, Ledger


class PaidClient:
    """A `ChatClient` for one round; meets `endpoints.Asked`."""

    def __init__(self, client: ChatClient, ledger: Ledger, round_number: int) -> None:
        self._client = client
        self._ledger = ledger
        self._round = round_number

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint that is asked."""
        return self._client.endpoint

    def usd_at_most(self, payload: dict[str, Any]) -> float | None:
        """The most that one try of a request can cost; None when nobody knows."""
        return self._client.usd_at_most(payload)

    async def complete(
        self, payload: dict[str, Any], *, deadline: float | None = None, idempotency_key: str
    ) -> Reply:
        """Ask once; or repeat the answer that an earlier process got and could not use.

        Raises:
            EndpointUnavailable: worth asking again.
            EndpointRefused: the same request will fail again.
        """
        key = f"{self._round}/{idempotency_key}"
        known = self._ledger.lookup(key)
        if known is not None:
            return Reply(
                text=known.response,
                prompt_tokens=known.prompt_tokens,
                completion_tokens=known.completion_tokens,
                estimated=known.estimated,
                finish_reason=known.finish_reason,
                model=self.endpoint.model,
                cost_usd=in_dollars(known.cost),
            )
        number = self._reserve(key, payload)
        try:
            reply = await self._client.complete(
                payload, deadline=deadline, idempotency_key=idempotency_key
            )
        except EndpointError as error:
            if error.billed:
                self._ledger.fail(number, str(error))
            else:
                self._ledger.release(number)
            raise
        except BaseException:
            self._ledger.lose(number)
            raise
        self._ledger.settle(
            number,
            reply.text[:MAX_TEXT],
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
            finish_reason=reply.finish_reason,
            cost=None if reply.cost_usd is None else in_nanos(reply.cost_usd),
            estimated=reply.estimated,
        )
        return reply

    def _reserve(self, key: str, payload: dict[str, Any]) -> int:
        text = json.dumps(payload, ensure_ascii=False)
        most = self.usd_at_most(payload)
        answer = payload.get("max_tokens") or self.endpoint.context_tokens
        return self._ledger.reserve(
            key,
            hashlib.sha256(text.encode()).hexdigest(),
            text,
            occurrence=0,
            round_number=self._round,
            tokens=prompt_tokens_at_most(payload["messages"]) + answer,
            cost=None if most is None else in_nanos(most),
        )


def usage_of(ledger: Ledger, round_number: int) -> Usage:
    """What a round has spent on its agent, in this process and in any before it."""
    spent = ledger.totals(round_number)
    return Usage(
        calls=spent.calls,
        prompt_tokens=spent.prompt_tokens,
        completion_tokens=spent.completion_tokens,
        estimated=spent.estimated,
        cost_usd=None if spent.unpriced else in_dollars(spent.cost),
    )
