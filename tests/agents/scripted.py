"""A server on loopback that says what a test wrote down."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.threads import in_thread

Said = str | web.Response | Callable[[dict[str, Any]], "Said"]
"""An answer's text, a whole response, or what makes one of a request."""


@dataclass
class Scripted:
    """Says its lines one after the other, and the last one for ever."""

    lines: Sequence[Said]
    finish_reason: str = "stop"
    usage: dict[str, int] | None = field(
        default_factory=lambda: {"prompt_tokens": 100, "completion_tokens": 50}
    )
    base_url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    async def chat(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body.get("max_tokens") == 1:  # a run asks once whether anybody is there
            return self.told(body, "Hi")
        said: Said = self.lines[min(len(self.heard), len(self.lines) - 1)]
        self.heard.append(body)
        self.headers.append(request.headers)
        while callable(said):
            said = said(body)
        if isinstance(said, web.Response):
            return web.Response(status=said.status, body=said.body, headers=said.headers)
        return self.told(body, said)

    def told(self, body: dict[str, Any], text: str) -> web.Response:
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": self.finish_reason}
        return web.json_response({"model": body["model"], "choices": [choice], "usage": self.usage})


@contextlib.contextmanager
def serving(server: Scripted) -> Iterator[Scripted]:
    """Serve from a thread of its own; afterwards nobody listens at `base_url`."""

    async def serve() -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", server.chat)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        return runner

    with in_thread(serve):
        yield server


def refusal(status: int, message: str, **more: str) -> web.Response:
    """An error as servers of this protocol word it."""
    return web.json_response(
        {"error": {"message": message, **more}}, status=status, headers={"Retry-After": "0.01"}
    )
