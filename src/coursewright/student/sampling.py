"""Sampled answers to chat requests, each a function of its request and seed alone.

Neighbours in a batch must not change an answer: every row draws from a generator of its own
seed, and is given room and padding by its own length. (Sums are still rounded in another order in
another batch, which once in a great while may turn a near tie.)
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import torch
from jinja2 import TemplateError
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList, TopPLogitsWarper

from coursewright.student.generation import Answerer, Say
from coursewright.student.hardware import Hardware, free, is_out_of_memory
from coursewright.student.loading import context_of

_BUCKET = 64
"""Prompts are padded to a multiple of so many tokens."""

Request = dict[str, Any]
"""`messages`, `seed`, `temperature`, `max_tokens`; perhaps `top_p` and `stop`."""


class SeededChoice(LogitsProcessor):  # type: ignore[misc]
    """Adds noise after which the likeliest token of each row is a sample at its temperature.

    The Gumbel-max trick: argmax(logits / t - log(-log u)) is distributed as softmax(logits / t).
    """

    def __init__(self, requests: list[Request]) -> None:
        self._requests = requests
        self._drawn = [torch.Generator().manual_seed(int(r["seed"])) for r in requests]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Noisy scores, one row for each request; temperature 0 stays as it is."""
        return torch.stack(
            [
                self._noisy(row, request, drawn)
                for row, request, drawn in zip(scores, self._requests, self._drawn, strict=True)
            ]
        )

    def _noisy(self, row: torch.Tensor, request: Request, drawn: torch.Generator) -> torch.Tensor:
        row = row.float()
        temperature, top_p = float(request["temperature"]), float(request.get("top_p", 1.0))
        if temperature == 0:
            return row
        row = row / temperature
        if top_p < 1:
            row = TopPLogitsWarper(max(top_p, 1e-6))(None, row[None])[0]
        uniform = torch.rand(row.shape, generator=drawn).to(row.device)
        return row - torch.log(-torch.log(uniform))


class Sampler:
    """Answers chat requests with the model that an `Answerer` holds."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer

    def converse(
        self,
        say: Say,
        hardware: Hardware,
        *,
        base: str,
        weights: str | None,
        requests: list[Request],
        batch: int,
        dtype: str,
        template_options: dict[str, Any],
    ) -> dict[str, Any]:
        """Reply to every request, in order: text, token counts, finish reason; or `refused`."""
        model, tokenizer = self._answerer.load(
            base, weights, hardware.dtype(dtype), hardware.device
        )
        context = context_of(model)
        replies: list[dict[str, Any]] = [{} for _ in requests]
        alike: defaultdict[tuple[int, int], list[tuple[int, list[int]]]] = defaultdict(list)
        for place, request in enumerate(requests):
            try:
                ids = tokenize(tokenizer, request["messages"], template_options)
            except (TemplateError, ValueError) as error:
                replies[place] = {"refused": f"its chat template takes no such messages: {error}"}
                continue
            if context is not None and len(ids) >= context:
                replies[place] = {
                    "refused": f"the request has {len(ids)} tokens, and its context holds {context}"
                }
                continue
            width = math.ceil(len(ids) / _BUCKET) * _BUCKET
            room = int(request["max_tokens"])
            if context is not None:
                width = min(width, context - 1)
                room = min(room, context - width)
            alike[width, room].append((place, ids))
        for (width, room), rows in alike.items():
            while rows:
                chosen = rows[:batch]
                try:
                    texts = self._sample(
                        [ids for _, ids in chosen], [requests[p] for p, _ in chosen], width, room
                    )
                except RuntimeError as error:
                    if batch == 1 or not is_out_of_memory(error):
                        raise
                    free()
                    batch = max(1, batch // 2)
                    continue
                for (place, ids), reply in zip(chosen, texts, strict=True):
                    replies[place] = {"prompt_tokens": len(ids), **reply}
                rows = rows[batch:]
        return {"replies": replies}

    def _sample(
        self, ids: list[list[int]], requests: list[Request], width: int, room: int
    ) -> list[dict[str, Any]]:
        model, tokenizer = self._answerer.model, self._answerer.tokenizer
        pad = tokenizer.pad_token_id
        padded = torch.tensor([[pad] * (width - len(row)) + row for row in ids])
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in ids])
        stops = self._answerer.stops()
        out = model.generate(
            input_ids=padded.to(model.device),
            attention_mask=mask.to(model.device),
            generation_config=GenerationConfig(
                do_sample=False,
                max_new_tokens=room,
                eos_token_id=stops,
                pad_token_id=pad,
            ),
            logits_processor=LogitsProcessorList([SeededChoice(requests)]),
        )
        return [
            finished(tokenizer, row, set(stops), request)
            for row, request in zip(out[:, width:].tolist(), requests, strict=True)
        ]


def tokenize(
    tokenizer: Any, messages: list[dict[str, str]], template_options: dict[str, Any]
) -> list[int]:
    """Token ids of a conversation up to where the answer begins."""
    text = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, tokenize=False, **template_options
    )
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def finished(tokenizer: Any, ids: list[int], stops: set[int], request: Request) -> dict[str, Any]:
    """The reply that new tokens make: cut at the token, or the text, that ends an answer."""
    end = next((place for place, token in enumerate(ids) if token in stops), None)
    said = ids if end is None else ids[:end]
    text = tokenizer.decode(said, skip_special_tokens=True).strip()
    cuts = [text.find(stop) for stop in request.get("stop", ()) if stop in text]
    return {
        "text": text[: min(cuts)] if cuts else text,
        "completion_tokens": len(ids) if end is None else end + 1,
        "finish_reason": "length" if end is None and not cuts else "stop",
    }
