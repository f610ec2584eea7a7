"""Models behind servers that speak the OpenAI chat-completions protocol.

    endpoint (config) ─► ChatClient.complete ─► Reply        one try
                         ask                  ─► Reply        tries and pauses up to a deadline

Start reading at `client`. `fault_server` is a server that misbehaves on request.
"""

from typing import TYPE_CHECKING, Any

from coursewright.endpoints.counting import prompt_tokens_at_most, text_bytes
from coursewright.endpoints.errors import EndpointError, EndpointRefused, EndpointUnavailable
from coursewright.endpoints.keys import read_key
from coursewright.endpoints.prices import (
    NANOS,
    Tariff,
    free,
    in_dollars,
    in_nanos,
    require_tariff,
    tariff,
)
from coursewright.endpoints.retrying import ask, pause_before_retry

if TYPE_CHECKING:
    from coursewright.endpoints.check import check_endpoint
    from coursewright.endpoints.client import ChatClient, Reply

__all__ = [
    "NANOS",
    "ChatClient",
    "EndpointError",
    "EndpointRefused",
    "EndpointUnavailable",
    "Reply",
    "Tariff",
    "ask",
    "check_endpoint",
    "free",
    "in_dollars",
    "in_nanos",
    "pause_before_retry",
    "prompt_tokens_at_most",
    "read_key",
    "require_tariff",
    "tariff",
    "text_bytes",
]


def __getattr__(name: str) -> Any:
    # Lazy: the client's library takes most of a second to import, and whoever only counts money
    # or reads errors can do without it.
    if name in ("ChatClient", "Reply"):
        from coursewright.endpoints import client

        return getattr(client, name)
    if name == "check_endpoint":
        from coursewright.endpoints.check import check_endpoint

        return check_endpoint
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
