"""What there is to compute on, and what a recipe's wishes become there."""

from __future__ import annotations

import gc
from dataclasses import dataclass

import datasets
import torch
import transformers
from transformers.utils import is_flash_attn_2_available


@dataclass(frozen=True)
class Hardware:
    """One device, and what it can do well."""

    device: str
    """`cuda`, `mps` or `cpu`."""
    bfloat16: bool = False
    """In hardware. A CPU has it too, but slower than float32, so it counts as without."""
    flash_attention: bool = False

    def dtype(self, wanted: str) -> str:
        """The dtype that is computed in where `wanted` is asked for.

        bfloat16 becomes float16 on a GPU without it, and every half precision float32 on a CPU.
        """
        if wanted == "float32" or self.device == "cpu":
            return "float32"
        return "float16" if wanted == "bfloat16" and not self.bfloat16 else wanted


def look(wanted: str) -> Hardware:
    """The hardware for `cpu` or `auto` (the first GPU that is visible, if any)."""
    if wanted == "auto" and torch.cuda.is_available():
        return Hardware(
            "cuda",
            bfloat16=torch.cuda.is_bf16_supported(including_emulation=False),
            flash_attention=is_flash_attn_2_available(),
        )
    if wanted == "auto" and torch.backends.mps.is_available():
        return Hardware("mps", bfloat16=transformers.utils.is_torch_bf16_gpu_available())
    return Hardware("cpu")


def quieten() -> None:
    """Keep the libraries from printing bars and warnings, and from keeping caches."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    datasets.disable_progress_bars()
    datasets.disable_caching()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device, or the machine, has no room for a tensor."""
    # Only CUDA has a class of its own for it.
    words = ("out of memory", "can't allocate memory")
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and any(word in str(error) for word in words)
    )


def free() -> None:
    """Give memory that no tensor uses back to the device."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()
