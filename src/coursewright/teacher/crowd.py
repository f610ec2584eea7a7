"""What the connections of one round may hold of the gateway's memory.

A program may open thousands of connections, and send a body of nearly a megabyte on each. The
gateway is trusted, so none of the program's own limits count for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from coursewright.teacher.wire import BODY_BYTES

SMALL_BYTES = 64 * 1024
"""Bodies up to here are read as they come: larger than nearly all prompts."""
LARGE_AT_A_TIME = 32
"""Larger ones that are read and answered at once; the others wait unread."""
SPARE_CONNECTIONS = 1000
"""Beyond two for each call that may be under way: an honest client opens one for each. Of a body
that is not read yet up to some 600 KiB are held all the same."""


class Crowd(web.Server):
    """A server that hangs up on connections beyond its number, and reads few large bodies."""

    def __init__(self, handler: Any, concurrency: int) -> None:
        # No decompression: a bomb is refused as an unreadable body, never unpacked.
        super().__init__(handler, auto_decompress=False, access_log=None)
        self._most = 2 * concurrency + SPARE_CONNECTIONS
        self._open = 0  # counted here: many may come before the first of them is made
        self._large = asyncio.Semaphore(LARGE_AT_A_TIME)

    def __call__(self) -> asyncio.Protocol:  # type: ignore[override]
        """Return who speaks with a new connection."""
        if self._open >= self._most:
            return _HangUp()
        self._open += 1
        return super().__call__()

    def connection_lost(self, handler: Any, exc: BaseException | None = None) -> None:
        """Note that a connection is over."""
        super().connection_lost(handler, exc)
        self._open -= 1

    @contextlib.asynccontextmanager
    async def room_for(self, request: web.BaseRequest) -> AsyncIterator[None]:
        """Wait until a request's body may be read; hold its room until it is answered."""
        told = request.content_length
        size = BODY_BYTES if told is None and request.can_read_body else told or 0
        async with contextlib.AsyncExitStack() as stack:
            if size > SMALL_BYTES:
                await stack.enter_async_context(self._large)
            yield


class _HangUp(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
