"""Where trainings and answers are computed. It decides how long a run takes, never its outcome."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from coursewright.config.parts import Part

Slots = Annotated[int, Field(ge=1, le=256)]


class LocalExecutor(Part):
    """Worker processes of this machine."""

    kind: Literal["local"] = "local"
    slots: Slots = 1
    """Workers that train and answer side by side, each with the student's `threads` and, where
    there are several GPUs, with one of its own, counted from the student's `gpu`."""
    slots_per_gpu: int = Field(default=1, ge=1, le=16)
    """Workers that may share one GPU, if its memory holds them."""


ExecutorConfig = LocalExecutor
