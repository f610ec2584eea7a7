"""How much memory a student's workers need, and what this machine has for them."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path

import psutil

from coursewright.config import EmbeddedStudent, HuggingFaceStudent
from coursewright.errors import ConfigError
from coursewright.student.local import EMBEDDED

WORKER_BYTES = 500_000_000
"""Of a worker beside its models: measured 0.37 GB of its own after its imports, up to 0.49 GB after
a training of nano with LoRA (PyTorch for CPUs; 0.15 GB of libraries more are shared)."""
GPU_WORKER_BYTES = 3_000_000_000
"""Of a worker that computes on a GPU, in main memory; not measured."""
TRAINED_BYTES = 16
"""A weight that is trained in float32: itself, its gradient and AdamW's two moments."""
HELD_BYTES = 4
"""A weight that only stands there, in float32: answers are given by a model beside the trained."""
LOADED_BYTES = 2
"""A weight on its way to a GPU."""


def worker_bytes(student: EmbeddedStudent | HuggingFaceStudent, *, gpu: bool) -> int | None:
    """Return the main memory that one worker needs, roughly; None: nobody knows the model's size.

    Activations are not in it: they grow with `batch` and `max_length`.
    """
    weights = model_size(student)
    if weights is None:
        return None
    if gpu:
        return GPU_WORKER_BYTES + LOADED_BYTES * weights
    trained = TRAINED_BYTES if student.recipe.method == "full" else HELD_BYTES
    return WORKER_BYTES + (trained + HELD_BYTES) * weights


def require_room(student: EmbeddedStudent | HuggingFaceStudent, slots: int, *, gpu: bool) -> None:
    """Find out whether all slots fit into the memory that is free now.

    Raises:
        ConfigError: they do not.
    """
    each = worker_bytes(student, gpu=gpu)
    free = free_bytes()
    if each is None or slots * each <= free:
        return
    room = f"{free / 1e9:.1f} GB are free"
    if each > free:
        smaller = [
            "a smaller student",
            *(["a LoRA recipe"] if student.recipe.method == "full" and not gpu else []),
            *([] if gpu else ["a GPU"]),
        ]
        raise ConfigError(
            f"{student.model if student.kind == 'hf' else student.kind} needs about "
            f"{each / 1e9:.1f} GB of memory on this machine, and {room}: take "
            f"{' or '.join(smaller)}",
            field="student",
        )
    raise ConfigError(
        f"{slots} slots need about {slots * each / 1e9:.1f} GB of memory "
        f"({each / 1e9:.1f} GB each), and {room}: take {free // each}",
        field="executor.slots",
    )


def free_bytes() -> int:
    """Return the bytes of main memory that processes could take now, within this one's group."""
    return min([psutil.virtual_memory().available, *_limits()])


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _limits(
    root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")
) -> list[int]:
    """Memory limits of this process's control group and of those above it (cgroup v2)."""
    limits = []
    try:
        group = own.read_text().splitlines()[0].partition("::")[2]
    except (OSError, IndexError):
        return []
    place = root / group.lstrip("/")
    for folder in (place, *place.parents):
        try:
            text = (folder / "memory.max").read_text().strip()
        except OSError:
            continue
        if text.isdecimal():
            limits.append(int(text))
    return limits


def model_size(student: EmbeddedStudent | HuggingFaceStudent) -> int | None:
    """Return the student's number of weights: from its files, else from a name like `Llama-8B`.

    Raises:
        ConfigError: a file cannot be read.
    """
    folder = Path(student.model) if student.kind == "hf" else EMBEDDED[student.kind]
    files = list(folder.glob("*.safetensors")) if folder.is_dir() else []
    if files:
        return sum(map(stored_weights, files))
    named = re.search(r"(\d+(?:\.\d+)?)\s*([BM])\b", str(folder), re.IGNORECASE)
    if named is None:
        return None
    return int(float(named[1]) * {"B": 1e9, "M": 1e6}[named[2].upper()])


def stored_weights(file: Path) -> int:
    """Return how many numbers a safetensors file holds, from its header alone.

    Raises:
        ConfigError: it is no such file.
    """
    # Imported here: it comes with the extra that trains.
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="numpy") as tensors:
            names = tensors.keys()
            return sum(math.prod(tensors.get_slice(name).get_shape()) for name in names)
    except (SafetensorError, OSError) as error:
        raise ConfigError(f"cannot be read: {error}", file=file, field="student.model") from error
