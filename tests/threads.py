"""Serving from a thread of its own, beside a test that blocks."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator

from aiohttp import web


@contextlib.contextmanager
def in_thread(serve: Callable[[], Awaitable[web.AppRunner]]) -> Iterator[None]:
    """Run what `serve` sets up until the block ends; afterwards nobody listens."""
    loop = asyncio.new_event_loop()
    started = threading.Event()

    def work() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(serve())
        started.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
