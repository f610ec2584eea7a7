"""A chat-completions server that misbehaves on request: to test clients, gateways and nerves.

    python -m coursewright.endpoints.fault_server --share 0.2 --seed 7
    {"base_url": "http://127.0.0.1:43121/v1"}

A share of the calls meets a fault, drawn from seed, idempotency key and the count of tries, so that
the same calls meet the same faults in whatever order they come. A message that holds
`[[fault:NAME]]` meets that one. `--upstream package.module:Class` puts a model behind it, such as
the simulated teacher; without one every answer is the same. `GET /v1/faults` says what was done.
It listens on this machine only.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import gzip
import io
import json
import os
import re
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from aiohttp import web

from coursewright.plugins import construct
from coursewright.protocols import Completion, Upstream

_ASKED = re.compile(r"\[\[fault:(\w+)\]\]")
_MEBIBYTE = b" " * 1024**2
_DRIP_SECONDS = 0.2
_DAY = "86400"
ANSWER = "An answer of some length, as models give them, twelve words or so. " * 8


class FixedAnswer:
    """An upstream that always says the same, after a while."""

    name = "fixed"

    def __init__(self, delay_seconds: float = 0.0) -> None:
        self._delay = delay_seconds

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        """Say it."""
        if self._delay:
            await asyncio.sleep(self._delay)
        return Completion(ANSWER, 100, 100)

    async def close(self) -> None:
        """Nothing to release."""


@dataclass
class FaultServer:
    """The server, to be started in an event loop; `base_url` is known from then on."""

    upstream: Upstream = field(default_factory=FixedAnswer)
    share: float = 0.0
    """Share of calls that meet a fault."""
    faults: Sequence[str] = ()
    """Which ones; none means all."""
    seed: int = 0
    key: str | None = None
    """Calls without this key are refused, and the answer echoes the one they came with."""
    model: str | None = None
    """Calls for another model are refused."""
    base_url: str = ""
    answered: int = 0
    """Calls that got a sound answer."""
    met: collections.Counter[str] = field(default_factory=collections.Counter)
    """How often each fault was met."""
    _tries: collections.Counter[str] = field(default_factory=collections.Counter)
    _runner: web.ServerRunner | None = None

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; port 0 takes a free one."""
        server = web.Server(self._handle, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, backlog=1024)
        await site.start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"

    async def stop(self) -> None:
        """Hang up."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/v1/faults":
            return web.json_response({"answered": self.answered, "met": dict(self.met)})
        if (request.method, request.path) != ("POST", "/v1/chat/completions"):
            return _error(404, "there is POST /v1/chat/completions and GET /v1/faults")
        body = await request.json()
        offered = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.key is not None and offered != self.key:
            return _error(401, f"Incorrect API key provided: {offered}", code="invalid_api_key")
        if self.model is not None and body.get("model") != self.model:
            message = f"The model {body.get('model')!r} does not exist"
            return _error(404, message, code="model_not_found")
        fault = self._fault(request, body)
        if fault is not None:
            self.met[fault] += 1
            return await FAULTS[fault](request, body, self)
        answer = await self.answer(body)
        self.answered += 1
        return web.json_response(answer)

    def _fault(self, request: web.BaseRequest, body: dict[str, Any]) -> str | None:
        asked = _ASKED.search(str(body["messages"][-1].get("content")))
        if asked and asked[1] in FAULTS:
            return asked[1]
        name = request.headers.get("Idempotency-Key", "")
        self._tries[name] += 1
        chance = Random(f"{self.seed}/{name}/{self._tries[name]}")
        if chance.random() >= self.share:
            return None
        return chance.choice(tuple(self.faults) or tuple(FAULTS))

    async def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a sound answer to a request."""
        said = await self.upstream.complete(body, int(body.get("seed") or 0))
        message = {"role": "assistant", "content": said.text}
        return {
            "id": "chatcmpl-0",
            "object": "chat.completion",
            "created": 0,
            "model": body.get("model"),
            "choices": [{"index": 0, "message": message, "finish_reason": said.finish_reason}],
            "usage": {
                "prompt_tokens": said.prompt_tokens,
                "completion_tokens": said.completion_tokens,
                "total_tokens": said.prompt_tokens + said.completion_tokens,
            },
        }


# ---------------------------------------------------------------- faults

Fault = Callable[[web.BaseRequest, dict[str, Any], FaultServer], Awaitable[web.StreamResponse]]


async def retry_tomorrow(*_: object) -> web.StreamResponse:
    """429, and come back in a day."""
    return _error(429, "Rate limit reached", **{"Retry-After": _DAY})


async def busy(*_: object) -> web.StreamResponse:
    """503, and come back in a moment."""
    return _error(503, "The server is overloaded", **{"Retry-After": "0.02"})


async def server_error(*_: object) -> web.StreamResponse:
    """500."""
    return _error(500, "The server had an error")


async def reset(
    request: web.BaseRequest, body: dict[str, Any], server: FaultServer
) -> web.StreamResponse:
    """The connection breaks in the middle of the answer."""
    whole = json.dumps(await server.answer(body)).encode()
    response = web.StreamResponse(headers={"Content-Length": str(len(whole))})
    await response.prepare(request)
    await response.write(whole[: len(whole) // 2])
    if request.transport is not None:
        request.transport.abort()
    return response


async def slow_drip(request: web.BaseRequest, *_: object) -> web.StreamResponse:
    """A byte now and then, for as long as anyone listens."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        while True:
            await response.write(b" ")
            await asyncio.sleep(_DRIP_SECONDS)
    return response


async def error_inside(*_: object) -> web.StreamResponse:
    """200, with an error in it."""
    return web.json_response({"error": {"message": "upstream model is overloaded", "code": 502}})


async def broken_json(
    request: web.BaseRequest, body: dict[str, Any], server: FaultServer
) -> web.StreamResponse:
    """200, and the JSON ends early."""
    whole = json.dumps(await server.answer(body))
    return web.Response(text=whole[: len(whole) // 2], content_type="application/json")


async def wrong_model(
    request: web.BaseRequest, body: dict[str, Any], server: FaultServer
) -> web.StreamResponse:
    """Another model answers."""
    return web.json_response({**await server.answer(body), "model": "somebody-else"})


async def no_usage(
    request: web.BaseRequest, body: dict[str, Any], server: FaultServer
) -> web.StreamResponse:
    """A sound answer that does not say what it used."""
    answer = await server.answer(body)
    server.answered += 1
    return web.json_response({name: part for name, part in answer.items() if name != "usage"})


async def gigabyte(request: web.BaseRequest, *rest: object) -> web.StreamResponse:
    """A body of a gibibyte."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        for _ in range(1024):
            await response.write(_MEBIBYTE)
    return response


async def bomb(*_: object) -> web.StreamResponse:
    """A small body that unpacks to a large one."""
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    return web.Response(body=_packed(), headers=headers)


FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        *(retry_tomorrow, busy, server_error, reset, slow_drip, error_inside),
        *(broken_json, wrong_model, no_usage, gigabyte, bomb),
    )
}


@cache
def _packed() -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        for _ in range(64):  # piece by piece: it must not burst here
            file.write(_MEBIBYTE)
    return packed.getvalue()


def _error(status: int, message: str, code: str = "error", **headers: str) -> web.Response:
    error = {"message": message, "type": code, "code": code, "param": None}
    return web.json_response({"error": error}, status=status, headers=headers)


# ---------------------------------------------------------------- running it


@contextlib.contextmanager
def serving(server: FaultServer) -> Iterator[FaultServer]:
    """Run a server in a thread of its own for the length of a block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result()
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _run(server: FaultServer, port: int) -> None:
    await server.start(port)
    sys.stdout.write(json.dumps({"base_url": server.base_url}) + "\n")
    sys.stdout.flush()
    # Ends with whoever started it, if that one holds our standard input.
    await asyncio.to_thread(sys.stdin.buffer.read)
    await server.stop()


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(
        prog="python -m coursewright.endpoints.fault_server",
        description="A chat-completions server that misbehaves. Ends with its standard input.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--share", type=float, default=0.0, help="of calls that meet a fault")
    parser.add_argument("--fault", action="append", choices=sorted(FAULTS), help="default: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--upstream", metavar="PACKAGE.MODULE:CLASS")
    parser.add_argument("--key", metavar="VARIABLE", help="environment variable of the one key")
    parser.add_argument("--model", help="the only model it knows")
    given = parser.parse_args()
    if given.key and given.key not in os.environ:
        parser.error(f"the environment variable {given.key} is not set")
    options = {"delay_seconds": given.delay} if given.delay else {}
    upstream: Upstream = FixedAnswer(**options)
    if given.upstream:
        upstream = construct(
            given.upstream, options, field="--upstream", methods=("complete", "close")
        )
    server = FaultServer(
        upstream=upstream,
        share=given.share,
        faults=given.fault or (),
        seed=given.seed,
        key=os.environ[given.key] if given.key else None,
        model=given.model,
    )
    asyncio.run(_run(server, given.port))


if __name__ == "__main__":
    main()
