"""The base student as a model that programs may ask, behind a desk of its own.

The supervisor serves it over a Unix socket while a round's line is open: one connection a
question, one JSON line each way, `{"question": TEXT}` and `{"answer": TEXT}` or `{"error": TEXT}`.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from coursewright.endpoints import EndpointRefused, EndpointUnavailable, text_bytes
from coursewright.protocols import Completion
from coursewright.teacher.wire import STUDENT

_ANSWER_BYTES = 4 * 1024**2


class StudentUpstream:
    """Fits `protocols.Upstream`. Answers are greedy: the seed changes nothing."""

    name: str = STUDENT

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        """Put one question to the student, in the harness's own template."""
        told = await exchange(self._socket, {"question": _question(request["messages"])})
        if "answer" not in told:
            raise EndpointUnavailable(str(told.get("error")), billed=False)
        answer = str(told["answer"])
        # Nobody tells how many tokens it was: a token a byte is never too few.
        tokens = len(answer.encode("utf-8", "replace"))
        return Completion(answer, text_bytes(request["messages"]), tokens, estimated=True)

    async def close(self) -> None:
        """Nothing to let go of."""


async def exchange(socket: Path, message: dict[str, Any]) -> dict[str, Any]:
    """Send one message to a student that the supervisor serves, and return its reply.

    Raises:
        EndpointUnavailable: nobody is there, or the line was cut.
    """
    try:
        reader, writer = await asyncio.open_unix_connection(socket, limit=_ANSWER_BYTES)
    except OSError as error:
        raise EndpointUnavailable(
            f"the student is not served: {error.strerror}", billed=False, reached=False
        ) from error
    try:
        writer.write(json.dumps(message).encode() + b"\n")
        await writer.drain()
        told: dict[str, Any] = json.loads(await reader.readline())
    except (OSError, ValueError) as error:
        raise EndpointUnavailable(f"the student was lost: {error}", billed=False) from error
    finally:
        writer.close()
    return told


def _question(messages: list[dict[str, str]]) -> str:
    if len(messages) != 1 or messages[0]["role"] != "user":
        raise EndpointRefused("the student takes one user message: the question", billed=False)
    return messages[0]["content"]
