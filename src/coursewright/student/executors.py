"""The executor that a config names (see `slots` for what an executor is)."""

from __future__ import annotations

from collections.abc import Callable

from coursewright.config import (
    EmbeddedStudent,
    ExecutorConfig,
    HuggingFaceStudent,
    LocalExecutor,
    RayExecutor,
)
from coursewright.student.memory import require_room
from coursewright.student.ray_cluster import require_cluster
from coursewright.student.ray_slots import RaySlots
from coursewright.student.slots import Executor, gpus_in_sight, local_slots, places


def open_executor(
    student: EmbeddedStudent | HuggingFaceStudent,
    executor: ExecutorConfig,
    say: Callable[[str], None],
) -> Executor:
    """Return what computes for a student; nothing is started yet. `close()` it in the end.

    Raises:
        ConfigError: it cannot be had, in one line.
    """
    if isinstance(executor, RayExecutor):
        return RaySlots(executor, threads=student.threads, say=say)
    return local_slots(student, executor)


def require_executor(
    student: EmbeddedStudent | HuggingFaceStudent, executor: ExecutorConfig
) -> None:
    """Find out whether there is room for all slots, and the same code wherever they are.

    Memory is looked at on this machine alone.

    Raises:
        ConfigError: there is not; one line.
    """
    if isinstance(executor, LocalExecutor):
        gpus = 0 if isinstance(student, EmbeddedStudent) else gpus_in_sight()
        places(student, executor, gpus)
        require_room(student, executor.slots, gpu=gpus > 0)
        return
    require_cluster(executor)
    if executor.address is None:
        require_room(student, executor.slots, gpu=executor.gpus > 0)


def in_words(executor: ExecutorConfig) -> str:
    """Return in a few words who computes."""
    slots = f"{executor.slots} slot{'s' if executor.slots > 1 else ''}"
    if isinstance(executor, LocalExecutor):
        return f"local, {slots}"
    where = "on this machine" if executor.address is None else f"at {executor.address}"
    return f"Ray {where}, {slots} of {executor.cpus:g} CPUs and {executor.gpus:g} GPUs"
