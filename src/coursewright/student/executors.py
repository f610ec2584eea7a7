"""The executor that a config names (see `slots` for what an executor is)."""

from __future__ import annotations

from coursewright.config import (
    EmbeddedStudent,
    ExecutorConfig,
    HuggingFaceStudent,
)
from coursewright.student.slots import Executor, local_slots


def open_executor(
    student: EmbeddedStudent | HuggingFaceStudent, executor: ExecutorConfig
) -> Executor:
    """Return what computes for a student; nothing is started yet. `close()` it in the end.

    Raises:
        ConfigError: it cannot be had, in one line.
    """
    return local_slots(student, executor)


def in_words(executor: ExecutorConfig) -> str:
    """Return in a few words who computes."""
    return f"{executor.kind}, {executor.slots} slot{'s' if executor.slots > 1 else ''}"
