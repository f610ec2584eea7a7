"""The commands that serve an export behind an OpenAI-compatible endpoint."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from coursewright.export.base import Base
from coursewright.export.cards import Form
from coursewright.export.delivery import ADAPTER

_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""What `vllm serve --max-lora-rank` takes."""


def serve_commands(
    model: Path, form: Form, base: Base, *, name: str, repository: str | None = None
) -> list[str]:
    """Shell commands that serve the model in the folder `model`, or where it was pushed to.

    An adapter is served with its base by vLLM alone; `transformers serve` takes whole models. From
    the hub there is none for an adapter whose base lies in no repository of its own.
    """
    place = repository or str(model)
    if form != "adapter":
        serve = shlex.join(["vllm", "serve", place, "--served-model-name", name])
        return [serve, shlex.join(["transformers", "serve", place])]
    if base.place is None or (repository is not None and base.repository is None):
        return []
    served = str(model / "base") if base.embedded else base.place
    rank = json.loads((model / ADAPTER).read_text(encoding="utf-8"))["r"]
    pinned = [] if base.revision is None else ["--revision", base.revision]
    words = ["vllm", "serve", served, *pinned, "--enable-lora", "--lora-modules", f"{name}={place}"]
    words += ["--max-lora-rank", str(next((r for r in _RANKS if r >= rank), rank))]
    # A file is wanted, so what lies on the hub is served with the base's own template.
    if repository is None and (model / "chat_template.jinja").is_file():
        words += ["--chat-template", str(model / "chat_template.jinja")]
    return [shlex.join(words)]
