"""A student behind a Unix socket: questions arrive one by one and are answered in batches.

One connection a question, one JSON line each way. What cannot be answered gets `{"error": TEXT}`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from coursewright.store import Scratch

T = TypeVar("T")
Reply = dict[str, Any]

_BATCH_BYTES = 200_000
_GATHER_SECONDS = 0.005
"""For questions asked at once to arrive; more of them gather while others are answered."""
_LINE_BYTES = 8 * 1024**2


@dataclass(frozen=True)
class _Asked(Generic[T]):
    question: T
    size: int
    reply: asyncio.Future[Reply]


class Door(Generic[T]):
    """Serves while `serving`; `close()` it in the end."""

    def __init__(
        self, read: Callable[[dict[str, Any]], T], answer: Callable[[list[T]], list[Reply]]
    ) -> None:
        """`read` makes a question of a message and may raise; `answer` runs on another thread."""
        self._read = read
        self._answer = answer
        # A folder that only this user can enter; its name is short, as socket paths have to be.
        self._scratch = Scratch("cw-asked-")
        self.socket = self._scratch.path / "s"

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Serve within the block; when it ends, no question is under way any more."""
        opened: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        thread = threading.Thread(target=self._run, args=(opened,), name="asked student")
        thread.start()
        try:
            loop, stop = opened.result()
            try:
                yield
            finally:
                loop.call_soon_threadsafe(stop.set)
        finally:
            thread.join()

    def close(self) -> None:
        """Remove the socket's folder."""
        self._scratch.close()

    def _run(self, opened: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]) -> None:
        try:
            asyncio.run(self._serve(opened))
        except BaseException as error:
            if opened.done():
                raise
            opened.set_exception(error)

    async def _serve(self, opened: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]) -> None:
        stop = asyncio.Event()
        questions: asyncio.Queue[_Asked[T]] = asyncio.Queue()
        self.socket.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(
            partial(self._converse, questions), self.socket, limit=_LINE_BYTES, backlog=1024
        )
        answering = asyncio.create_task(self._answer_all(questions))
        opened.set_result((asyncio.get_running_loop(), stop))
        await stop.wait()
        server.close()
        self.socket.unlink(missing_ok=True)
        # What is being answered now is finished by its thread, which the loop waits for.
        answering.cancel()

    async def _converse(
        self,
        questions: asyncio.Queue[_Asked[T]],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.CancelledError):
            line = await reader.readline()
            message = json.loads(line)
            try:
                asked = _Asked(self._read(message), len(line), asyncio.Future())
                questions.put_nowait(asked)
                reply = await asked.reply
            except Exception as error:
                reply = {"error": str(error)}
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _answer_all(self, questions: asyncio.Queue[_Asked[T]]) -> None:
        while True:
            batch = [await questions.get()]
            await asyncio.sleep(_GATHER_SECONDS)
            size = batch[0].size
            while not questions.empty() and size < _BATCH_BYTES:
                batch.append(questions.get_nowait())
                size += batch[-1].size
            try:
                replies = await asyncio.to_thread(self._answer, [q.question for q in batch])
            except Exception as error:
                for asked in batch:
                    if not asked.reply.done():
                        asked.reply.set_exception(error)
            else:
                for asked, reply in zip(batch, replies, strict=True):
                    if not asked.reply.done():
                        asked.reply.set_result(reply)
