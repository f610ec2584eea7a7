"""A teacher behind a server that speaks the OpenAI chat-completions protocol."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from coursewright.config import OpenAITeacher
from coursewright.endpoints import ChatClient, EndpointRefused, read_key
from coursewright.errors import ConfigError
from coursewright.protocols import Completion

_CONNECTIONS = 1024
"""The gateway's own limit on calls under way is tighter."""


class ServedUpstream:
    """Forwards each call once; the gateway's desk retries, reserves and settles.

    Raises:
        ConfigError: the tokenizer that the endpoint names is missing.
    """

    name = "openai"

    def __init__(self, endpoint: OpenAITeacher) -> None:
        self.model = endpoint.model
        key = None
        self._lacks_key: str | None = None
        try:
            key = read_key(endpoint, field="teacher")
        except ConfigError as error:
            self._lacks_key = error.message  # a run that replays its record needs none
        self._client = ChatClient(endpoint, key=key, concurrency=_CONNECTIONS, field="teacher")
        self._json_mode = endpoint.json_mode
        self.tariff = self._client.tariff

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        """Ask the server. The seed goes with the request: a server that heeds it repeats itself."""
        if self._lacks_key is not None:
            raise EndpointRefused(self._lacks_key, cause="key", billed=False)
        sent = {**request, "seed": seed}
        if self._json_mode == "check":
            sent.pop("response_format", None)
        reply = await self._client.complete(sent, idempotency_key=_call_name(request, seed))
        return Completion(
            reply.text,
            reply.prompt_tokens,
            reply.completion_tokens,
            reply.finish_reason,
            estimated=reply.estimated,
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()


def _call_name(request: dict[str, Any], seed: int) -> str:
    """The same for every try of one call: its seed is its own within the run."""
    text = json.dumps([request, seed], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
