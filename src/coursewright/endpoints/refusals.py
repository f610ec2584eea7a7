"""HTTP errors of a server, read as what they mean for the next call."""

from __future__ import annotations

import email.utils
import json
import math
import time
from collections.abc import Mapping
from typing import Any

from coursewright.endpoints.errors import (
    Cause,
    EndpointError,
    EndpointRefused,
    EndpointUnavailable,
)

_AGAIN = frozenset({408, 409, 425, 429})
_MESSAGE_MOST = 300
_CONTEXT_WORDS = ("context length", "context_length", "maximum context", "context window")


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> EndpointError:
    """Return the error that a response with an error status stands for."""
    said, code, parameter = read_error(body)
    message = f"HTTP {status}{': ' if said else ''}{said}"
    if status == 429 and code == "insufficient_quota":
        return _refused_to_all("key", f"the account has no credit left ({message})")
    if status in _AGAIN or status >= 500:
        return EndpointUnavailable(message, retry_after(headers), billed=False, status=status)
    if status in (401, 402, 403):
        return _refused_to_all("key", f"the key was not accepted ({message})")
    if status == 404 or code == "model_not_found" or _names_model(said):
        return _refused_to_all("model", f"the model is not known there ({message})")
    if code == "context_length_exceeded" or any(word in said.lower() for word in _CONTEXT_WORDS):
        return EndpointRefused(
            f"the request is too long for the model ({message})", cause="context"
        )
    if status < 400:
        return _refused_to_all("model", f"the server points elsewhere ({message})")
    return EndpointRefused(f"the request was not accepted ({message})", parameter=parameter)


def _refused_to_all(cause: Cause, message: str) -> EndpointRefused:
    """The fault of account or server, not of the request: nobody works for it, or bills it."""
    return EndpointRefused(message, cause=cause, billed=False)


def read_error(body: bytes) -> tuple[str, str, str]:
    """Return message, code and parameter of an OpenAI error object, as far as there are any."""
    try:
        data: Any = json.loads(body[:65536])
    except (ValueError, RecursionError):
        return body[:_MESSAGE_MOST].decode("utf-8", "replace").strip(), "", ""
    error = data.get("error", data) if isinstance(data, dict) else data
    if not isinstance(error, dict):
        return str(error)[:_MESSAGE_MOST], "", ""
    message = error.get("message") or error.get("detail") or error
    code, parameter = (str(error.get(name) or "") for name in ("code", "param"))
    return str(message)[:_MESSAGE_MOST], code, parameter


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a `Retry-After` header asks for, or None."""
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _names_model(said: str) -> bool:
    text = said.lower()
    return "model" in text and any(w in text for w in ("does not exist", "not found", "unknown"))
