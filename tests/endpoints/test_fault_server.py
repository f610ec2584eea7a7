"""Every fault the server can play is met by the client and the gateway as it should be."""

import asyncio
import json
import subprocess
import sys
import tracemalloc
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from coursewright.config import Budget, OpenAITeacher
from coursewright.endpoints import ChatClient, EndpointError, EndpointRefused, EndpointUnavailable
from coursewright.endpoints.fault_server import ANSWER, FAULTS, FaultServer, serving
from coursewright.store.ledger import Ledger
from coursewright.teacher import GatewayTeacher
from tests.teacher.talk import ask, chat, text_of

pytestmark = pytest.mark.long

HARMLESS = {"no_usage"}
FREE = {"retry_tomorrow", "busy", "server_error"}


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with serving(FaultServer()) as running:
        yield running


def endpoint(server: FaultServer, **more: object) -> OpenAITeacher:
    return OpenAITeacher.model_validate({"model": "m", "base_url": server.base_url, **more})


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_told_apart_and_bounded(server: FaultServer, fault: str) -> None:
    async def go() -> str:
        async with ChatClient(endpoint(server, try_seconds=0.5)) as client:
            payload = {"messages": [{"role": "user", "content": f"[[fault:{fault}]]"}]}
            return (await client.complete(payload, idempotency_key="one")).text

    tracemalloc.start()
    try:
        if fault in HARMLESS:
            assert asyncio.run(go()) == ANSWER
        else:
            with pytest.raises(EndpointUnavailable) as caught:
                asyncio.run(go())
            assert caught.value.billed is (fault not in FREE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024**2


def test_the_gateway_comes_through_a_mix_of_faults_without_losing_a_row(tmp_path: Path) -> None:
    faults = [name for name in FAULTS if name not in ("gigabyte", "slow_drip")]
    ledger = tmp_path / "calls.sqlite"
    budget = Budget(calls=1000, round_calls=1000, concurrency=20)
    with serving(FaultServer(share=0.4, faults=faults, seed=3)) as server:
        part = endpoint(server, seconds=60, attempts=10)
        with (
            GatewayTeacher(part, ledger=ledger, seed=1, budget=budget) as teacher,
            teacher.line(0, 1000) as line,
        ):
            replies = ask(line.socket, [chat(f"question {n}") for n in range(60)])
            assert [text_of(reply) for reply in replies] == [ANSWER] * 60
            usage = line.usage()
        done = server.answered + sum(server.met[f] for f in FAULTS if f not in {*FREE, *HARMLESS})
        assert sum(server.met.values()) > 20
        assert usage.calls == done
        assert usage.estimated == server.met["no_usage"]
    with Ledger.read_only(ledger) as kept:
        assert len(list(kept.calls())) == 60
        assert kept.totals().unknown == 0


def test_the_same_calls_meet_the_same_faults_in_any_order() -> None:
    async def met(names: list[str], server: FaultServer) -> dict[str, str]:
        found = {}
        async with ChatClient(endpoint(server)) as client:
            for name in names:
                try:
                    payload = {"messages": [{"role": "user", "content": "x"}]}
                    found[name] = (await client.complete(payload, idempotency_key=name)).text
                except EndpointError as error:
                    found[name] = str(error).replace(server.base_url, "")
        return found

    names = [f"call {n}" for n in range(30)]
    results = []
    for order in (names, names[::-1]):
        with serving(FaultServer(share=0.5, faults=["server_error", "error_inside"])) as server:
            results.append(asyncio.run(met(order, server)))
    assert results[0] == results[1]
    assert len(set(results[0].values())) == 3


@pytest.mark.parametrize(
    ("more", "cause"), [({"key": "right-key"}, "key"), ({"model": "another"}, "model")]
)
def test_a_wrong_key_or_model_is_refused(more: dict[str, str], cause: str) -> None:
    async def go(server: FaultServer) -> None:
        async with ChatClient(endpoint(server), key="wrong-key-0123") as client:
            payload = {"messages": [{"role": "user", "content": "x"}]}
            await client.complete(payload, idempotency_key="one")

    with serving(FaultServer(**more)) as server, pytest.raises(EndpointRefused) as caught:
        asyncio.run(go(server))
    assert caught.value.cause == cause
    assert "wrong-key-0123" not in str(caught.value)


def test_it_runs_from_the_command_line_and_ends_with_its_standard_input() -> None:
    command = [sys.executable, "-m", "coursewright.endpoints.fault_server", "--share", "0.5"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        base_url = json.loads(process.stdout.readline())["base_url"]
        with urllib.request.urlopen(f"{base_url}/faults") as told:
            assert json.load(told) == {"answered": 0, "met": {}}
        process.communicate(timeout=20)
    assert process.returncode == 0
