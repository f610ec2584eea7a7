"""`openai:MODEL[@BASE_URL]`: a language model as data engineer.

    brief, turn ─► prompting (prompts/*.md, library, history) ─► server ─► answers ─► proposal

One request per round, remembered in a ledger of the agent's own (`paying`). A server that is gone
stops the run where it can be resumed; an answer that cannot be read is a failed proposal.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from coursewright.agents.answers import read_answer
from coursewright.agents.paying import PaidClient, usage_of
from coursewright.agents.prompting import Request, write_request
from coursewright.config import OpenAIAgent
from coursewright.endpoints import (
    ChatClient,
    EndpointRefused,
    EndpointUnavailable,
    Reply,
    ask,
    read_key,
)
from coursewright.errors import ConfigError, CoursewrightError, Interrupted
from coursewright.records import Brief, Proposal, Turn
from coursewright.store.ledger import Ledger

T = TypeVar("T")

_ANSWER_TOKENS = 8192
"""Room for an answer where the config does not bound it."""
_LEAST_ROOM = 256


class LLMAgent:
    """Meets `protocols.Agent`."""

    def __init__(self, endpoint: OpenAIAgent, *, ledger: Path, seed: int = 0) -> None:
        """`seed` is the run's; it orders the method cards. `ledger` is made when it is needed.

        Raises:
            ConfigError: the environment holds no key, or the context has no room for an answer.
        """
        self._endpoint = endpoint
        self._ledger = ledger
        self._seed = seed
        self._key = read_key(endpoint, field="agent")
        answer = endpoint.max_tokens or min(_ANSWER_TOKENS, endpoint.context_tokens // 2)
        self._answer = answer
        self._alone = False  # whether the model's template turned out to know no system message
        self._room = endpoint.context_tokens - answer
        if self._room < _LEAST_ROOM:
            raise ConfigError(
                f"{endpoint.context_tokens} tokens have no room for a request beside an answer of "
                f"{answer}; lower agent.max_tokens or take a model with a larger context",
                field="agent.context_tokens",
            )

    def propose(self, brief: Brief, turn: Turn) -> Proposal:
        """Ask the model for a plan and a program.

        Raises:
            Interrupted: the server gives no answer, or the least request is too long for it.
            ConfigError: it does not accept the key, or does not know the model.
        """
        with Ledger(self._ledger) as ledger:
            ledger.lose_open()  # what a killed process had under way
            return self._propose(brief, turn, ledger)

    def _propose(self, brief: Brief, turn: Turn, ledger: Ledger) -> Proposal:
        room = self._room
        while True:
            request = write_request(
                brief, turn, seed=self._seed, room=room, may=self._endpoint.may_leave
            )
            if request is None:
                raise Interrupted(self._too_long(brief))
            try:
                reply = _in_a_loop_of_its_own(self._ask(request, turn, ledger))
                break
            except EndpointUnavailable as error:
                if error.status == 500 and not self._alone:
                    # How some servers say that the model's template knows no system message.
                    self._alone = True
                    continue
                raise Interrupted(
                    f"the agent's server {self._endpoint.base_url} gave no answer "
                    f"({_one_line(error)}); `coursewright resume` continues here once it does"
                ) from None
            except EndpointRefused as error:
                if error.cause == "money":
                    return Proposal(
                        failure="other",
                        message=str(error),
                        out_of_money=True,
                        usage=usage_of(ledger, turn.number),
                    )
                if error.cause == "request" and "system" in str(error).lower() and not self._alone:
                    self._alone = True
                    continue
                if error.cause != "context":
                    raise self._refused(error) from None
                room = room * 2 // 3  # its tokens are shorter than we took them for
        earlier = turn.parent.code if turn.parent else ""
        proposal = read_answer(
            reply.text, truncated=reply.finish_reason == "length", earlier=earlier
        )
        return proposal.model_copy(
            update={
                "usage": usage_of(ledger, turn.number),
                "methods": request.methods,
                "cut": request.cut,
            }
        )

    async def _ask(self, request: Request, turn: Turn, ledger: Ledger) -> Reply:
        payload: dict[str, Any] = {
            "messages": request.one_message if self._alone else request.messages,
            "seed": turn.seed,
            "max_tokens": self._answer,
        }
        # The same request of a resumed run is the same call, for servers that care.
        name = hashlib.sha256(json.dumps(payload).encode()).hexdigest()
        usd = turn.allowance.usd
        if usd is not None:  # less what tries of this round took that no proposal tells of
            usd -= usage_of(ledger, turn.number).cost_usd or 0.0
        # A client a round: rounds lie minutes apart, and a loop must not outlive its call.
        async with ChatClient(self._endpoint, key=self._key, field="agent") as client:
            paid = PaidClient(client, ledger, turn.number)
            return await ask(paid, payload, idempotency_key=name, usd=usd)

    def _refused(self, error: EndpointRefused) -> CoursewrightError:
        said, endpoint = _one_line(error), self._endpoint
        if error.cause == "key":
            name = endpoint.key or "named in `key`"
            return ConfigError(
                f"{endpoint.base_url}: {said}; put a key that it accepts into the environment "
                f"variable {name}, then `coursewright resume` continues here",
                field="agent.key",
            )
        if error.cause == "model":
            return ConfigError(
                f"{endpoint.base_url} has no model {endpoint.model!r}: {said}", field="agent.model"
            )
        return Interrupted(
            f"the agent's server {endpoint.base_url} refused the request: {said}; "
            "`coursewright resume` asks again"
        )

    def _too_long(self, brief: Brief) -> str:
        return (
            f"task {brief.task!r} and the attempt to work on do not fit into the "
            f"{self._endpoint.context_tokens} tokens of {self._endpoint.model!r}, even with all "
            "history left out; start a new run with a model of larger context "
            "(agent.context_tokens), or with a shorter description.md"
        )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _in_a_loop_of_its_own(work: Coroutine[Any, Any, T]) -> T:
    """Do asynchronous work to its end, wherever we are: a notebook already runs a loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, work).result()
