"""What the teacher gateway costs: `generate_batch` through it, and straight to a server.

Both ways the same client, 80 calls at once, the same answers after the same latency; the straight
server does nothing but wait. Every run has a ledger of its own, so nothing comes from the cache.
Then the same with a server behind the gateway, against a bare `openai.AsyncOpenAI` that asks the
same server.

Bars: at least 95 % of the straight rate, and of the bare client's, with answers after 500 ms;
saturation is logged.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
from aiohttp import web

from benchmarks.common import fault_server, report
from coursewright.config import Budget, CustomPart, OpenAITeacher
from coursewright.endpoints.fault_server import ANSWER as FIXED_ANSWER
from coursewright.protocols import Completion
from coursewright.sandbox.coursewright_program import Teacher
from coursewright.teacher import GatewayTeacher

ANSWER = "twelve words of an answer, which is about as long as most of them " * 8
AT_ONCE = 80


class Sleeper:
    """An upstream that answers after a while."""

    name = "sleeper"

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        await asyncio.sleep(self._seconds)
        return Completion(ANSWER, 100, 100)

    async def close(self) -> None:
        pass


def main() -> None:
    # A program's client lives as long as its program; here several live in one, and say so.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    slow = [measure(0.5, calls=800) for _ in range(3)]
    shares = [straight / through for straight, through in slow]
    report(
        name="gateway_throughput",
        upstream_ms=500,
        share_of_straight=round(statistics.median(shares), 4),
        shares=[round(share, 4) for share in shares],
    )
    fast = [measure(0.02, calls=3000) for _ in range(3)]
    report(
        name="gateway_saturation",
        upstream_ms=20,
        calls_per_second=round(statistics.median(3000 / through for _, through in fast)),
        straight_calls_per_second=round(statistics.median(3000 / straight for straight, _ in fast)),
    )
    slow = [measure_served(0.5, calls=800) for _ in range(3)]
    shares = [bare / through for bare, through in slow]
    report(
        name="served_throughput",
        answer_ms=500,
        share_of_bare_client=round(statistics.median(shares), 4),
        shares=[round(share, 4) for share in shares],
    )
    fast = [measure_served(0.0, calls=2000) for _ in range(3)]
    report(
        name="served_saturation",
        answer_ms=0,
        calls_per_second=round(statistics.median(2000 / through for _, through in fast)),
        bare_client_calls_per_second=round(statistics.median(2000 / bare for bare, _ in fast)),
    )


def measure_served(latency: float, calls: int) -> tuple[float, float]:
    """Seconds for so many calls to a server: a bare client's, and through the gateway."""
    with (
        tempfile.TemporaryDirectory(prefix="cw-bench-") as folder,
        fault_server("--delay", str(latency)) as base_url,
    ):
        bare = asyncio.run(bare_client(base_url, calls))
        teacher = GatewayTeacher(
            OpenAITeacher(model="any", base_url=base_url),
            ledger=Path(folder) / "calls.sqlite",
            seed=0,
            budget=Budget(calls=10 * calls, round_calls=10 * calls, concurrency=AT_ONCE),
        )
        with teacher, teacher.line(0, 10 * calls) as line:
            through = seconds_for(line.socket, calls, FIXED_ANSWER)
    return bare, through


async def bare_client(base_url: str, calls: int) -> float:
    """Time of so many calls, after a few have opened the connections."""
    slots = asyncio.Semaphore(AT_ONCE)
    async with openai.AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0) as client:

        async def ask(text: str) -> None:
            async with slots:
                done = await client.chat.completions.create(
                    model="any", messages=[{"role": "user", "content": text}], max_tokens=1024
                )
            if done.choices[0].message.content != FIXED_ANSWER:
                raise AssertionError(done)

        await asyncio.gather(*(ask(f"warm {number}") for number in range(AT_ONCE)))
        began = time.perf_counter()
        await asyncio.gather(*(ask(f"question {number}") for number in range(calls)))
        return time.perf_counter() - began


def measure(latency: float, calls: int) -> tuple[float, float]:
    """Seconds for so many calls: straight to a server, and through the gateway."""
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        with straight_server(Path(folder), latency) as socket:
            straight = seconds_for(socket, calls)
        with (
            GatewayTeacher(
                CustomPart(
                    path="benchmarks.gateway_throughput:Sleeper", options={"seconds": latency}
                ),
                ledger=Path(folder) / "calls.sqlite",
                seed=0,
                budget=Budget(calls=10 * calls, round_calls=10 * calls, concurrency=AT_ONCE),
            ) as teacher,
            teacher.line(0, 10 * calls) as line,
        ):
            through = seconds_for(line.socket, calls)
            spent = line.usage().calls
        if spent != calls + AT_ONCE:
            raise AssertionError(f"{spent} calls in the ledger, not {calls + AT_ONCE}")
    return straight, through


def seconds_for(socket: Path, calls: int, expected: str = ANSWER) -> float:
    """Time of one `generate_batch`, after a small one has opened the connections."""
    client = Teacher(str(socket), concurrency=AT_ONCE)
    client.generate_batch(f"warm {number}" for number in range(AT_ONCE))
    began = time.perf_counter()
    answers = client.generate_batch(f"question {number}" for number in range(calls))
    seconds = time.perf_counter() - began
    if not all(answer.ok and answer == expected for answer in answers):
        raise AssertionError(next(answer.error for answer in answers if not answer.ok))
    return seconds


@contextlib.contextmanager
def straight_server(folder: Path, latency: float) -> Iterator[Path]:
    """A server in a process of its own that speaks as the gateway does and only waits."""
    socket = folder / "straight"
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(str(socket), latency), daemon=True
    )
    process.start()
    try:
        while not socket.exists():
            time.sleep(0.01)
        yield socket
    finally:
        process.kill()
        process.join()


def serve(socket: str, latency: float) -> None:
    async def chat(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.sleep(latency)
        message = {"role": "assistant", "content": ANSWER}
        return web.json_response({"id": "straight", "choices": [{"message": message}]})

    async def budget(_: web.Request) -> web.Response:
        return web.json_response({"calls_left": 10**9})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat)
    app.router.add_get("/v1/budget", budget)
    web.run_app(app, path=socket, print=None, access_log=None)


if __name__ == "__main__":
    main()
