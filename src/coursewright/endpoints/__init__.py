"""Models behind servers that speak the OpenAI chat-completions protocol.

    endpoint (config) ─► ChatClient.complete ─► Reply        one try
                         ask                  ─► Reply        tries and pauses up to a deadline

Start reading at `client`. `fault_server` is a server that misbehaves on request.
"""

from coursewright.endpoints.client import ChatClient, Reply
from coursewright.endpoints.counting import prompt_tokens_at_most
from coursewright.endpoints.errors import EndpointError, EndpointRefused, EndpointUnavailable
from coursewright.endpoints.keys import read_key
from coursewright.endpoints.prices import NANOS, in_dollars, in_nanos, tariff
from coursewright.endpoints.retrying import ask, pause_before_retry

__all__ = [
    "NANOS",
    "ChatClient",
    "EndpointError",
    "EndpointRefused",
    "EndpointUnavailable",
    "Reply",
    "ask",
    "in_dollars",
    "in_nanos",
    "pause_before_retry",
    "prompt_tokens_at_most",
    "read_key",
    "tariff",
]
