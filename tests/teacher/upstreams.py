"""Upstreams that misbehave on order. They count in a file, so that the count survives kill -9."""

from __future__ import annotations

import asyncio
import hashlib
import os
from typing import Any

from coursewright.endpoints import EndpointRefused, EndpointUnavailable
from coursewright.protocols import Completion


class Counting:
    """Answers with a digest of request and seed; notes every call in `log`."""

    name = "counting"

    def __init__(self, log: str, delay: float = 0.0, tokens: int = 10) -> None:
        self._log = log
        self._delay = delay
        self._tokens = tokens

    def note(self) -> int:
        """Count this call; how many there were before."""
        file = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        before = os.fstat(file).st_size
        os.write(file, b"x")
        os.close(file)
        return before

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        self.note()
        await asyncio.sleep(self._delay)
        said = f"{request['messages'][-1]['content']}|{seed}"
        text = hashlib.sha256(said.encode()).hexdigest()
        return Completion(text, self._tokens // 2, self._tokens - self._tokens // 2)

    async def close(self) -> None:
        pass


class Echo(Counting):
    """Answers with the request it got."""

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        self.note()
        return Completion(repr(sorted((k, str(v)) for k, v in request.items())), 1, 1)


class Flaky(Counting):
    """Unavailable for the first `fails` calls; then fine."""

    def __init__(self, log: str, fails: int = 2) -> None:
        super().__init__(log)
        self._fails = fails

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        if self.note() < self._fails:
            raise EndpointUnavailable("overloaded", retry_after=0.01)
        return Completion("fine at last", 1, 1)


class Free(Counting):
    """Busy for the first `fails` calls, at no cost; then fine. Names its price."""

    def __init__(self, log: str, fails: int = 0, nanos: int = 1_000_000) -> None:
        super().__init__(log)
        self._fails = fails
        self._nanos = nanos

    def tariff(self, prompt_tokens: int, completion_tokens: int) -> int:
        return self._nanos * (prompt_tokens + completion_tokens)

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        if self.note() < self._fails:
            raise EndpointUnavailable("busy", retry_after=0.01, billed=False)
        return Completion("fine", 1, 1)


class Gone(Counting):
    """Answers the first `answers` calls; then its key is not accepted any more."""

    def __init__(self, log: str, answers: int = 2) -> None:
        super().__init__(log)
        self._answers = answers

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        if self.note() < self._answers:
            return Completion("fine", 1, 1)
        raise EndpointRefused("the key was not accepted", cause="key", billed=False)


class Babbling(Counting):
    """Answers with JSON only when it is asked again, if at all; says how it was asked."""

    def __init__(self, log: str, learns: bool = True) -> None:
        super().__init__(log)
        self._learns = learns

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        number = self.note()
        asked_again = len(request["messages"]) > 1
        if asked_again and self._learns:
            return Completion(f'{{"try": {number}}}', 5, 5)
        return Completion(f"no. {number}, in prose", 7, 7)


class Wicked(Counting):
    """Does what the prompt says, all of it bad."""

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        self.note()
        match request["messages"][-1]["content"]:
            case "refuse":
                raise EndpointRefused("no such model")
            case "crash":
                raise RuntimeError("a bug in a user's class")
            case "gigabyte":
                return Completion("x" * 50_000_000, 1, 1)
            case "surrogate":
                return Completion("a\ud800b", 1, 1)
            case "no usage":
                return Completion("four", None, -3)  # type: ignore[arg-type]
            case "no text":
                return Completion(None, 1, 1)  # type: ignore[arg-type]
        return Completion("ok", 1, 1)
