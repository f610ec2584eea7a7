"""Models behind servers, and what may be sent to them."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from coursewright.config.parts import KeyName, Part

TextKind = Literal["description", "visible", "seeds", "corpus", "bad_cases"]
"""What a text that could leave for a server was before it stood in a request."""
TEXT_KINDS: tuple[TextKind, ...] = ("description", "visible", "seeds", "corpus", "bad_cases")


class Prices(Part):
    """US dollars per million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


def _server_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected a URL such as http://127.0.0.1:8000/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("a base URL holds no key: name its environment variable in `key`")
    return value.rstrip("/")


ServerUrl = Annotated[str, AfterValidator(_server_url)]


class Endpoint(Part):
    """A model behind a server that speaks the OpenAI chat-completions protocol."""

    model: str = Field(min_length=1, max_length=300)
    base_url: ServerUrl = "https://api.openai.com/v1"
    key: KeyName | None = "OPENAI_API_KEY"
    """Name of the environment variable that holds the key, never the key itself. A server on
    this machine needs none: there the variable may be unset."""
    seconds: float = Field(default=300.0, gt=0)
    """Deadline of one call, all its tries and pauses included."""
    try_seconds: float | None = Field(default=None, gt=0)
    """Deadline of one try; None is a third of `seconds`, so that a stalled try can be repeated."""
    attempts: int = Field(default=8, ge=1)
    """Times one call is tried."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    """Used where a request names none; None leaves it to the server."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Of one answer; None leaves it to the caller (a teacher's is `budget.max_tokens`)."""
    context_tokens: int = Field(default=32_768, ge=256)
    """What prompt and answer together may hold."""
    prices: Prices | None = None
    """None takes the offline table of `genai-prices`; a server on this machine costs nothing."""
    answers_as: tuple[str, ...] = ()
    """Further names under which the server may say that it answered; `*` is any."""
    tokenizer: Path | None = None
    """A `tokenizer.json` to count tokens with where the server does not say what it used."""
    may_leave: tuple[TextKind, ...] = TEXT_KINDS
    """Kinds of text that may be sent to this server."""

    @property
    def is_local(self) -> bool:
        """Whether the server runs on this machine."""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"
