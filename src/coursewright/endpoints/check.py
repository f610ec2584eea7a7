"""Whether an endpoint can be used at all: asked once, before anything is spent on a run."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from coursewright.config import Endpoint
from coursewright.endpoints.client import ChatClient
from coursewright.endpoints.errors import EndpointError, EndpointRefused
from coursewright.endpoints.keys import read_key
from coursewright.endpoints.prices import require_tariff
from coursewright.endpoints.retrying import ask
from coursewright.errors import ConfigError

_ATTEMPTS = 3
_QUESTION: dict[str, Any] = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}


def check_endpoint(endpoint: Endpoint, *, field: str, capped: bool = False) -> None:
    """Ask for one token, which shows whether server, key and model are what they should be.

    `field` is the part of the config; `capped` says that the run has a cap in money. The token
    stands in no record: it is paid for before there is a run.

    Raises:
        ConfigError: says in one line what is wrong and what to do.
    """
    if capped:
        require_tariff(endpoint, field=field)
    key = read_key(endpoint, field=field)
    # In a thread of its own: whoever calls may be inside an event loop, such as a notebook's.
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(asyncio.run, _check(endpoint, key, field)).result()


async def _check(endpoint: Endpoint, key: str | None, field: str) -> None:
    patient = endpoint.model_copy(update={"attempts": min(_ATTEMPTS, endpoint.attempts)})
    async with ChatClient(patient, key=key, concurrency=1, field=field) as client:
        try:
            await ask(client, _QUESTION, idempotency_key="check")
        except EndpointError as error:
            raise _told(error, endpoint, field) from None


def _told(error: EndpointError, endpoint: Endpoint, field: str) -> ConfigError:
    said = " ".join(str(error).split())
    if not isinstance(error, EndpointRefused):
        return ConfigError(
            f"{said}; start the server, correct the base URL, or come back later",
            field=f"{field}.base_url",
        )
    if error.cause == "key":
        name = endpoint.key or "that `key` names"
        return ConfigError(
            f"{endpoint.base_url}: {said}; put a key that it accepts into the environment "
            f"variable {name}",
            field=f"{field}.key",
        )
    if error.cause == "model":
        return ConfigError(
            f"{endpoint.base_url} does not serve {endpoint.model!r}: {said}", field=f"{field}.model"
        )
    return ConfigError(
        f"{endpoint.base_url} refuses a plain request to {endpoint.model!r}: {said}",
        field=f"{field}.model",
    )
