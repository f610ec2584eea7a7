"""A specialised student of another run as the teacher.

The supervisor serves it over a Unix socket while a round's line is open (`student.teaching`): one
connection a request, one JSON line each way.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from coursewright.config import RunTeacher
from coursewright.endpoints import EndpointRefused, EndpointUnavailable, free
from coursewright.protocols import Completion
from coursewright.teacher.student import exchange

_TAKEN = ("messages", "max_tokens", "temperature", "top_p", "stop")
"""Of a request; penalties mean nothing to it, and the gateway looks after JSON."""


class SpecialisedUpstream:
    """Fits `protocols.Upstream`. Answers are sampled: another seed, another answer."""

    name = "run"

    def __init__(self, teacher: RunTeacher, socket: Path) -> None:
        self.model = f"{teacher.model}@{(teacher.weights or '')[:16]}"
        self.tariff = free
        self._socket = socket

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        """Put one chat request to the student."""
        taken = {field: request[field] for field in _TAKEN if field in request}
        told = await exchange(self._socket, {**taken, "seed": seed})
        if "refused" in told:
            raise EndpointRefused(str(told["refused"]), billed=False)
        if "gone" in told:
            raise EndpointRefused(str(told["gone"]), cause="model", billed=False)
        if "text" not in told:
            raise EndpointUnavailable(str(told.get("error")), billed=False)
        return Completion(
            str(told["text"]),
            int(told["prompt_tokens"]),
            int(told["completion_tokens"]),
            str(told["finish_reason"]),
        )

    async def close(self) -> None:
        """Nothing to let go of."""
