"""Where trainings and answers are computed. It decides how long a run takes, never its outcome."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator

from coursewright.config.parts import Part

_ADDRESS = re.compile(r"auto|(ray://)?(\[[0-9a-fA-F:]+\]|[^\s/:\[\]]+):[0-9]{1,5}")
Slots = Annotated[int, Field(ge=1, le=256)]


class LocalExecutor(Part):
    """Worker processes of this machine."""

    kind: Literal["local"] = "local"
    slots: Slots = 1
    """Workers that train and answer side by side, each with the student's `threads` and, where
    there are several GPUs, with one of its own, counted from the student's `gpu`."""
    slots_per_gpu: int = Field(default=1, ge=1, le=16)
    """Workers that may share one GPU, if its memory holds them."""


class RayExecutor(Part):
    """Actors of a Ray cluster; needs `pip install coursewright[ray]`."""

    kind: Literal["ray"] = "ray"
    address: str | None = None
    """`HOST:PORT` of the cluster's head, where this machine is one of its nodes; `auto` for the
    cluster that this machine belongs to; `ray://HOST:PORT` from outside. None starts a Ray on this
    machine for the run, and `RAY_ADDRESS` is not looked at."""
    slots: Slots = 1
    """Actors that train and answer side by side, at most."""
    cpus: float = Field(default=1, ge=0, le=4096)
    """CPUs that Ray sets aside for each; how many threads it uses is the student's `threads`."""
    gpus: float = Field(default=0, ge=0, le=1)
    """Share of a GPU that Ray sets aside for each; 0: they compute on the CPU."""
    grows: bool = False
    """The cluster starts nodes on demand: ask also for what it does not have yet."""

    @field_validator("cpus")
    @classmethod
    def _is_what_ray_takes(cls, value: float) -> float:
        if value > 1 and value != int(value):
            raise ValueError("Ray takes fractions of one CPU, and whole CPUs")
        return value

    @field_validator("address")
    @classmethod
    def _has_host_and_port(cls, value: str | None) -> str | None:
        if value is not None and _ADDRESS.fullmatch(value) is None:
            raise ValueError("expected HOST:PORT, ray://HOST:PORT or auto")
        return value


ExecutorConfig = Annotated[LocalExecutor | RayExecutor, Field(discriminator="kind")]
