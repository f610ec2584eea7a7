"""Texts as vectors of their meaning, by a model of your choice on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TOKENS = 256
"""A longer text is cut: a question says what it is about in its first words or never."""


class HuggingFaceEmbedder:
    """Mean over a text's tokens of the last hidden state of a Hugging Face model.

    Meets `protocols.Embedder`. Nothing leaves the machine but the download of the model, if it
    is not a folder. Needs the extra `train`.
    """

    def __init__(self, model: str, batch: int = 32) -> None:
        """Load `model`, a hub id (`ORG/NAME`) or a folder; `batch` texts are embedded at once.

        Raises:
            OSError: there is no such model.
        """
        # Loaded only when asked for: seconds, and hundreds of megabytes.
        import torch
        from transformers import AutoModel, AutoTokenizer

        self._torch: Any = torch
        self._tokenizer: Any = AutoTokenizer.from_pretrained(model)
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._model: Any = AutoModel.from_pretrained(model).eval()
        self._batch = batch

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector a text: (texts, hidden size)."""
        parts = [
            self._embedded(list(texts[start : start + self._batch]))
            for start in range(0, len(texts), self._batch)
        ]
        return np.concatenate(parts)

    def _embedded(self, texts: list[str]) -> NDArray[np.float32]:
        # An empty text has no token to take the mean of.
        filled = [text or " " for text in texts]
        read = self._tokenizer(
            filled, padding=True, truncation=True, max_length=_TOKENS, return_tensors="pt"
        )
        with self._torch.inference_mode():
            inputs = {name: read[name] for name in ("input_ids", "attention_mask")}
            hidden = self._model(**inputs).last_hidden_state
        mask = read["attention_mask"][:, :, None].to(hidden.dtype)
        mean = (hidden * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
        return np.asarray(mean.float().cpu().numpy(), dtype=np.float32)
