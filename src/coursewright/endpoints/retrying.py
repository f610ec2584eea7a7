"""The one retry policy: of the teacher gateway and of agents alike."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from typing import TYPE_CHECKING, Any, Protocol

from coursewright.endpoints.errors import EndpointError, EndpointRefused

if TYPE_CHECKING:
    from coursewright.config import Endpoint
    from coursewright.endpoints.client import Reply

_BACKOFF_SECONDS = 0.5
_BACKOFF_MOST = 30.0


def pause_before_retry(
    error: EndpointError, attempt: int, left: float, *, attempts: int, salt: str
) -> float | None:
    """Seconds to wait before the next try, or None when there should be none.

    The server's `Retry-After` is honoured where it ends within the `left` seconds of the
    deadline. Where it does not (or there is none) the pause doubles with each try, to 30 s. Both
    get jitter, drawn from `salt`, so that calls refused together do not come back together.
    `attempt` counts from 0.
    """
    if not error.retryable or attempt + 1 >= attempts:
        return None
    jitter = random.Random(f"{salt}/{attempt}").random()
    wish = getattr(error, "retry_after", None)
    if isinstance(wish, (int, float)) and 0 <= wish * (1 + 0.1 * jitter) < left:
        return float(wish) * (1 + 0.1 * jitter)
    pause = min(_BACKOFF_MOST, _BACKOFF_SECONDS * float(2**attempt)) * (0.5 + jitter)
    return pause if pause < left else None


class Asked(Protocol):
    """What can be asked once: a `ChatClient`, or one that somebody keeps books about."""

    @property
    def endpoint(self) -> Endpoint: ...

    def usd_at_most(self, payload: dict[str, Any]) -> float | None: ...

    async def complete(
        self, payload: dict[str, Any], *, deadline: float | None = None, idempotency_key: str
    ) -> Reply: ...


async def ask(
    client: Asked,
    payload: dict[str, Any],
    *,
    idempotency_key: str,
    usd: float | None = None,
) -> Reply:
    """Bring one call to its answer, trying again as the endpoint's settings say.

    No try is made whose worst case does not fit into what is left of `usd`. The reply's cost
    and calls include tries that brought nothing and may have been billed: at their worst.

    Raises:
        EndpointUnavailable: every try failed, or the deadline passed.
        EndpointRefused: the request will never be accepted, or (`money`) cannot be paid for.
    """
    loop, endpoint = asyncio.get_running_loop(), client.endpoint
    deadline, attempt = loop.time() + endpoint.seconds, 0
    most, lost, calls = client.usd_at_most(payload), 0.0, 1
    while True:
        if usd is not None and (most is None or lost + most > usd):
            raise EndpointRefused(
                f"the {max(0.0, usd - lost):.6g} US dollars left do not pay for one more call",
                cause="money",
                billed=False,
            )
        try:
            reply = await client.complete(
                payload, deadline=deadline, idempotency_key=idempotency_key
            )
            cost = None if reply.cost_usd is None else reply.cost_usd + lost
            return dataclasses.replace(reply, cost_usd=cost, calls=calls)
        except EndpointError as error:
            if error.billed:
                lost, calls = lost + (most or 0.0), calls + 1
            pause = pause_before_retry(
                error,
                attempt,
                deadline - loop.time(),
                attempts=endpoint.attempts,
                salt=idempotency_key,
            )
            if pause is None:
                raise
        attempt += 1
        await asyncio.sleep(pause)
