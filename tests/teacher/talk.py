"""A program's side of a line, and a gateway to talk to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import aiohttp

from coursewright.config import Budget, CustomPart
from coursewright.teacher import GatewayTeacher
from coursewright.teacher.wire import OCCURRENCE_HEADER

Reply = tuple[int, dict[str, Any]]


def chat(text: str, **more: Any) -> dict[str, Any]:
    """A request body with one user message."""
    return {"messages": [{"role": "user", "content": text}], **more}


def ask(socket: Path, bodies: Iterable[Any], occurrence: int | None = None) -> list[Reply]:
    """Send all bodies at once; statuses and JSON answers in order. Bytes go as they are."""
    headers = {} if occurrence is None else {OCCURRENCE_HEADER: str(occurrence)}
    return asyncio.run(_ask(socket, list(bodies), headers))


async def _ask(socket: Path, bodies: list[Any], headers: dict[str, str]) -> list[Reply]:
    connector = aiohttp.UnixConnector(str(socket), limit=1000)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def one(body: Any) -> Reply:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            url = "http://teacher/v1/chat/completions"
            try:
                async with session.post(url, data=data, headers=headers) as response:
                    return response.status, await response.json()
            except aiohttp.ClientError as error:
                return 0, {"error": {"type": type(error).__name__}}

        return await asyncio.gather(*map(one, bodies))


def budget_of(socket: Path) -> dict[str, Any]:
    """What `GET /v1/budget` says."""

    async def get() -> dict[str, Any]:
        connector = aiohttp.UnixConnector(str(socket))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get("http://teacher/v1/budget") as response,
        ):
            found: dict[str, Any] = await response.json()
            return found

    return asyncio.run(get())


def text_of(reply: Reply) -> str:
    """The answer's text; the status must be 200."""
    status, body = reply
    assert status == 200, body
    text: str = body["choices"][0]["message"]["content"]
    return text


class Desk:
    """A gateway with a counting upstream in a test's folder."""

    def __init__(self, folder: Path, upstream: str = "Counting", **options: Any) -> None:
        self.log = folder / "upstream.log"
        self.ledger = folder / "calls.sqlite"
        self._part = CustomPart(
            path=f"tests.teacher.upstreams:{upstream}", options={"log": str(self.log), **options}
        )

    def teacher(self, **budget: Any) -> GatewayTeacher:
        """A supervisor's client with this budget; use it as a context manager."""
        return GatewayTeacher(self._part, ledger=self.ledger, seed=7, budget=Budget(**budget))

    def upstream_calls(self) -> int:
        """Calls that really reached the upstream, over all gateways."""
        return self.log.stat().st_size if self.log.exists() else 0
