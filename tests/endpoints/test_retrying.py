"""One policy for every retry: the server's wish within the deadline, else growing pauses."""

import asyncio
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.config import OpenAITeacher, Prices
from coursewright.endpoints import (
    ChatClient,
    EndpointRefused,
    EndpointUnavailable,
    Reply,
    ask,
    pause_before_retry,
)

ENDPOINT = OpenAITeacher(model="m", base_url="http://localhost:1/v1", attempts=3)


@given(
    wish=st.none() | st.floats(allow_nan=True),
    attempt=st.integers(0, 2000),
    left=st.floats(-10, 1e6),
)
def test_a_pause_always_ends_before_the_deadline(
    wish: float | None, attempt: int, left: float
) -> None:
    error = EndpointUnavailable("busy", wish)
    pause = pause_before_retry(error, attempt, left, attempts=1000, salt="x")
    assert pause is None or 0 <= pause < left
    assert attempt < 999 or pause is None


def test_the_wish_of_the_server_is_honoured_within_the_deadline_only() -> None:
    error = EndpointUnavailable("busy", 20.0)
    near = pause_before_retry(error, 0, 10.0, attempts=5, salt="x")
    far = pause_before_retry(error, 0, 100.0, attempts=5, salt="x")
    assert near is not None
    assert near < 1.0
    assert far is not None
    assert 20.0 <= far <= 22.0


def test_a_refusal_is_never_repeated() -> None:
    assert pause_before_retry(EndpointRefused("no"), 0, 100.0, attempts=5, salt="x") is None


@pytest.mark.parametrize("failures", [2, 3])
def test_ask_tries_as_often_as_the_endpoint_says(failures: int) -> None:
    tried = 0

    def handler(_: httpx2.Request) -> httpx2.Response:
        nonlocal tried
        tried += 1
        if tried <= failures:
            return httpx2.Response(503, headers={"Retry-After": "0"})
        message: dict[str, Any] = {"message": {"content": "at last"}}
        return httpx2.Response(200, json={"choices": [message]})

    async def go() -> str:
        async with ChatClient(ENDPOINT, transport=httpx2.MockTransport(handler)) as client:
            payload = {"messages": [{"role": "user", "content": "x"}]}
            return (await ask(client, payload, idempotency_key="k")).text

    if failures < ENDPOINT.attempts:
        assert asyncio.run(go()) == "at last"
    else:
        with pytest.raises(EndpointUnavailable):
            asyncio.run(go())
    assert tried == 3


@pytest.mark.parametrize(
    ("usd", "tries", "answered"),
    [(None, 3, True), (0.001, 0, False), (0.07, 2, False), (1, 3, True)],
)
def test_no_try_is_made_that_the_money_left_does_not_pay_for(
    usd: float | None, tries: int, answered: bool
) -> None:
    # Worst case of one try: 2 bytes and 16 tokens around them at 1, 5 at 2 thousandths of a dollar.
    endpoint = ENDPOINT.model_copy(update={"prices": Prices(input=1000, output=2000)})
    tried = 0

    def handler(_: httpx2.Request) -> httpx2.Response:
        nonlocal tried
        tried += 1
        if tried < 3:
            return httpx2.Response(200, content=b"broken")
        usage = {"prompt_tokens": 1, "completion_tokens": 1}
        return httpx2.Response(
            200, json={"choices": [{"message": {"content": "at last"}}], "usage": usage}
        )

    async def go() -> Reply:
        async with ChatClient(endpoint, transport=httpx2.MockTransport(handler)) as client:
            payload = {"messages": [{"role": "user", "content": "xx"}], "max_tokens": 5}
            return await ask(client, payload, idempotency_key="k", usd=usd)

    if answered:
        reply = asyncio.run(go())
        assert reply.calls == 3
        assert reply.cost_usd == pytest.approx(2 * 0.028 + 0.003)
    else:
        with pytest.raises(EndpointRefused) as caught:
            asyncio.run(go())
        assert caught.value.cause == "money"
    assert tried == tries
