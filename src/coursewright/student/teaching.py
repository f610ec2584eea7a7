"""A specialised student as the teacher of another run: chat requests over a Unix socket.

    program ─► teacher gateway ─► TeachingStudent ─► a worker of its own, with the run's weights

It samples, since a teacher that is asked twice has to give two answers; which two follows from
the seeds that the gateway derives. Its worker starts with the first request, so a run that
replays its record needs neither weights nor worker.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from coursewright.config import CustomPart, HuggingFaceStudent, RunTeacher
from coursewright.errors import ConfigError
from coursewright.protocols import Progress
from coursewright.store import Artifacts, folder_digest
from coursewright.student.door import Door, Reply
from coursewright.student.local import LocalStudent


class TeachingStudent:
    """Serves the student of the run that a teacher config names. `close()` it in the end."""

    def __init__(self, teacher: RunTeacher, store: Artifacts, progress: Progress) -> None:
        """`teacher` is pinned (see `store.pin_teacher`); `store` is the new run's."""
        assert teacher.student is not None
        assert teacher.weights is not None
        assert not isinstance(teacher.student, CustomPart)
        self._teacher = teacher
        self._weights = teacher.weights
        self._store = store
        config = teacher.student
        if isinstance(config, HuggingFaceStudent):
            # A server that answered in its own run may be gone: its worker answers.
            config = config.model_copy(update={"server": None})
        self._config = config
        self._progress = progress
        self._student: LocalStudent | None = None
        self._door: Door[dict[str, Any]] = Door(dict, self._answer)
        self.socket = self._door.socket

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Serve within the block; after it the worker holds no model in memory."""
        with self._door.serving():
            yield
        if self._student is not None:
            self._student.rest()

    def close(self) -> None:
        """End the worker and remove the socket's folder."""
        self._door.close()
        if self._student is not None:
            self._student.close()

    def keep_weights(self) -> None:
        """Copy the weights into the run, which from then on needs the teacher's run no more.

        Raises:
            ConfigError: the teacher's run is gone, or has another student now.
        """
        if self._store.has(self._weights):
            return
        run, folder = self._teacher.model, self._teacher.folder
        student = None if folder is None else folder / "student"
        if student is None or not student.is_dir():
            raise ConfigError(
                f"run {run} is no longer at {folder}; put its folder back",
                field="teacher.folder",
            )
        if folder_digest(student) != self._weights:
            raise ConfigError(
                f"the student of run {run} has changed since this run began; put the old one back, "
                "or start a new run",
                file=student,
                field="teacher.weights",
            )
        self._store.put_folder(student)

    def _answer(self, requests: list[dict[str, Any]]) -> list[Reply]:
        if self._student is None:
            try:
                self.keep_weights()
            except ConfigError as gone:
                return [{"gone": str(gone)} for _ in requests]
            self._student = LocalStudent(self._config, self._store, self._progress)
        given = [
            {**request, "temperature": request.get("temperature", self._teacher.temperature)}
            for request in requests
        ]
        return self._student.converse(self._weights, given)
