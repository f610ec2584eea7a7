"""Keys: read from the environment by name, and kept out of every text that leaves the client."""

from __future__ import annotations

import os

from coursewright.config import Endpoint
from coursewright.errors import ConfigError

_HIDDEN = "[key]"
_SHORTEST = 8
"""Anything shorter is a placeholder such as `none`, and may well be an ordinary word."""


def read_key(endpoint: Endpoint, *, field: str) -> str | None:
    """Return the key from the environment variable that the endpoint names, None without one.

    Raises:
        ConfigError: the server is not on this machine and the variable is unset, or its value
            cannot be sent.
    """
    if endpoint.key is None:
        return None
    key = os.environ.get(endpoint.key, "").strip()
    if not key:
        if endpoint.is_local:
            return None
        raise ConfigError(
            f"{endpoint.base_url} needs a key: set the environment variable {endpoint.key}, "
            "or name another one in `key` (null for none)",
            field=f"{field}.key",
        )
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(
            f"the environment variable {endpoint.key} holds no key: expected one line of ASCII",
            field=f"{field}.key",
        )
    return key


def without_key(text: str, key: str | None) -> str:
    """Return `text` with the key blotted out: servers echo what they were sent."""
    return text.replace(key, _HIDDEN) if key and len(key) >= _SHORTEST else text
