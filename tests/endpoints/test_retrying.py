"""One policy for every retry: the server's wish within the deadline, else growing pauses."""

import asyncio
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.config import OpenAITeacher
from coursewright.endpoints import (
    ChatClient,
    EndpointRefused,
    EndpointUnavailable,
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
