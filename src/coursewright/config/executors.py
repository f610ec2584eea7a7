"""Where trainings and answers are computed. It decides how long a run takes, never its outcome."""

from __future__ import annotations

from typing import Annotated, Any, Literal

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


class RayExecutor(Part):
    """Actors of a Ray cluster; needs `pip install coursewright[ray]`."""

    kind: Literal["ray"] = "ray"
    address: str | None = Field(default=None, pattern=r"^(auto|(ray://)?[^\s/:]+:\d{1,5})$")
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


ExecutorConfig = Annotated[LocalExecutor | RayExecutor, Field(discriminator="kind")]


def executor_part(reference: str) -> dict[str, Any]:
    """Return the settings that `local`, `ray` or `ray:ADDRESS` stands for."""
    kind, _, address = reference.partition(":")
    return {"kind": kind, "address": address} if address else {"kind": kind}
