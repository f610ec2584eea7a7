"""The fields of a request: which ones we decide, and which ones a server turned out to refuse."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from coursewright.config import Endpoint

_OPTIONAL = (
    *("temperature", "top_p", "seed", "response_format"),
    *("frequency_penalty", "presence_penalty"),
)
"""What a request can do without, should a model not support it."""
_NEW_LIMIT = "max_completion_tokens"


class Fields:
    """Fits requests to one endpoint, and learns from its refusals."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._given_up: set[str] = set()
        # OpenAI's own models know only the new name, most other servers only the old one.
        new = urlsplit(endpoint.base_url).hostname == "api.openai.com"
        self._limit = _NEW_LIMIT if new else "max_tokens"

    def fit(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Return the request as it is sent: model, n, stream and the length are ours."""
        endpoint = self._endpoint
        sent = {
            "temperature": endpoint.temperature,
            **payload,
            "model": endpoint.model,
            "stream": False,
            "n": None,  # one answer is what every server gives unasked
        }
        sent.pop("max_tokens", None)
        sent[self._limit] = self.longest_answer(payload)
        return {
            field: value
            for field, value in sent.items()
            if value is not None and field not in self._given_up
        }

    def longest_answer(self, payload: dict[str, Any]) -> int | None:
        """Most tokens of an answer, or None where nobody bounds it."""
        limits = (payload.get("max_tokens"), self._endpoint.max_tokens)
        return min((int(limit) for limit in limits if limit is not None), default=None)

    def give_up(self, parameter: str, sent: dict[str, Any]) -> bool:
        """Leave out a field that the server refuses; whether asking again makes sense now."""
        # What was sent decides: of calls under way together, each is refused by itself.
        if parameter == "max_tokens" and parameter in sent:
            self._limit = _NEW_LIMIT
            return True
        if parameter not in _OPTIONAL or parameter not in sent:
            return False
        self._given_up.add(parameter)
        return True
