"""How likely a model finds given answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from coursewright.student.generation import Answerer
from coursewright.student.hardware import Hardware
from coursewright.student.loading import context_of
from coursewright.student.training import read_rows
from coursewright.student.wording import Wording

Say = Callable[[dict[str, Any]], None]
Worded = tuple[list[int], list[int]]
"""Tokens of a row, and which of them are its answer's."""


class Reader:
    """Reads answers with the model that the answerer holds."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer

    def likelihood(
        self,
        say: Say,
        hardware: Hardware,
        *,
        base: str,
        weights: str | None,
        rows: str,
        batch: int,
        dtype: str,
        template_options: dict[str, Any],
        preamble: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Mean log-probability of an answer's tokens, one figure per row of the file, in order.

        Its first token's as well as its end's are among them. Rows that the context does not hold,
        and those without an answer, are left out.
        """
        model, tokenizer = self._answerer.load(
            base, weights, hardware.dtype(dtype), hardware.device
        )
        wording = Wording(tokenizer, template_options, preamble)
        context = context_of(model)
        worded = [wording.row(row) for row in read_rows(rows)]
        fitting = [
            (ids, mask)
            for ids, mask in worded
            if any(mask[1:]) and (context is None or len(ids) <= context)
        ]
        means: list[float] = []
        for start in range(0, len(fitting), batch):
            with torch.inference_mode():
                means += _read(model, fitting[start : start + batch])
            say({"event": "progress", "done": len(means), "total": len(fitting)})
        return {"means": means}


def _read(model: Any, rows: Sequence[Worded]) -> list[float]:
    """Mean log-probability of each row's answer. Rows are padded on the right, as in training."""
    width = max(len(ids) for ids, _ in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    answers = torch.zeros(len(rows), width, dtype=torch.bool)
    there = torch.zeros(len(rows), width, dtype=torch.long)
    for at, (tokens, mask) in enumerate(rows):
        ids[at, : len(tokens)] = torch.tensor(tokens)
        answers[at, : len(tokens)] = torch.tensor(mask, dtype=torch.bool)
        there[at, : len(tokens)] = 1
    device = model.device
    logits = model(input_ids=ids.to(device), attention_mask=there.to(device)).logits[:, :-1]
    targets = ids[:, 1:].to(device).masked_fill(~answers[:, 1:].to(device), -100)
    losses = cross_entropy(
        logits.flatten(0, 1).float(), targets.flatten(), reduction="none", ignore_index=-100
    ).view(targets.shape)
    counts = (targets != -100).sum(dim=1)
    return [float(value) for value in -losses.sum(dim=1) / counts]
