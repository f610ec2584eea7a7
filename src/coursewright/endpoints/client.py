"""One model behind a server that speaks the OpenAI chat-completions protocol.

What a server sends back is data from elsewhere: bounded when read, checked before it is believed.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import httpx2
import openai

from coursewright.config import Endpoint
from coursewright.endpoints.bounds import BodyTooLarge, bounded
from coursewright.endpoints.counting import Counter, prompt_tokens_at_most
from coursewright.endpoints.errors import EndpointError, EndpointRefused, EndpointUnavailable
from coursewright.endpoints.fields import Fields
from coursewright.endpoints.keys import without_key
from coursewright.endpoints.prices import in_dollars, tariff
from coursewright.endpoints.refusals import refusal

BODY_BYTES = 8 * 1024**2
"""Largest response body."""
_NAME_MOST = 200
_REVISION = re.compile(r"(?:[-@:](?:\d[\d-]{3,}|latest|main|[0-9a-f]{7,40}))*")
_TOKENS_MOST = 10**9


@dataclass(frozen=True)
class Reply:
    """A server's answer."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    estimated: bool
    """The server did not say what it used: the tokens were counted here."""
    finish_reason: str
    model: str
    """Under which name the server says it answered."""
    cost_usd: float | None
    """None when nobody knows the price."""
    calls: int = 1
    """Tries charged for it, this answer's own included."""


class ChatClient:
    """Asks one endpoint. Lives in one event loop, for as long as it is used; then `close()` it.

    Raises:
        ConfigError: the endpoint's tokenizer cannot be loaded.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        key: str | None = None,
        concurrency: int = 100,
        transport: httpx2.AsyncBaseTransport | None = None,
        field: str = "endpoint",
    ) -> None:
        self.endpoint = endpoint
        self.tariff = tariff(endpoint)
        self._key = key
        self._counter = Counter(endpoint.tokenizer, field=field)
        self._fields = Fields(endpoint)
        http = httpx2.AsyncClient(
            transport=transport,
            limits=httpx2.Limits(
                max_connections=concurrency, max_keepalive_connections=concurrency
            ),
            timeout=None,  # `complete` keeps the deadline of the whole try
            follow_redirects=False,  # where a server points is not where the user sent the key
            event_hooks={"response": [bounded(BODY_BYTES)]},
        )
        self._client = openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=endpoint.base_url,
            max_retries=0,
            http_client=http,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    async def complete(
        self, payload: dict[str, Any], *, deadline: float | None = None, idempotency_key: str
    ) -> Reply:
        """Ask once, without retries; `deadline` is a time of the event loop.

        `payload` is a chat-completions request, or a completions request if it has a `prompt`;
        model, stream and n are overruled here.

        Raises:
            EndpointUnavailable: worth asking again.
            EndpointRefused: the same request will fail again.
        """
        while True:
            sent = self._fields.fit(payload)
            try:
                status, headers, body = await self._post(sent, deadline, idempotency_key)
                if 200 <= status < 300:
                    return self._read(body, sent)
                raise refusal(status, headers, body)
            except EndpointError as error:
                if isinstance(error, EndpointRefused) and self._fields.give_up(
                    error.parameter, sent
                ):
                    continue  # refused unread, so it costs nothing
                error.args = (without_key(str(error), self._key),)
                raise

    def usd_at_most(self, payload: dict[str, Any]) -> float | None:
        """The most that one try of a request can cost; None when nobody knows."""
        if self.tariff is None:
            return None
        prompt = prompt_tokens_at_most(_asked(payload))
        longest = self._fields.longest_answer(payload) or self.endpoint.context_tokens
        return in_dollars(self.tariff(prompt, longest))

    async def _post(
        self, payload: dict[str, Any], deadline: float | None, idempotency_key: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        try:
            async with asyncio.timeout(self._seconds(deadline)):
                response = await self._client.post(
                    "/completions" if "prompt" in payload else "/chat/completions",
                    cast_to=httpx2.Response,
                    body=payload,
                    options={
                        "headers": {
                            "Idempotency-Key": idempotency_key,
                            "Accept-Encoding": "identity",
                            # Found in the environment by the library; not every server's business.
                            "OpenAI-Organization": openai.omit,
                            "OpenAI-Project": openai.omit,
                            **({} if self._key else {"Authorization": openai.omit}),
                        }
                    },
                )
                return response.status_code, response.headers, response.content
        except openai.APIStatusError as error:
            return error.response.status_code, error.response.headers, error.response.content
        except TimeoutError:
            raise EndpointUnavailable(f"{self._place} did not answer in time") from None
        except BodyTooLarge as error:
            raise EndpointUnavailable(f"{self._place} {error}") from None
        except (openai.APIConnectionError, httpx2.HTTPError) as error:
            raise self._lost(error) from None

    def _seconds(self, deadline: float | None) -> float:
        longest = self.endpoint.try_seconds or self.endpoint.seconds / 3
        if deadline is None:
            return longest
        return max(0.0, min(longest, deadline - asyncio.get_running_loop().time()))

    def _lost(self, error: Exception) -> EndpointUnavailable:
        reason = error.__cause__ or error
        if isinstance(reason, BodyTooLarge):
            return EndpointUnavailable(f"{self._place} {reason}")
        if isinstance(reason, httpx2.ConnectError | httpx2.UnsupportedProtocol):
            return EndpointUnavailable(
                f"{self._place} cannot be reached", billed=False, reached=False
            )
        return EndpointUnavailable(f"{self._place} broke the connection ({type(reason).__name__})")

    @property
    def _place(self) -> str:
        return f"the server at {self.endpoint.base_url}"

    # ------------------------------------------------------------ believing an answer

    def _read(self, body: bytes, sent: dict[str, Any]) -> Reply:
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            raise EndpointUnavailable(f"{self._place} answered with broken JSON") from None
        if not isinstance(data, dict):
            raise EndpointUnavailable(f"{self._place} answered with no JSON object")
        if data.get("error"):
            raise EndpointUnavailable(f"{self._place} answered with an error: {_said(data)}")
        choice = _first(data.get("choices"))
        message = _mapping(choice.get("message"))
        text = choice.get("text") if "prompt" in sent else message.get("content")
        finish = without_key(str(choice.get("finish_reason") or "stop"), self._key)[:40]
        if text is None and (finish == "length" or message.get("refusal")):
            text = str(message.get("refusal") or "")  # thought or refused to its end: no answer
        if not isinstance(text, str):
            raise EndpointUnavailable(f"{self._place} answered without a text")
        self._require_model(data.get("model"))
        text = without_key(text.encode("utf-8", "replace").decode("utf-8"), self._key)
        prompt, completion, estimated = self._used(data.get("usage"), _asked(sent), text)
        cost = None if self.tariff is None else self.tariff(prompt, completion)
        model = without_key(str(data.get("model") or self.endpoint.model), self._key)[:_NAME_MOST]
        return Reply(text, prompt, completion, estimated, finish, model, in_dollars(cost))

    def _used(self, usage: Any, messages: list[dict[str, Any]], text: str) -> tuple[int, int, bool]:
        told = _mapping(usage)
        prompt, completion = map(_count, (told.get("prompt_tokens"), told.get("completion_tokens")))
        if prompt is not None and completion is not None and prompt + completion:
            return prompt, completion, False
        return self._counter.prompt(messages), self._counter.text(text), True

    def _require_model(self, said: Any) -> None:
        allowed = (self.endpoint.model, *self.endpoint.answers_as)
        if said is None or said == "" or "*" in allowed:
            return
        if not any(same_model(str(said), name) for name in allowed):
            raise EndpointUnavailable(
                f"{self._place} answered as {str(said)[:_NAME_MOST]!r}, not as "
                f"{self.endpoint.model!r}; if that is the same model, add it to `answers_as`"
            )


def same_model(said: str, asked: str) -> bool:
    """Whether two names mean one model: servers add a date or revision, or drop the owner."""
    one, other = sorted((_bare(said), _bare(asked)), key=len)
    return bool(one) and other.startswith(one) and bool(_REVISION.fullmatch(other[len(one) :]))


def _bare(name: str) -> str:
    return name.strip().lower().rstrip("/").rpartition("/")[2]


def _asked(sent: dict[str, Any]) -> list[dict[str, Any]]:
    return sent["messages"] if "messages" in sent else [{"content": sent["prompt"]}]


def _first(choices: Any) -> dict[str, Any]:
    return _mapping(choices[0]) if isinstance(choices, list) and choices else {}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _said(data: dict[str, Any]) -> str:
    error = data["error"]
    return str(error.get("message", error) if isinstance(error, dict) else error)[:300]


def _count(value: Any) -> int | None:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _TOKENS_MOST
    return int(value) if good else None
