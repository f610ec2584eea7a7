"""An upstream whose answers other runs may use, and that may use theirs.

The seed of a call comes from the run's seed, the request and its occurrence (see `desk`), so runs
share an answer only where each would have asked for the very same one.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from coursewright.config import TeacherConfig
from coursewright.protocols import Completion, Upstream
from coursewright.store import SharedAnswers, digest_of


class SharedUpstream:
    """Meets `protocols.Upstream` around another one."""

    def __init__(self, upstream: Upstream, teacher: TeacherConfig, answers: SharedAnswers) -> None:
        self.name = upstream.name
        self.model: str = getattr(upstream, "model", upstream.name)
        self.tariff = getattr(upstream, "tariff", None)
        self._upstream = upstream
        self._teacher = digest_of({"upstream": self.name, "model": self.model, "settings": teacher})
        self._answers = answers

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        """Return the answer that is kept, free of charge, or ask for one and keep it."""
        key = digest_of({"teacher": self._teacher, "request": request, "seed": seed})
        known = _completion(self._answers.get(key))
        if known is not None:
            return known
        answer = await self._upstream.complete(request, seed)
        if _completion(asdict(answer)) is not None:
            self._answers.put(key, asdict(answer))
        return answer

    async def close(self) -> None:
        """Release the upstream; whoever opened the answers closes them."""
        await self._upstream.close()


def _completion(found: Any) -> Completion | None:
    """What is kept as a free answer; None if it is no whole one."""
    try:
        answer = Completion(**found)
    except TypeError:
        return None
    texts = isinstance(answer.text, str) and isinstance(answer.finish_reason, str)
    counts = isinstance(answer.prompt_tokens, int) and isinstance(answer.completion_tokens, int)
    return replace(answer, free=True) if texts and counts else None
