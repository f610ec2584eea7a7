"""A stand-in for the teacher's gateway: the same language, answers made of the question."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests.threads import in_thread


@dataclass
class Gateway:
    """Answers `<question> #<occurrence>`, after `seconds`, `cap` times; known ones for free."""

    socket: Path
    cap: int = 10**6
    seconds: float = 0.0
    fail_first: int = 0
    """So many requests are answered by cutting the connection."""
    keep_alive: float = 60.0
    known: set[str] = field(default_factory=set)
    heard: list[tuple[str, int]] = field(default_factory=list)
    """Question and occurrence of every request, in the order of arrival."""
    bodies: list[dict[str, object]] = field(default_factory=list)
    busy: int = 0
    most_busy: int = 0

    async def chat(self, request: web.Request) -> web.Response:
        body = await request.json()
        question = body["messages"][-1]["content"]
        occurrence = int(request.headers["X-Coursewright-Occurrence"])
        self.heard.append((question, occurrence))
        self.bodies.append(body)
        if self.fail_first > 0:
            self.fail_first -= 1
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        key = f"key-{question}-{occurrence}"
        if key not in self.known:
            if self.cap < 1:
                error = {"type": "budget_exhausted", "message": "the calls are spent"}
                return web.json_response({"error": error}, status=429)
            self.cap -= 1
            self.known.add(key)
        if question == "broken":
            error = {"type": "upstream_error", "message": "no luck"}
            return web.json_response({"error": error}, status=502)
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        await asyncio.sleep(self.seconds)
        self.busy -= 1
        answer = {"role": "assistant", "content": f"{question} #{occurrence}"}
        return web.json_response({"id": key, "choices": [{"index": 0, "message": answer}]})

    async def budget(self, request: web.Request) -> web.Response:
        return web.Response(
            text=json.dumps({"calls_left": self.cap}), content_type="application/json"
        )


@contextlib.contextmanager
def serving(gateway: Gateway) -> Iterator[Gateway]:
    """Serve in a thread of its own."""

    async def serve() -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", gateway.chat)
        app.router.add_get("/v1/budget", gateway.budget)
        runner = web.AppRunner(app, keepalive_timeout=gateway.keep_alive, shutdown_timeout=0.1)
        await runner.setup()
        await web.UnixSite(runner, str(gateway.socket), backlog=512).start()
        return runner

    with in_thread(serve):
        yield gateway
