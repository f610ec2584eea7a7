"""Who computes what a student is asked: the seam between the student and its workers.

    LocalStudent ─► Executor.ask(request, listener) ─► a worker ─► result

Everything a student computes goes through `ask` as one JSON request, and progress comes back to the
listener. Several threads may ask at once: an executor has so many workers, lends a free one to each
request, and lets the others wait. Which one it was changes nothing but the time.

A request names files of this machine under a few fields: `base`, `rows` and `weights` are read,
`out` is a folder to write to. An executor whose workers are elsewhere carries them there and back;
it needs to know nothing else of a request.

`LocalSlots` is the executor of this machine; `ray_slots` has the other one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from coursewright.config import EmbeddedStudent, HuggingFaceStudent, LocalExecutor
from coursewright.errors import ConfigError, Interrupted
from coursewright.store import Scratch
from coursewright.student.link import Link, Listener


class Executor(Protocol):
    """Carries requests to workers. Safe to use from several threads."""

    def start(self) -> None:
        """Begin to start the first worker; returns before it is ready."""

    def ask(self, request: dict[str, Any], listener: Listener | None = None) -> dict[str, Any]:
        """Have a worker do what is asked; return its result. Waits for a free one.

        A worker that is lost on the way is replaced, and the request repeated.

        Raises:
            CoursewrightError: the worker says the request cannot be carried out.
            Interrupted: worker after worker was lost, or the executor was closed.
        """

    def rest(self) -> None:
        """Let all workers drop their models. Only while nobody asks."""

    def close(self) -> None:
        """End all workers. Idempotent."""


class LocalSlots:
    """Fits `Executor`: worker processes of this machine, started as they are needed."""

    def __init__(
        self, config: LocalExecutor, *, threads: int, device: str, gpus: list[int]
    ) -> None:
        """`gpus` are the places of the GPUs that slots get in turn, among those in sight."""
        self._scratch = Scratch("coursewright-slots-")
        self._links = [
            Link(
                self._scratch.path / f"{number}",
                threads=threads,
                device=device,
                gpu=gpus[number % len(gpus)],
            )
            for number in range(config.slots)
        ]
        self._free = list(self._links)
        self._held: dict[Link, tuple[Any, Any]] = {}
        """The model that each worker answered with last, and so has in memory."""
        self._changed = threading.Condition()
        self._closed = False

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that were started."""
        return [link.pid for link in self._links if link.pid is not None]

    def start(self) -> None:
        """See `Executor`."""
        self._links[0].start()

    def ask(self, request: dict[str, Any], listener: Listener | None = None) -> dict[str, Any]:
        """See `Executor`."""
        with self._borrowed(request) as link:
            return link.ask(request, listener)

    def rest(self) -> None:
        """See `Executor`."""
        for link in self._links:
            if link.pid is not None:
                link.ask({"do": "rest"})
        self._held.clear()

    def close(self) -> None:
        """See `Executor`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for link in self._links:
            link.close()
        self._scratch.close()

    @contextmanager
    def _borrowed(self, request: dict[str, Any]) -> Iterator[Link]:
        """Lend a free worker: one that has the model in memory, or runs, before one to start."""
        model = (request.get("base"), request.get("weights"))
        with self._changed:
            self._changed.wait_for(lambda: self._free or self._closed)
            if self._closed:
                raise Interrupted("the student's workers were stopped")
            link = min(
                self._free,
                key=lambda one: (
                    self._held.get(one) != model,
                    one.pid is None,
                    self._links.index(one),
                ),
            )
            self._free.remove(link)
            if self._free and not any(one.pid for one in self._free):
                self._free[0].start()  # one ahead: its imports take seconds
            if request["do"] in ("answer", "converse", "likelihood"):
                self._held[link] = model
        try:
            yield link
        finally:
            with self._changed:
                self._free.append(link)
                self._changed.notify()


def local_slots(
    student: EmbeddedStudent | HuggingFaceStudent, executor: LocalExecutor | None = None
) -> LocalSlots:
    """Return the workers of this machine for a student; without an `executor`, one.

    Raises:
        ConfigError: there are fewer GPUs than the slots need.
    """
    executor = executor or LocalExecutor()
    # The embedded ones compute on the CPU even beside a GPU, so that results repeat anywhere.
    device = "cpu" if isinstance(student, EmbeddedStudent) else "auto"
    return LocalSlots(
        executor, threads=student.threads, device=device, gpus=places(student, executor)
    )


def places(
    student: EmbeddedStudent | HuggingFaceStudent, executor: LocalExecutor, count: int | None = None
) -> list[int]:
    """Return which GPUs the slots take in turn: the student's own first, then those after it.

    `count` are the GPUs in sight; None looks.

    Raises:
        ConfigError: more slots than `slots_per_gpu` allows on them.
    """
    if isinstance(student, EmbeddedStudent):
        return [0]
    if executor.slots == 1:
        return [student.gpu]
    count = gpus_in_sight() if count is None else count
    if not count:  # they compute on the CPU
        return [student.gpu]
    if executor.slots > count * executor.slots_per_gpu:
        raise ConfigError(
            f"{executor.slots} slots on {count} GPU{'s' if count > 1 else ''}, "
            f"{executor.slots_per_gpu} on each: take {count * executor.slots_per_gpu} slots, or, "
            "if a GPU's memory holds more, a larger slots_per_gpu",
            field="executor.slots",
        )
    return [(student.gpu + number) % count for number in range(count)]


def gpus_in_sight() -> int:
    """Return how many GPUs workers could use; looked up without loading PyTorch here."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([name for name in visible.split(",") if name])
    script = "import torch; print(torch.cuda.device_count())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    return int(done.stdout) if done.returncode == 0 else 0
