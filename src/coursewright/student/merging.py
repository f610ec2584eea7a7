"""An adapter becomes part of its base model: whole weights that anything can load."""

from __future__ import annotations

from typing import Any

from peft import PeftModel

from coursewright.student.hardware import Hardware
from coursewright.student.loading import load_base
from coursewright.student.training import Say


def merge(
    say: Say,
    hardware: Hardware,
    *,
    base: str,
    weights: str,
    out: str,
    recipe_dtype: str,
    dtype: str | None,
) -> dict[str, Any]:
    """Write base and adapter (`weights`) as one model to the folder `out`, without tokenizer.

    `dtype` is kept to also where this machine would rather compute in another; without it the
    weights are in the one that the recipe's dtype becomes here.
    """
    model, _, _ = load_base(base, dtype or hardware.dtype(recipe_dtype), hardware.device)
    merged = PeftModel.from_pretrained(model, weights).merge_and_unload()
    merged.save_pretrained(out)
    return {}
