"""One thread that writes the ledger for the gateway's event loop, many steps to a commit."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from coursewright.store.ledger import Ledger

T = TypeVar("T")
_BATCH = 256
_Job = tuple[Callable[[], Any], "asyncio.Future[Any]"]


class LedgerWriter:
    """Runs ledger steps in order; `do` returns when its step is durable.

    A commit waits for the disk, and every step that arrives meanwhile joins the next one. So
    a call pays about one wait before it goes upstream and one after, however many there are.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.fault: str | None = None
        """Why the ledger can no longer be written (a full disk, say); None while it can."""
        self._ledger = ledger
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def do(self, step: Callable[[], T]) -> asyncio.Future[T]:
        """Hand in a ledger step, such as `lambda: ledger.reserve(...)`; await it for the disk.

        The step is done whether or not anyone still waits. It raises `sqlite3.Error` if it
        could not be made durable; then nothing of it happened.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put((step, future))
        return future

    async def flush(self) -> None:
        """Wait until every step handed in so far is durable, or has failed (see `fault`)."""
        with contextlib.suppress(sqlite3.Error):
            await self.do(lambda: None)  # steps are done in order

    async def close(self) -> None:
        """Finish what was asked and stop the thread. The ledger stays open."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            batch, last = [job], False
            with contextlib.suppress(queue.Empty):
                while len(batch) < _BATCH:
                    another = self._jobs.get_nowait()
                    if another is None:
                        last = True
                        break
                    batch.append(another)
            done = self._commit(batch)
            with contextlib.suppress(RuntimeError):  # the loop may be gone at shutdown
                self._loop.call_soon_threadsafe(_deliver, done)
            if last:
                return

    def _commit(self, batch: list[_Job]) -> list[tuple[asyncio.Future[Any], Any]]:
        try:
            with self._ledger.group():
                return [(future, step()) for step, future in batch]
        except Exception:
            # One bad step must not take the others with it: each on its own now.
            return [(future, self._alone(step)) for step, future in batch]

    def _alone(self, step: Callable[[], Any]) -> Any:
        try:
            with self._ledger.group():
                return step()
        except sqlite3.Error as error:
            self.fault = str(error)
            return error
        except Exception as error:
            return error


def _deliver(done: list[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, result in done:
        if future.cancelled():
            continue
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
