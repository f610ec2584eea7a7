"""The teacher gateway: a process of its own between programs that nobody trusts and the teacher.

    python -m coursewright.teacher.gateway      settings as one JSON line on standard input

It answers with one JSON line on standard output: `{"ready": {"control": PATH}}`, or `{"error":
…}`. Each round gets a Unix socket of its own, so a round's identity is the door it came
through and cannot be forged. The supervisor speaks to a control socket in a private folder: one
JSON line each way, `{"do": "open", "round": 3, "cap": 100}`, `close`, `usage` or `health`.
What others spent of the run's money comes with `open` as `elsewhere`, in nanodollars.

A request for the model `student` goes to the base student, at a desk of its own with caps and a
ledger of its own; whatever else a request calls its model, the teacher answers.

The process ends when its standard input does, or when its parent is gone; either way its
folder goes with it. Calls under way then are of unknown outcome (see `store.ledger`).
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import fcntl
import json
import logging
import os
import resource
import secrets
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from aiohttp import web
from pydantic import ValidationError

from coursewright.errors import CoursewrightError, RunHeld
from coursewright.store.ledger import Ledger, Totals
from coursewright.store.scratch import Scratch
from coursewright.store.shared import SharedAnswers
from coursewright.teacher.crowd import Crowd
from coursewright.teacher.desk import Desk
from coursewright.teacher.errand import Line
from coursewright.teacher.settings import GatewaySettings
from coursewright.teacher.shared import SharedUpstream
from coursewright.teacher.student import StudentUpstream
from coursewright.teacher.upstreams import load_upstream, require_price
from coursewright.teacher.wire import BODY_BYTES, OCCURRENCE_HEADER, STUDENT, Refusal, read_body

_LOCK_SECONDS = 20.0
_PARENT_SECONDS = 0.5


@dataclass(frozen=True)
class Window:
    """Where an open round asks one model."""

    desk: Desk
    line: Line

    async def answer(self, body: dict[str, Any], occurrence: str | None) -> dict[str, Any]:
        """See `Desk.answer`."""
        return await self.desk.answer(self.line, body, occurrence)

    def calls_left(self) -> int:
        """Calls that the round may still make."""
        return self.line.calls_left()

    async def close(self) -> None:
        """See `Desk.close_line`."""
        await self.desk.close_line(self.line)


class Door:
    """The socket of one open round: the teacher behind it, and perhaps the base student."""

    def __init__(
        self,
        teacher: Window,
        student: Window | None,
        socket: Path,
        *,
        read_seconds: float,
        concurrency: int,
    ) -> None:
        self.socket = socket
        self._teacher = teacher
        self._student = student
        self._read_seconds = read_seconds
        self._crowd = Crowd(self._handle, concurrency)
        self._runner = web.ServerRunner(self._crowd, shutdown_timeout=1.0)

    async def open(self) -> None:
        """Listen."""
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.socket), backlog=1024).start()

    async def close(self) -> None:
        """Finish with the round, then hang up."""
        self.socket.unlink(missing_ok=True)
        await asyncio.gather(*(window.close() for window in self._windows()))
        await self._runner.cleanup()

    def _windows(self) -> list[Window]:
        return [self._teacher] if self._student is None else [self._teacher, self._student]

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            async with self._crowd.room_for(request):
                return web.json_response(await self._route(request))
        except Refusal as refusal:
            return web.json_response(refusal.body(), status=refusal.status)
        except Exception as error:
            failed = Refusal(500, "internal_error", f"the gateway failed: {type(error).__name__}")
            return web.json_response(failed.body(), status=failed.status)

    async def _route(self, request: web.BaseRequest) -> dict[str, Any]:
        match request.method, request.path:
            case "GET", "/v1/budget":
                return {
                    "calls_left": self._teacher.calls_left(),
                    "student_calls_left": self._student.calls_left() if self._student else 0,
                }
            case "POST", "/v1/chat/completions":
                body = read_body(await self._body(request))
                header = request.headers.get(OCCURRENCE_HEADER)
                return await self._window(body).answer(body, header)
        raise Refusal(404, "not_found", "there is POST /v1/chat/completions and GET /v1/budget")

    def _window(self, body: dict[str, Any]) -> Window:
        if body.get("model") != STUDENT:
            return self._teacher
        if self._student is None:
            raise Refusal(429, "budget_exhausted", "this run does not let programs ask its student")
        return self._student

    async def _body(self, request: web.BaseRequest) -> bytes:
        if request.headers.get("Content-Encoding", "identity") != "identity":
            raise Refusal(415, "invalid_request_error", "compressed bodies are not accepted")
        try:
            async with asyncio.timeout(self._read_seconds):
                return await request.read()
        except web.HTTPRequestEntityTooLarge:
            message = f"the body is larger than {BODY_BYTES} bytes"
            raise Refusal(413, "invalid_request_error", message) from None
        except TimeoutError:
            raise Refusal(408, "invalid_request_error", "the body came too slowly") from None


class Gateway:
    """Opens and closes rounds at the supervisor's word."""

    def __init__(
        self, settings: GatewaySettings, desk: Desk, student: Desk | None, folder: Path
    ) -> None:
        """Both folders are private: programs are handed connections and see no path at all."""
        self._settings = settings
        self._desk = desk
        self._student = student
        self._desks = [desk] if student is None else [desk, student]
        self._control = folder / "c" / "s"
        self._rounds = folder / "r"
        for place in (self._control.parent, self._rounds):
            place.mkdir()
        self._doors: dict[int, Door] = {}

    async def serve(self, stop: asyncio.Event) -> None:
        """Listen on the control socket until told to stop."""
        server = await asyncio.start_unix_server(self._converse, str(self._control))
        _say({"ready": {"control": str(self._control)}})
        await stop.wait()
        server.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            order = json.loads(await reader.readline())
            try:
                reply = await self._obey(order)
            except CoursewrightError as error:
                reply = {"error": str(error)}
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _obey(self, order: dict[str, Any]) -> dict[str, Any]:
        match order:
            case {"do": "open", "round": int(number), "cap": int(cap)}:
                door = await self._open(number, cap, int(order.get("elsewhere", 0)))
                return {"socket": str(door.socket)}
            case {"do": "close", "round": int(number)}:
                await self._close(number)
                return {}
            case {"do": "usage"}:
                await self._written()
                desk = self._student if order.get("of") == STUDENT else self._desk
                totals = Totals() if desk is None else desk.totals(order.get("round"))
                return {"usage": dataclasses.asdict(totals)}
            case {"do": "health"}:
                faults = (desk.writer.fault for desk in self._desks)
                return {
                    "fault": next(filter(None, faults), None),
                    "outage": self._desk.outage.reason,
                    "upstream_calls": self._desk.upstream_calls,
                    "rounds": sorted(self._doors),
                }
        return {"error": f"unknown order {order!r}"}

    async def _open(self, number: int, cap: int, elsewhere: int) -> Door:
        await self._close(number)
        # Socket paths end at 107 bytes, and their names must not be guessable.
        socket = self._rounds / f"{number}-{secrets.token_hex(8)}"
        teacher, student = Window(self._desk, self._desk.open(number, cap, elsewhere)), None
        if self._student is not None and self._settings.student is not None:
            line = self._student.open(number, self._settings.student.round_calls)
            student = Window(self._student, line)
        settings = self._settings
        door = Door(
            *(teacher, student, socket),
            read_seconds=settings.read_seconds,
            concurrency=settings.concurrency,
        )
        self._doors[number] = door
        await door.open()
        return door

    async def _close(self, number: int) -> None:
        if door := self._doors.pop(number, None):
            await door.close()
            await self._written()

    async def _written(self) -> None:
        """Wait until all that was asked and served so far stands in the ledgers."""
        await asyncio.gather(*(desk.writer.flush() for desk in self._desks))


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _lock(ledger: Path) -> IO[bytes]:
    """Hold the ledger against a second gateway; one that is just dying gets time to finish.

    The lock lives in a file of its own: closing any other handle of the ledger itself would
    drop SQLite's locks on it.
    """
    file = ledger.with_name(ledger.name + ".lock").open("ab")
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise RunHeld("another gateway holds the call ledger of this run") from None
            time.sleep(0.02)
        else:
            return file


def _watch_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """End with the parent: by the end of standard input, or by its death.

    Not by PDEATHSIG, which fires when the parent's *thread* that started us ends.
    """
    parent = os.getppid()

    def finish() -> None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(stop.set)
        time.sleep(5)
        os._exit(1)  # the loop hangs: better no process than an orphan

    def read() -> None:
        # The file descriptor itself: buffered readers lock up when the interpreter ends.
        while os.read(0, 4096):
            pass
        finish()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_SECONDS)
        finish()

    threading.Thread(target=read, daemon=True).start()
    threading.Thread(target=look, daemon=True).start()


async def _run(settings: GatewaySettings, ledger: Ledger, folder: Path) -> None:
    stop = asyncio.Event()
    _watch_parent(asyncio.get_running_loop(), stop)
    upstream = load_upstream(settings.teacher, settings.teacher_socket)
    require_price(upstream, capped=settings.nanos is not None)
    ledger.lose_open()
    async with contextlib.AsyncExitStack() as stack:
        if settings.shared is not None:
            answers = stack.enter_context(SharedAnswers(settings.shared))
            upstream = SharedUpstream(upstream, settings.teacher, answers)
        desk = Desk(settings, upstream, ledger)
        student = await stack.enter_async_context(_student_desk(settings))
        await Gateway(settings, desk, student, folder).serve(stop)
        # Calls under way become unknown: the supervisor is gone or does not want them, and waiting
        # for them would make this process an orphan.
        await desk.close()


@contextlib.asynccontextmanager
async def _student_desk(settings: GatewaySettings) -> AsyncIterator[Desk | None]:
    if settings.student is None:
        yield None
        return
    # The lock of the teacher's ledger guards this one too.
    with Ledger(settings.student.ledger) as ledger:
        ledger.lose_open()
        upstream = StudentUpstream(settings.student.socket)
        desk = Desk(settings.of_student(settings.student), upstream, ledger, STUDENT)
        yield desk
        await desk.close()


def main() -> int:
    """Serve until standard input ends; 2 when the settings or the ledger cannot be used."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's to answer
    os.umask(0o077)
    # Standard error is a file that lasts as long as we do: what programs send must not fill it.
    logging.disable()
    # The ledger's thread comes back from the disk many times a second; at Python's default it
    # would then wait 5 ms for the event loop to let go of the interpreter.
    sys.setswitchinterval(0.0005)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    scratch = Scratch("cw-")
    try:
        settings = GatewaySettings.model_validate_json(_first_line())
        with _lock(settings.ledger), Ledger(settings.ledger) as ledger:
            asyncio.run(_run(settings, ledger, scratch.path))
    except ValidationError as error:
        _say({"error": f"bad settings: {error.errors()[0]['msg']}", "kind": "ConfigError"})
        return 2
    except CoursewrightError as error:
        message = getattr(error, "message", str(error))
        field = getattr(error, "field", None)
        file = getattr(error, "file", None)
        _say({"error": message, "kind": type(error).__name__, "field": field, "file": file})
        return error.exit_code
    finally:
        scratch.close()
    return 0


def _first_line() -> bytes:
    line = b""
    while not line.endswith(b"\n") and (piece := os.read(0, 65536)):
        line += piece
    return line


if __name__ == "__main__":
    sys.exit(main())
