"""The base student for programs: served over a Unix socket while a program runs.

    program ─► teacher gateway ─► AskedStudent ─► Student.answer(None, batch)

Questions arrive one by one and are answered in batches, under the exam's own instruction and
template. The student is idle while a program runs; nobody else may use it within `serving`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from coursewright.chat import layout
from coursewright.protocols import Student
from coursewright.store import Scratch

LONGEST = 16_000
"""Characters of one question; a longer one is no exam's, and could take all memory."""

_BATCH_CHARACTERS = 200_000
_GATHER_SECONDS = 0.005
"""For questions asked at once to arrive; more of them gather while others are answered."""
_LINE_BYTES = 8 * 1024**2


@dataclass(frozen=True)
class _Question:
    text: str
    answer: asyncio.Future[str]


class AskedStudent:
    """Serves one student's base model, under a task's instruction. `close()` it in the end."""

    def __init__(self, student: Student, instruction: str, max_tokens: int) -> None:
        """`max_tokens` are those of one answer, by the student's own settings."""
        self.max_tokens = max_tokens
        self._student = student
        self._instruction = instruction
        # A folder that only this user can enter; its name is short, as socket paths have to be.
        self._scratch = Scratch("cw-asked-")
        self.socket = self._scratch.path / "s"

    def answered_by(self, student: Student) -> None:
        """Let `student` answer from now on."""
        self._student = student

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
        questions: asyncio.Queue[_Question] = asyncio.Queue()
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
        questions: asyncio.Queue[_Question],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        with contextlib.suppress(OSError, ValueError, KeyError, asyncio.CancelledError):
            text = str(json.loads(await reader.readline())["question"])
            try:
                reply = {"answer": await self._ask(questions, text)}
            except Exception as error:
                reply = {"error": str(error)}
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _ask(self, questions: asyncio.Queue[_Question], text: str) -> str:
        if len(text) > LONGEST:
            raise ValueError(f"the question has more than {LONGEST} characters")
        question = _Question(text, asyncio.get_running_loop().create_future())
        questions.put_nowait(question)
        return await question.answer

    async def _answer_all(self, questions: asyncio.Queue[_Question]) -> None:
        while True:
            batch = [await questions.get()]
            await asyncio.sleep(_GATHER_SECONDS)
            size = len(batch[0].text)
            while not questions.empty() and size < _BATCH_CHARACTERS:
                batch.append(questions.get_nowait())
                size += len(batch[-1].text)
            try:
                answers = await asyncio.to_thread(self._answer, [q.text for q in batch])
            except Exception as error:
                for question in batch:
                    if not question.answer.done():
                        question.answer.set_exception(error)
            else:
                for question, answer in zip(batch, answers, strict=True):
                    if not question.answer.done():
                        question.answer.set_result(answer)

    def _answer(self, questions: list[str]) -> list[str]:
        prompts = [layout(self._instruction, question) for question in questions]
        return self._student.answer(None, prompts)
