"""What a server answers is believed only when it is a believable answer."""

import asyncio
import json
import traceback
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from coursewright.config import OpenAITeacher, Prices
from coursewright.endpoints import (
    ChatClient,
    EndpointError,
    EndpointRefused,
    EndpointUnavailable,
    Reply,
)
from coursewright.endpoints.client import BODY_BYTES, same_model

KEY = "sk-canary-0123456789"
ENDPOINT = OpenAITeacher(
    model="m", base_url="http://127.0.0.1:1/v1", prices=Prices(input=1, output=2)
)
PAYLOAD = {"messages": [{"role": "user", "content": "four"}], "max_tokens": 5}
Handler = Callable[[httpx2.Request], httpx2.Response]


def said(text: Any = "hello", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 3, "completion_tokens": 4}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"model": "m", "choices": [choice], "usage": usage, **more}


def complete(handler: Handler, endpoint: OpenAITeacher = ENDPOINT, **payload: Any) -> Reply:
    async def go() -> Reply:
        transport = httpx2.MockTransport(handler)
        async with ChatClient(endpoint, key=KEY, transport=transport) as client:
            return await client.complete({**PAYLOAD, **payload}, idempotency_key="one")

    return asyncio.run(go())


def answer(body: Any, status: int = 200, **headers: str) -> Handler:
    return lambda _: httpx2.Response(
        status,
        content=body if isinstance(body, bytes) else json.dumps(body).encode(),
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def test_a_reply_holds_text_tokens_and_cost() -> None:
    assert complete(answer(said())) == Reply("hello", 3, 4, False, "stop", "m", 11e-6)


def test_what_a_request_may_not_decide_is_overruled() -> None:
    sent: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return answer(said())(request)

    complete(handler, model="dearer", n=9, stream=True, seed=1)
    body = json.loads(sent[0].content)
    assert body == {**PAYLOAD, "model": "m", "stream": False, "seed": 1}
    assert sent[0].headers["Authorization"] == f"Bearer {KEY}"
    assert sent[0].headers["Idempotency-Key"] == "one"
    assert sent[0].headers["Accept-Encoding"] == "identity"


def test_without_a_key_none_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "somebody")
    headers: list[Any] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        headers.append(request.headers)
        return answer(said())(request)

    async def go() -> None:
        async with ChatClient(ENDPOINT, transport=httpx2.MockTransport(handler)) as client:
            await client.complete(PAYLOAD, idempotency_key="one")

    asyncio.run(go())
    assert "Authorization" not in headers[0]
    assert "OpenAI-Organization" not in headers[0]


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": -1, "completion_tokens": 1}, "lots"])
def test_usage_that_is_missing_is_counted_never_too_low(usage: Any) -> None:
    reply = complete(answer(said("öh", usage=usage)))
    assert (reply.prompt_tokens, reply.completion_tokens, reply.estimated) == (4, 3, True)


@pytest.mark.parametrize(
    "body",
    [
        b'{"choices": [',
        b"[" * 100_000,
        b"[]",
        b"\xff\xfe",
        {},
        {"choices": []},
        {"choices": [7]},
        said(None),
        said(["text"]),
        {"error": {"message": "overloaded"}},
        said(model="another"),
    ],
)
def test_an_unusable_answer_is_worth_asking_again(body: Any) -> None:
    with pytest.raises(EndpointUnavailable) as caught:
        complete(answer(body))
    assert caught.value.billed


@pytest.mark.parametrize(
    ("status", "body", "cause"),
    [
        (401, {"error": {"message": "Incorrect API key"}}, "key"),
        (403, b"<html>no", "key"),
        (
            404,
            {"error": {"message": "The model does not exist", "code": "model_not_found"}},
            "model",
        ),
        (400, {"error": {"message": "m", "code": "context_length_exceeded"}}, "context"),
        (400, {"message": "This model's maximum context length is 10 tokens"}, "context"),
        (429, {"error": {"message": "pay", "code": "insufficient_quota"}}, "key"),
        (422, {"detail": [1, 2]}, "request"),
        (302, b"", "model"),
    ],
)
def test_a_refusal_says_what_is_at_fault(status: int, body: Any, cause: str) -> None:
    with pytest.raises(EndpointRefused) as caught:
        complete(answer(body, status))
    assert caught.value.cause == cause
    assert caught.value.billed is (cause in ("context", "request")), "not for account or server"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
def test_overload_is_worth_asking_again_and_free(status: int) -> None:
    with pytest.raises(EndpointUnavailable) as caught:
        complete(answer({}, status, Retry_After="86400"))
    assert caught.value.retry_after == 86400
    assert not caught.value.billed


def test_a_large_body_is_not_read_to_its_end() -> None:
    read = 0

    async def endless() -> Any:
        nonlocal read
        while True:
            read += 1
            yield b" " * 65536

    with pytest.raises(EndpointUnavailable, match="more than"):
        complete(lambda _: httpx2.Response(200, content=endless()))
    assert read <= BODY_BYTES // 65536 + 1


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_a_compressed_body_is_never_unpacked(encoding: str) -> None:
    async def body() -> Any:
        yield b"anything"

    with pytest.raises(EndpointUnavailable, match="compressed"):
        complete(
            lambda _: httpx2.Response(
                200, headers={"Content-Encoding": encoding}, stream=Stream(b"anything")
            )
        )


class Stream(httpx2.AsyncByteStream):
    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> Any:
        for piece in self._pieces:
            yield piece


@pytest.mark.parametrize(
    ("error", "billed"), [(httpx2.ConnectError, False), (httpx2.ReadError, True)]
)
def test_a_connection_that_never_was_is_not_billed(error: Any, billed: bool) -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        raise error("gone", request=request)

    with pytest.raises(EndpointUnavailable) as caught:
        complete(handler)
    assert caught.value.billed is billed


def test_a_try_ends_at_its_own_deadline() -> None:
    async def slow(_: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(30)
        raise AssertionError

    with pytest.raises(EndpointUnavailable, match="in time"):
        complete(slow, ENDPOINT.model_copy(update={"try_seconds": 0.05}))  # type: ignore[arg-type]


def test_an_optional_field_that_a_model_refuses_is_left_out_from_then_on() -> None:
    bodies: list[Any] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        bodies.append(json.loads(request.content))
        for field in ("max_tokens", "seed"):
            if field in bodies[-1]:
                return answer({"error": {"message": "unsupported", "param": field}}, 400)(request)
        return answer(said())(request)

    assert complete(handler, seed=4).text == "hello"
    assert bodies[-1]["max_completion_tokens"] == 5
    assert len(bodies) == 3


def test_calls_under_way_together_all_take_the_other_name_of_the_length() -> None:
    async def handler(request: httpx2.Request) -> httpx2.Response:
        refused = "max_tokens" in json.loads(request.content)
        await asyncio.sleep(0.01)
        if refused:
            return answer({"error": {"message": "unsupported", "param": "max_tokens"}}, 400)(
                request
            )
        return answer(said())(request)

    async def go() -> list[Reply]:
        transport = httpx2.MockTransport(handler)
        async with ChatClient(ENDPOINT, key=KEY, transport=transport) as client:
            keys = ("one", "two", "three")
            return await asyncio.gather(
                *(client.complete(PAYLOAD, idempotency_key=key) for key in keys)
            )

    assert [reply.text for reply in asyncio.run(go())] == ["hello"] * 3


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_a_key_that_a_server_echoes_stays_here(status: int) -> None:
    with pytest.raises(EndpointError) as caught:
        complete(answer({"error": {"message": f"bad {KEY}"}}, status))
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert "bad [key]" in str(caught.value)
    assert KEY not in repr(complete(answer(said(f"your key is {KEY}"))))


@pytest.mark.parametrize(
    ("said_name", "asked", "same"),
    [
        ("gpt-5.2-2026-01-02", "gpt-5.2", True),
        ("Qwen3-30B-A3B", "qwen/qwen3-30b-a3b", True),
        ("nano@main", "/models/nano", True),
        ("gpt-4o-mini", "gpt-4o", False),
        ("llama", "qwen", False),
        ("", "m", False),
    ],
)
def test_names_of_one_model(said_name: str, asked: str, same: bool) -> None:
    assert same_model(said_name, asked) is same
