"""Base models and their tokenizers from local folders; no code of a folder is ever run."""

from __future__ import annotations

from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer

from coursewright.errors import ConfigError
from coursewright.student.hardware import is_out_of_memory

_TEMPLATE = (
    "{% for m in messages %}"
    "{% if m.role == 'system' %}{{ m.content }}\n\n"
    "{% elif m.role == 'assistant' %}Answer:\n{{ m.content }}{{ eos_token }}\n"
    "{% else %}Question:\n{{ m.content }}\n\n{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}Answer:\n{% endif %}"
)
"""For base models, which come without a template of their own: words that any tokenizer has."""


def load_tokenizer(folder: str) -> tuple[Any, str]:
    """The tokenizer of a folder, and whose chat template it has: `model` or `coursewright`.

    Raises:
        ConfigError: there is none that can be used; one line.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
        raise ConfigError(
            "no tokenizer can be loaded from here; its files (tokenizer.json, "
            "tokenizer_config.json) belong beside the weights",
            file=folder,
        ) from error
    if tokenizer.eos_token is None:
        raise ConfigError(
            "the tokenizer names no end-of-text token (eos_token), without which an answer never "
            "ends; set it in tokenizer_config.json",
            file=folder,
        )
    template = "model"
    if tokenizer.chat_template is None:
        # Rendered templates get no special tokens added: ours begins as this tokenizer begins.
        begun = tokenizer("a")["input_ids"][:1] == [tokenizer.bos_token_id]
        tokenizer.chat_template = ("{{ bos_token }}" if begun else "") + _TEMPLATE
        template = "coursewright"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer, template


def load_base(
    folder: str, dtype: str, device: str, attention: str = "sdpa"
) -> tuple[Any, Any, str]:
    """Model, tokenizer, and whose chat template (see `load_tokenizer`).

    Raises:
        ConfigError: the folder holds no causal language model that can be loaded; one line.
    """
    tokenizer, template = load_tokenizer(folder)
    try:
        model = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=getattr(torch, dtype),
            local_files_only=True,
            attn_implementation=attention,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        if is_out_of_memory(error):
            raise
        raise ConfigError(f"cannot load this model: {_line(error)}", file=folder) from error
    return model.to(device), tokenizer, template


def context_of(model: Any) -> int | None:
    """Most tokens that prompt and answer may have together; None where there is no limit."""
    limit = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return limit if isinstance(limit, int) and limit > 0 else None


def _line(error: Exception) -> str:
    """The first words of a library's error, which may have many lines."""
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else text[:299] + "…"
