"""Answers of a server in the place of the worker's: the same prompts, token for token."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx2

from coursewright import endpoints
from coursewright.config import Endpoint, StudentServer
from coursewright.endpoints import EndpointRefused, EndpointUnavailable, ask, read_key
from coursewright.errors import ConfigError, Interrupted

FIELD = "student.server"
_LOAD_SECONDS = 120.0
_LOOK_SECONDS = 10.0


class StudentServerClient:
    """Asks a student's server. Knows which adapter it has taken in last."""

    def __init__(self, config: StudentServer, say: Callable[[str], None]) -> None:
        """Read the key.

        Raises:
            ConfigError: there is none, and the server is not on this machine.
        """
        self.loads = config.loads
        self.base_model = config.model
        self._config = config
        self._say = say
        self._key = read_key(self._endpoint("any"), field=FIELD)
        self._adapter: str | None = None

    def require_answer(self) -> None:
        """Ask the server which models it has: is it there, and does it take the key?

        Raises:
            ConfigError: it is not, or does not.
        """
        url = self._config.base_url
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        try:
            said = httpx2.get(f"{url}/models", headers=headers, timeout=_LOOK_SECONDS)
        except httpx2.HTTPError as error:
            raise ConfigError(
                f"{url} does not answer ({type(error).__name__}); start the server, or correct the "
                "base URL",
                field=f"{FIELD}.base_url",
            ) from error
        if said.status_code in (401, 403):
            raise ConfigError(
                f"{url} refuses the key; put one that it accepts into the environment variable "
                f"{self._config.key or 'that `key` names'}",
                field=f"{FIELD}.key",
            )

    def answer(
        self, model: str, prompts: Sequence[dict[str, Any]], max_new_tokens: int
    ) -> list[str]:
        """Greedy answers to rendered prompts, in order; "" to what its context does not hold.

        Raises:
            ConfigError: the server does not know the model, wants a key, or reads the prompts
                otherwise than the student was trained to.
            Interrupted: it does not answer.
        """
        answers = asyncio.run(self._answer(model, prompts, max_new_tokens))
        if None in answers:
            count = answers.count(None)
            self._say(f"student: {count} prompts do not fit into the server's context: unanswered")
        return [answer or "" for answer in answers]

    def take_in(self, name: str, folder: Path) -> None:
        """Let the server load an adapter under a name, if it has not, and drop the one before.

        Raises:
            ConfigError: it does not load adapters.
            Interrupted: it does not answer.
        """
        if self._adapter not in (None, name):
            self._post("unload_lora_adapter", {"lora_name": self._adapter})
        refusal = self._post("load_lora_adapter", {"lora_name": name, "lora_path": str(folder)})
        # Asked each time, since a server may have been started anew; where not, it says so.
        if refusal is not None and "already" not in refusal:
            raise ConfigError(
                f"{self._config.base_url} does not take adapters in ({refusal}); start vLLM with "
                "--enable-lora, a --max-lora-rank not below recipe.lora_rank, and "
                "VLLM_ALLOW_RUNTIME_LORA_UPDATING=True",
                field=FIELD,
            )
        self._adapter = name

    async def _answer(
        self, model: str, prompts: Sequence[dict[str, Any]], max_new_tokens: int
    ) -> list[str | None]:
        at_once = asyncio.Semaphore(self._config.concurrency)
        endpoint = self._endpoint(model)
        # By its full name: the client's library is imported here, not by who has no server.
        async with endpoints.ChatClient(
            endpoint, key=self._key, concurrency=self._config.concurrency, field=FIELD
        ) as client:

            async def one(prompt: dict[str, Any]) -> str | None:
                request = {
                    "prompt": prompt["text"],
                    "max_tokens": max_new_tokens,
                    "temperature": 0.0,
                }
                salt = hashlib.sha256(f"{model}\n{prompt['text']}".encode()).hexdigest()
                async with at_once:
                    try:
                        reply = await ask(client, request, idempotency_key=salt)
                    except EndpointRefused as refused:
                        if refused.cause != "context":
                            raise
                        return None
                self._require_same_prompt(prompt, reply)
                return reply.text.strip()

            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(one(prompt)) for prompt in prompts]
            except* (EndpointRefused, EndpointUnavailable, ConfigError) as group_error:
                raise self._explained(_first(group_error)) from None
        return [task.result() for task in tasks]

    def _require_same_prompt(self, prompt: dict[str, Any], reply: endpoints.Reply) -> None:
        """Scores under another prompt than that of the training would measure the prompt."""
        if not reply.estimated and reply.prompt_tokens != prompt["tokens"]:
            raise ConfigError(
                f"{self._config.base_url} reads a prompt as {reply.prompt_tokens} tokens that the "
                f"student's own tokenizer reads as {prompt['tokens']}; serve the model with its "
                "own tokenizer",
                field=FIELD,
            )

    def _explained(self, error: Exception) -> Exception:
        url = self._config.base_url
        if isinstance(error, EndpointUnavailable):
            return Interrupted(
                f"the student's server gives no answer: {error}; start it again at {url}, then "
                "`coursewright resume`"
            )
        if isinstance(error, EndpointRefused):
            return ConfigError(f"{url}: {error}", field=FIELD)
        return error

    def _endpoint(self, model: str) -> Endpoint:
        given = self._config
        return Endpoint(
            model=model,
            base_url=given.base_url,
            key=given.key,
            seconds=given.seconds,
            attempts=given.attempts,
        )

    def _post(self, what: str, body: dict[str, Any]) -> str | None:
        """Post to the server's own interface; None, or what it refuses with."""
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        url = f"{self._config.base_url}/{what}"
        try:
            answer = httpx2.post(url, json=body, headers=headers, timeout=_LOAD_SECONDS)
        except httpx2.HTTPError as error:
            unavailable = EndpointUnavailable(f"{url}: {type(error).__name__}")
            raise self._explained(unavailable) from error
        if answer.is_success:
            return None
        return f"HTTP {answer.status_code}: {answer.text[:200]}"


def _first(group: BaseExceptionGroup[Any]) -> Exception:
    """The first error of a group that may hold groups."""
    error: Any = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    found: Exception = error
    return found
