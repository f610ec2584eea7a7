"""The teacher and the student, for curation programs: `coursewright_program` offers them.

Speaks with the gateway, through connections that the sandbox hands over.
"""

from __future__ import annotations

import asyncio
import collections
import json as _json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

if __package__:  # beside the supervisor
    from coursewright.sandbox.coursewright_material import brief
else:  # in the sandbox, where a copy of this file lies beside a copy of that one
    from coursewright_material import brief  # type: ignore[import-not-found,no-redef]

__all__ = ["Answer", "Student", "Teacher"]

Prompt = str | Sequence[dict[str, str]]

_STUDENT = "student"
_OCCURRENCE = "X-Coursewright-Occurrence"


class Answer(str):
    """A model's answer: its text, with where it came from. Failed answers are empty.

    Attributes:
        id: names the response in the ledger; rows refer to it when it is the teacher's.
        ok: whether there is an answer.
        error: otherwise why: "budget" (no calls left), "deadline" (no time left), or a message.
    """

    id: str | None
    error: str | None

    def __new__(cls, text: str = "", id: str | None = None, error: str | None = None) -> Answer:
        self = super().__new__(cls, text)
        self.id = id
        self.error = error
        return self

    def __getnewargs__(self) -> tuple[str, str | None, str | None]:  # type: ignore[override]
        return str(self), self.id, self.error

    @property
    def ok(self) -> bool:
        """Whether there is an answer."""
        return self.error is None


class Teacher:
    """The teacher model, behind the round's metered gateway."""

    def __init__(self, path: str | None = None, concurrency: int | None = None) -> None:
        """In the sandbox `teacher` is ready-made; elsewhere name a gateway's socket."""
        self._desk = _Desk(path, concurrency, "calls_left")

    def generate_batch(
        self,
        prompts: Iterable[Prompt],
        *,
        system: str | None = None,
        json: bool = False,
        temperature: float | None = None,
        max_tokens: int | None = None,
        on_progress: Callable[[int, int], object] | None = None,
    ) -> list[Answer]:
        """Ask everything at once; answers in the order of the prompts.

        `on_progress(done, total)` is called after each answer. `max_tokens` is a wish: the
        run's setting has the last word.
        """
        bodies = [_body(prompt, system, json, temperature, max_tokens) for prompt in prompts]
        return self._desk.ask(bodies, on_progress)

    def generate(
        self,
        prompt: Prompt,
        *,
        system: str | None = None,
        json: bool = False,
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> Answer:
        """Ask one prompt. For many, `generate_batch` is much faster than a loop."""
        return self.generate_batch(
            [prompt], system=system, json=json, temperature=temperature, max_tokens=max_tokens
        )[0]

    def calls_left(self) -> int:
        """Calls this round may still make; answers from the cache cost none."""
        return self._desk.calls_left()

    def close(self) -> None:
        """Let go of the connections; a program need not, its end does it."""
        self._desk.close()


class Student:
    """The student before any training, behind the same gateway; it answers as in the exam."""

    def __init__(self, path: str | None = None, concurrency: int | None = None) -> None:
        """In the sandbox `student` is ready-made; elsewhere name a gateway's socket."""
        self._desk = _Desk(path, concurrency, "student_calls_left")

    def generate_batch(
        self, prompts: Iterable[str], *, on_progress: Callable[[int, int], object] | None = None
    ) -> list[Answer]:
        """Ask everything at once; answers in the order of the prompts, which are questions."""
        bodies = [_body(str(prompt), None, False, None, None, _STUDENT) for prompt in prompts]
        return self._desk.ask(bodies, on_progress)

    def generate(self, prompt: str) -> Answer:
        """Ask one question. For many, `generate_batch` is much faster than a loop."""
        return self.generate_batch([prompt])[0]

    def calls_left(self) -> int:
        """Questions this round may still ask; 0 where the student cannot be asked at all."""
        return self._desk.calls_left()

    def close(self) -> None:
        """Let go of the connections; a program need not, its end does it."""
        self._desk.close()


class _Desk:
    """Where one model is asked: counts what was asked, and opens the way when it is needed."""

    def __init__(self, path: str | None, concurrency: int | None, left: str) -> None:
        self._path = path
        self._concurrency = concurrency
        self._left = left
        self._asked: collections.Counter[str] = collections.Counter()
        self._lock = threading.Lock()
        self._client: _Client | None = None

    def ask(
        self, bodies: list[dict[str, Any]], on_progress: Callable[[int, int], object] | None
    ) -> list[Answer]:
        with self._lock:
            # Counted here, in the order of the prompts: however calls overtake one another,
            # the k-th asking of a prompt gets the same answer in every replay.
            requests = [(body, self._count(body)) for body in bodies]
            client = self._open()
        return client.ask(requests, on_progress)

    def calls_left(self) -> int:
        with self._lock:
            client = self._open()
        return client.calls_left()

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _open(self) -> _Client:
        if self._client is None:
            self._client = _Client(self._path, self._concurrency, self._left)
        return self._client

    def _count(self, body: dict[str, Any]) -> int:
        # What the gateway overrules cannot make two requests different.
        counted = {key: value for key, value in body.items() if key != "max_tokens"}
        text = _json.dumps(counted, sort_keys=True)
        occurrence = self._asked[text]
        self._asked[text] += 1
        return occurrence


def _body(
    prompt: Prompt,
    system: str | None,
    json: bool,
    temperature: float | None,
    max_tokens: int | None,
    model: str | None = None,
) -> dict[str, Any]:
    messages = [] if system is None else [{"role": "system", "content": str(system)}]
    if isinstance(prompt, str):
        messages.append({"role": "user", "content": str(prompt)})
    else:
        messages += [{"role": m["role"], "content": str(m["content"])} for m in prompt]
    body: dict[str, Any] = {"messages": messages}
    if model is not None:
        body["model"] = model
    if temperature is not None:
        body["temperature"] = float(temperature)
    if max_tokens is not None:
        body["max_tokens"] = int(max_tokens)
    if json:
        body["response_format"] = {"type": "json_object"}
    return body


class _Loop(asyncio.SelectorEventLoop):
    """An event loop whose Unix connections come through the sandbox's line.

    Programs may open no socket; the sandbox hands connections over, ready-made.
    """

    def __init__(self, line: int) -> None:
        super().__init__()
        self._line = line

    async def create_unix_connection(
        self, protocol_factory: Any, path: Any = None, *, sock: Any = None, **options: Any
    ) -> Any:
        if sock is None:
            sock = self._take()
        return await super().create_unix_connection(protocol_factory, sock=sock, **options)

    def _take(self) -> socket.socket:
        # Answered at once by a process that waits for nothing else; no need to be asynchronous.
        with socket.socket(fileno=os.dup(self._line)) as line:
            line.settimeout(10.0)
            line.send(b"connect")
            _, descriptors, _, _ = socket.recv_fds(line, 16, 1)
        if not descriptors:
            raise ConnectionError("the teacher cannot be reached now")
        connection = socket.socket(fileno=descriptors[0])
        connection.setblocking(False)
        return connection


class _Client:
    """Speaks with the gateway from a thread of its own, so that any program may use it."""

    def __init__(self, path: str | None, concurrency: int | None, left: str) -> None:
        self._pid = os.getpid()
        self._left = left
        self._path = path or os.environ.get("COURSEWRIGHT_SOCKET") or "teacher"
        self._concurrency = concurrency or int(brief().get("concurrency", 80))
        line = os.environ.get("COURSEWRIGHT_LINE") if self._path == "teacher" else None
        self._loop = asyncio.new_event_loop() if line is None else _Loop(int(line))
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._session: Any = None
        self._slots: asyncio.Semaphore | None = None

    def ask(
        self,
        requests: list[tuple[dict[str, Any], int]],
        on_progress: Callable[[int, int], object] | None,
    ) -> list[Answer]:
        answers: list[Answer] = [Answer(error="not asked")] * len(requests)
        if requests:
            self._run(self._ask_all(requests, answers, on_progress))
        return answers

    def calls_left(self) -> int:
        return int(self._run(self._calls_left()))

    def close(self) -> None:
        if os.getpid() == self._pid:
            self._run(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _run(self, work: Any) -> Any:
        problem = None
        if os.getpid() != self._pid:
            # Another process would count the same prompts anew, and get the same answers.
            problem = "ask the teacher from the program's first process only"
        elif threading.current_thread() is self._thread:
            problem = "on_progress must not ask the teacher"
        if problem is not None:
            work.close()
            raise RuntimeError(problem)
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self) -> Any:
        if self._session is None:
            import aiohttp

            self._session = aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(self._path, limit=self._concurrency),
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=False,
            )
            self._slots = asyncio.Semaphore(self._concurrency)
        return self._session

    async def _ask_all(
        self,
        requests: list[tuple[dict[str, Any], int]],
        answers: list[Answer],
        on_progress: Callable[[int, int], object] | None,
    ) -> None:
        done = 0

        async def one(number: int) -> None:
            nonlocal done
            answers[number] = await self._ask(*requests[number])
            done += 1
            if on_progress is not None:
                on_progress(done, len(requests))

        position, left = 0, len(requests) - 1  # a single one runs no race
        while position < len(requests) and left > 0:
            # While the cap is far, everything goes at once. Near it, no more is under way than
            # can be paid for, so that which prompts get an answer is not decided by a race.
            left = await self._calls_left_or_all(len(requests))
            chunk = range(position, min(position + max(left, 1), len(requests)))
            await asyncio.gather(*map(one, chunk))
            position = chunk.stop
        # Nothing left to spend: what was asked before still has its answer in the cache.
        await asyncio.gather(*map(one, range(position, len(requests))))

    async def _calls_left_or_all(self, needed: int) -> int:
        try:
            return await self._calls_left()
        except Exception:
            return needed

    async def _calls_left(self) -> int:
        session = await self._open()
        async with asyncio.timeout(10.0), session.get("http://teacher/v1/budget") as response:
            return int((await response.json())[self._left])

    async def _ask(self, body: dict[str, Any], occurrence: int) -> Answer:
        session = await self._open()
        assert self._slots is not None
        data = _json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        headers = {"Content-Type": "application/json", _OCCURRENCE: str(occurrence)}
        pause, error = 0.05, "deadline"
        try:
            async with asyncio.timeout(max(0.0, _seconds_left())):
                while True:
                    async with self._slots:
                        answer, again = await _post(session, data, headers)
                    if not again:
                        return answer
                    error = answer.error or error
                    # The same occurrence again: if the call went through, it is not paid twice.
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, 2.0)
        except TimeoutError:
            return Answer(error="deadline" if error == "deadline" else f"deadline: {error}")
        except Exception as failure:
            return Answer(error=f"{type(failure).__name__}: {failure}")


async def _post(session: Any, data: bytes, headers: dict[str, str]) -> tuple[Answer, bool]:
    """Send one request; return the answer, and whether it is worth sending again."""
    import aiohttp

    try:
        async with session.post(
            "http://teacher/v1/chat/completions", data=data, headers=headers
        ) as response:
            status = response.status
            text = await response.text()
    except (aiohttp.ClientError, ConnectionError) as error:
        return Answer(error=f"{type(error).__name__}: {error}"), True
    try:
        told = _json.loads(text)
        if status == 200:
            content = told["choices"][0]["message"]["content"]
            return Answer(content or "", id=told["id"]), False
        kind = str(told["error"].get("type") or "")
        message = str(told["error"].get("message") or kind)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return Answer(error=f"unreadable response with status {status}"), False
    if kind == "budget_exhausted":
        return Answer(error="budget"), False
    # The gateway has already tried the teacher again; only its own overload is worth waiting for.
    return Answer(error=f"{kind}: {message}"), kind == "overloaded"


def _seconds_left() -> float:
    """Time for the teacher: the rest of the program's, less some to save what came."""
    left = float(os.environ.get("COURSEWRIGHT_DEADLINE", "inf")) - time.monotonic()
    return left - min(2.0, max(0.5, 0.05 * left))
