"""Batched greedy answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import GenerationConfig

from coursewright.errors import ConfigError
from coursewright.student.hardware import Hardware, free, is_out_of_memory
from coursewright.student.loading import context_of, load_base, load_tokenizer
from coursewright.student.wording import Wording

Say = Callable[[dict[str, Any]], None]


def render_all(
    say: Say,
    hardware: Hardware,
    *,
    base: str,
    prompts: list[Any],
    template_options: dict[str, Any],
    preamble: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Prompts as a server has to be sent them, and how many tokens it then must count.

    A server that completes a text puts the tokenizer's own first tokens before it, which stand in
    the rendered text already: they are taken off.

    Raises:
        ConfigError: this tokenizer reads no text as the tokens that were trained on.
    """
    tokenizer, _ = load_tokenizer(base)
    wording = Wording(tokenizer, template_options, preamble)
    rendered = []
    for prompt in prompts:
        text = wording.prompt(prompt)
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        if tokenizer.bos_token and tokenizer(text)["input_ids"] != ids:
            text = text.removeprefix(tokenizer.bos_token)
        if tokenizer(text)["input_ids"] != ids:
            raise ConfigError(
                "the tokenizer adds tokens to a prompt that its chat template does not have; let "
                "the worker answer (no student.server)",
                file=base,
            )
        rendered.append({"text": text, "tokens": len(ids)})
    return {"prompts": rendered}


class Answerer:
    """Keeps the model it answered with last, since the next questions are mostly for the same."""

    def __init__(self) -> None:
        self._key: tuple[str, str | None, str] | None = None
        self.model: Any = None
        self.tokenizer: Any = None

    def rest(self, say: Say, hardware: Hardware) -> dict[str, Any]:
        """Drop the model, and give its memory back."""
        self.model = self._key = None
        free()
        return {}

    def answer(
        self,
        say: Say,
        hardware: Hardware,
        *,
        base: str,
        weights: str | None,
        prompts: list[Any],
        batch: int,
        max_new_tokens: int,
        dtype: str,
        template_options: dict[str, Any],
        preamble: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Answer every prompt, in order (see `records.Prompt`), under the task's preamble.

        What the model's context does not hold, with room for an answer, stays unanswered: "".
        """
        self.load(base, weights, hardware.dtype(dtype), hardware.device)
        wording = Wording(self.tokenizer, template_options, preamble)
        texts = [wording.prompt(prompt) for prompt in prompts]
        ids = self.tokenizer(texts, add_special_tokens=False)["input_ids"]
        context = context_of(self.model)
        fits = [context is None or len(row) + max_new_tokens <= context for row in ids]
        if not all(fits):
            line = f"{fits.count(False)} prompts do not fit into the model's context: unanswered"
            say({"event": "notice", "line": line})
        # Batches of like length waste least; the order is given back at the end.
        order = sorted((i for i, fit in enumerate(fits) if fit), key=lambda i: len(ids[i]))
        answers = [""] * len(ids)
        done = 0
        while done < len(order):
            chosen = order[done : done + batch]
            try:
                found = self._greedy([ids[i] for i in chosen], max_new_tokens)
            except RuntimeError as error:
                if batch == 1 or not is_out_of_memory(error):
                    raise
                found = None
            if found is None:
                free()
                batch = max(1, batch // 2)
                say({"event": "notice", "line": f"out of memory; {batch} prompts at a time"})
                continue
            for i, answer in zip(chosen, found, strict=True):
                answers[i] = answer
            done += len(chosen)
            say({"event": "progress", "done": done, "total": len(order)})
        return {"answers": answers}

    def _greedy(self, ids: list[list[int]], max_new_tokens: int) -> list[str]:
        """Answers of one batch, padded on the left so that all end at the same place."""
        width = max(map(len, ids))
        pad = self.tokenizer.pad_token_id
        padded = torch.tensor([[pad] * (width - len(row)) + row for row in ids])
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in ids])
        # A configuration of our own: what a checkpoint recommends (sampling, penalties) would
        # make scores depend on who published it.
        out = self.model.generate(
            input_ids=padded.to(self.model.device),
            attention_mask=mask.to(self.model.device),
            generation_config=GenerationConfig(
                do_sample=False,
                max_new_tokens=max_new_tokens,
                eos_token_id=self.stops(),
                pad_token_id=pad,
            ),
        )
        texts: list[str] = self.tokenizer.batch_decode(out[:, width:], skip_special_tokens=True)
        return [text.strip() for text in texts]

    def stops(self) -> list[int]:
        """Tokens that end an answer: the tokenizer's and, for chat models, the model's own."""
        of_model = getattr(self.model.generation_config, "eos_token_id", None) or []
        found = of_model if isinstance(of_model, list) else [of_model]
        return sorted({self.tokenizer.eos_token_id, *found})

    def load(self, base: str, weights: str | None, dtype: str, device: str) -> tuple[Any, Any]:
        """Hold this model from now on; return it, and its tokenizer."""
        key = (base, weights, dtype)
        if key == self._key:
            return self.model, self.tokenizer
        self.model = self._key = None  # two big models at once may not fit
        adapter = weights is not None and (Path(weights) / "adapter_config.json").is_file()
        if weights is None or adapter:
            self.model, self.tokenizer, _ = load_base(base, dtype, device)
            if adapter:
                self.model = PeftModel.from_pretrained(self.model, weights)
        else:
            self.model, self.tokenizer, _ = load_base(weights, dtype, device)
        self.model.eval()
        self._key = key
        return self.model, self.tokenizer
