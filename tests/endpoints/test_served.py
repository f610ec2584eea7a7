"""The client and the gateway against a real server of a real model."""

import asyncio
from pathlib import Path

import pytest

from coursewright.config import Budget, OpenAITeacher
from coursewright.endpoints import ChatClient, EndpointRefused
from coursewright.store.ledger import Ledger
from coursewright.teacher import GatewayTeacher
from tests.serving import Served
from tests.teacher.talk import ask, chat, text_of

QUESTION = {"messages": [{"role": "user", "content": "What is 2 + 3?"}], "max_tokens": 12}


def endpoint(server: Served, **more: float) -> OpenAITeacher:
    return OpenAITeacher(model=server.model, base_url=server.base_url, temperature=0.0, **more)


def test_a_real_server_answers_and_says_what_it_used(nano_server: Served) -> None:
    async def go() -> None:
        async with ChatClient(endpoint(nano_server)) as client:
            first, again = [
                await client.complete(QUESTION, idempotency_key=name) for name in ("a", "b")
            ]
        assert first == again
        assert first.text.strip()
        assert not first.estimated
        assert 0 < first.completion_tokens <= 12
        assert first.cost_usd == 0.0

    asyncio.run(go())


def test_a_model_it_does_not_serve_is_refused(nano_server: Served) -> None:
    async def go() -> None:
        other = endpoint(nano_server).model_copy(update={"model": "another"})
        async with ChatClient(other) as client:
            await client.complete(QUESTION, idempotency_key="a")

    with pytest.raises(EndpointRefused):
        asyncio.run(go())


def test_the_gateway_meters_a_real_server(nano_server: Served, tmp_path: Path) -> None:
    ledger = tmp_path / "calls.sqlite"
    budget = Budget(calls=20, round_calls=20, max_tokens=8, concurrency=4)
    with (
        GatewayTeacher(endpoint(nano_server), ledger=ledger, seed=1, budget=budget) as teacher,
        teacher.line(0, 20) as line,
    ):
        replies = ask(line.socket, [chat(f"What is {n} + 1?") for n in range(6)])
        texts = [text_of(reply) for reply in replies]
        usage = line.usage()
    assert usage.calls == 6
    assert 6 <= usage.completion_tokens <= 48
    with Ledger.read_only(ledger) as kept:
        assert sorted(call.response for call in kept.calls()) == sorted(texts)
