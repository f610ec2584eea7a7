"""The language of the gateway: what a program may ask, and the shapes of what it hears back.

Requests come from programs that nobody trusts. Of an OpenAI chat-completions request only the
fields below are taken over; model, n, max_tokens, tools, stream and every other field are
overruled by the run's settings. The *canonical* text of a request is what is hashed, kept in
the ledger and sent upstream, so two spellings of one request are one request.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from coursewright.endpoints import prompt_tokens_at_most
from coursewright.protocols import Completion

BODY_BYTES = 1024**2
"""Largest request body."""
MESSAGES = 64
OCCURRENCES = 10_000
STUDENT: Literal["student"] = "student"
"""The model name under which programs reach the base student; any other is the teacher's."""
OCCURRENCE_HEADER = "X-Coursewright-Occurrence"
"""Says that this is the k-th time (from 0) the round asks this very request. A client that
counts itself gets the same answers however its concurrent calls overtake one another."""

_ROLES = frozenset({"system", "user", "assistant"})
_RANGES = {
    "temperature": (0.0, 2.0),
    "top_p": (0.0, 1.0),
    "frequency_penalty": (-2.0, 2.0),
    "presence_penalty": (-2.0, 2.0),
}


class Refusal(Exception):
    """The gateway's no, as HTTP status and as the `type` of an OpenAI error object."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind

    def body(self) -> dict[str, Any]:
        """The error object that the program gets."""
        return {"error": {"type": self.kind, "message": str(self), "code": self.kind}}


def _bad(message: str) -> Refusal:
    return Refusal(400, "invalid_request_error", message)


@dataclass(frozen=True)
class Request:
    """A program's request after the run's settings overruled it."""

    payload: dict[str, Any]
    """What goes upstream."""
    text: str
    """Its canonical JSON."""
    digest: str
    """SHA-256 of `text`."""
    question: str
    """SHA-256 of all of it but the model: what seeds come from, so that one teacher gives the same
    answers whichever way it is reached."""

    @property
    def wants_json(self) -> bool:
        return bool(self.payload.get("response_format", {}).get("type") == "json_object")

    @cached_property
    def prompt_tokens_at_most(self) -> int:
        return prompt_tokens_at_most(self.payload["messages"])

    @property
    def tokens_at_most(self) -> int:
        """An upper bound of prompt and completion tokens."""
        return self.prompt_tokens_at_most + int(self.payload["max_tokens"])


def read_body(body: bytes) -> dict[str, Any]:
    """Parse a body as one JSON object.

    Raises:
        Refusal: 400, it is none.
    """
    try:
        data = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except RecursionError:
        raise _bad("the body is nested too deeply") from None
    except ValueError as error:
        raise _bad("the body is not JSON in UTF-8") from error
    if not isinstance(data, dict):
        raise _bad("the body must be a JSON object")
    return data


def read_request(data: dict[str, Any], *, model: str, max_tokens: int) -> Request:
    """Read a request strictly and overrule what the program may not decide.

    Raises:
        Refusal: 400, naming the field at fault.
    """
    payload: dict[str, Any] = {
        "model": model,
        "messages": _messages(data.get("messages")),
        "max_tokens": max_tokens,
        "n": 1,
        "stream": False,
    }
    for field, (low, high) in _RANGES.items():
        if data.get(field) is not None:
            payload[field] = _number(field, data[field], low, high)
    if data.get("stop") is not None:
        payload["stop"] = _stop(data["stop"])
    if data.get("response_format") is not None:
        payload["response_format"] = _format(data["response_format"])
    rest = {field: value for field, value in payload.items() if field != "model"}
    text = _canonical(payload)
    try:
        return Request(payload, text, _digest(text), _digest(_canonical(rest)))
    except UnicodeEncodeError:
        raise _bad("messages hold a lone surrogate, which is no text") from None


def _canonical(payload: dict[str, Any]) -> str:
    return json.dumps(payload, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _messages(value: Any) -> list[dict[str, str]]:
    if not isinstance(value, list) or not 1 <= len(value) <= MESSAGES:
        raise _bad(f"messages: expected a list of 1 to {MESSAGES} messages")
    messages = []
    for number, message in enumerate(value):
        role = message.get("role") if isinstance(message, dict) else None
        if not isinstance(role, str) or role not in _ROLES:
            raise _bad(f"messages[{number}].role: expected one of {', '.join(sorted(_ROLES))}")
        messages.append({"role": role, "content": _content(number, message.get("content"))})
    return messages


def _content(number: int, value: Any) -> str:
    if isinstance(value, list):
        parts = [part.get("text") for part in value if isinstance(part, dict)]
        if len(parts) == len(value) and all(isinstance(part, str) for part in parts):
            return "\n".join(str(part) for part in parts)
    if not isinstance(value, str):
        raise _bad(f"messages[{number}].content: expected text")
    return value


def _number(field: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _bad(f"{field}: expected a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not low <= number <= high:
        raise _bad(f"{field}: expected {low:g} to {high:g}")
    return number


def _stop(value: Any) -> list[str]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or len(words) > 4:
        raise _bad("stop: expected up to 4 texts")
    if not all(isinstance(word, str) and 0 < len(word) <= 64 for word in words):
        raise _bad("stop: expected texts of 1 to 64 characters")
    return words


def _format(value: Any) -> dict[str, str]:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in ("text", "json_object"):
        raise _bad("response_format.type: expected text or json_object")
    return {"type": str(kind)}


def read_occurrence(header: str | None) -> int | None:
    """Return the occurrence a client counted itself, or None.

    Raises:
        Refusal: 400, when the header is no whole number in range.
    """
    if header is None:
        return None
    if not (header.isascii() and header.isdigit() and len(header) <= 5):
        raise _bad(f"{OCCURRENCE_HEADER}: expected a whole number from 0")
    if int(header) >= OCCURRENCES:
        raise _bad(f"{OCCURRENCE_HEADER}: expected less than {OCCURRENCES}")
    return int(header)


def call_key(upstream: str, model: str, digest: str, occurrence: int) -> str:
    """The name of a call in ledger and cache: the same call gets the same name in every run."""
    parts = "\x1f".join((upstream, model, digest, str(occurrence)))
    return hashlib.sha256(parts.encode()).hexdigest()


def response_body(key: str, model: str, completion: Completion) -> dict[str, Any]:
    """The chat-completions response. It says nothing about time or cache: a replayed program
    must not be able to tell that it is replayed."""
    return {
        "id": key,
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": completion.text},
                "finish_reason": completion.finish_reason,
            }
        ],
        "usage": {
            "prompt_tokens": completion.prompt_tokens,
            "completion_tokens": completion.completion_tokens,
            "total_tokens": completion.prompt_tokens + completion.completion_tokens,
        },
    }
