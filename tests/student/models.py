"""Small models with random weights that live in a folder, as a user's would."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
import transformers

from coursewright.student import EMBEDDED

SMALL: dict[str, dict[str, Any]] = {
    "llama": {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
              "num_attention_heads": 2, "num_key_value_heads": 2},
    "qwen2": {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
              "num_attention_heads": 2, "num_key_value_heads": 1},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 2},
}  # fmt: skip


def make_model(folder: Path, kind: str = "llama", *, template: bool = True, seed: int = 0) -> Path:
    """A model of this kind with nano's tokenizer, with or without a chat template."""
    tokens = ("pad_token_id", 0), ("eos_token_id", 3), ("bos_token_id", None)
    config = transformers.AutoConfig.for_model(
        kind, vocab_size=1536, max_position_embeddings=256, **SMALL[kind], **dict(tokens)
    )
    torch.manual_seed(seed)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        if template or name != "chat_template.jinja":
            shutil.copyfile(EMBEDDED["nano"] / name, folder / name)
    return folder


def begin_with_a_token(folder: Path) -> None:
    """Let the folder's tokenizer put a token (the user's) before every text, as Llama's does."""
    file = folder / "tokenizer.json"
    tokenizer = json.loads(file.read_text())
    special = {"id": "<|user|>", "ids": [1], "tokens": ["<|user|>"]}
    tokenizer["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<|user|>", "type_id": 0}},
                   {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<|user|>": special},
    }  # fmt: skip
    file.write_text(json.dumps(tokenizer))
    file = folder / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"bos_token": "<|user|>"}))
