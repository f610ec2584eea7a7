"""The line to the worker process: start it, ask, listen, restart it when it is killed."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import coursewright
from coursewright.errors import (
    ConfigError,
    CoursewrightError,
    HelperLost,
    Interrupted,
    StageFailed,
    StorageError,
)

RESTARTS = 2
"""How often one request is repeated after the worker was killed."""

Listener = Callable[[dict[str, Any]], None]

# What a worker may inherit: where programs, shared libraries, temporary files and GPUs are.
# Everything else (keys above all) stays outside.
_INHERITED = (
    "PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "VIRTUAL_ENV",
    "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES",
)  # fmt: skip


class Link:
    """One worker process and the JSON lines that go to and fro."""

    def __init__(self, home: Path, *, threads: int, device: str, gpu: int = 0) -> None:
        self._home = home
        self._threads = threads
        self._device = device
        self._gpu = gpu
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._log = home / "worker.log"

    @property
    def pid(self) -> int | None:
        """The worker's process id, None while there is no worker."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the worker unless it runs already; does not wait for its imports."""
        if self._process is not None and self._process.poll() is None:
            return
        self._drop()
        self._home.mkdir(parents=True, exist_ok=True)
        # The kernel ends the worker with the thread that started it, so a passing thread must not
        # ask for that; then the end of standard input is what ends the worker.
        bound = threading.current_thread() is threading.main_thread()
        command = [sys.executable, "-m", "coursewright.student.worker", self._device]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, str(os.getpid())] if bound else command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._environment(),
            )

    def ask(self, request: dict[str, Any], listener: Listener | None = None) -> dict[str, Any]:
        """Send a request and return its result; repeat it if the worker is killed meanwhile.

        Raises:
            CoursewrightError: the worker says the request cannot be carried out.
            Interrupted: the worker died `RESTARTS` times more, or was closed meanwhile.
        """
        return settled(self.told(request, listener))

    def told(self, request: dict[str, Any], listener: Listener | None = None) -> dict[str, Any]:
        """Return the worker's last message on a request, which `settled` reads; else as `ask`.

        Raises:
            Interrupted: the worker died `RESTARTS` times more, or was closed meanwhile.
        """
        for _ in range(RESTARTS + 1):
            if self._closed:
                raise Interrupted("the student's worker was stopped")
            self.start()
            try:
                return self._exchange(request, listener)
            except BrokenPipeError:
                self._drop()
            except BaseException:
                # It is in the middle of something: what it says next answers no later request.
                self._drop()
                if not self._closed:
                    raise
        raise Interrupted(
            f"the student's worker died {RESTARTS + 1} times during {request['do']!r}; "
            f"its last words: {self._last_words()}"
        )

    def close(self) -> None:
        """Let the worker end, by force if it does not. What is asked meanwhile is interrupted."""
        self._closed = True
        process = self._process
        if process is None:
            return
        with contextlib.suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
        self._drop()

    def _exchange(self, request: dict[str, Any], listener: Listener | None) -> dict[str, Any]:
        """One request and the message that ends it. Raises `BrokenPipeError` if the worker dies."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise BrokenPipeError
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        for line in process.stdout:
            if not line.endswith(b"\n"):
                break  # killed while it wrote
            message: dict[str, Any] = json.loads(line)
            if message["event"] in ("result", "error"):
                return message
            if listener is not None:
                listener(message)
        raise BrokenPipeError

    def _drop(self) -> None:
        """Forget a worker that is dead or must be."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _environment(self) -> dict[str, str]:
        """A clean environment: chosen thread counts, no hub, a home of its own."""
        kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        threads = str(self._threads)
        package_root = str(Path(coursewright.__file__).parent.parent)
        return kept | {
            "HOME": str(self._home),
            "HF_HOME": str(self._home / "huggingface"),
            "HF_HUB_OFFLINE": "1",
            "HF_DATASETS_OFFLINE": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "CUDA_VISIBLE_DEVICES": self._one_gpu(),
            "OMP_NUM_THREADS": threads,
            "MKL_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
            # Big tensors come and go every step: keeping their memory saves the page faults (8 %).
            "MALLOC_MMAP_THRESHOLD_": str(2**30),
            "MALLOC_TRIM_THRESHOLD_": str(2**32),
            "PYTHONPATH": package_root,
            "PYTHONHASHSEED": "0",
            "PYTHONUNBUFFERED": "1",
        }

    def _one_gpu(self) -> str:
        """The one GPU that the worker sees: with several in sight TRL refuses to train."""
        if self._device == "cpu":
            return ""
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        if visible is None:
            return str(self._gpu)
        names = [name for name in visible.split(",") if name]
        return names[self._gpu] if self._gpu < len(names) else ""

    def _last_words(self) -> str:
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            return "none"
        return next((line.strip() for line in reversed(lines) if line.strip()), "none")


def settled(message: dict[str, Any]) -> dict[str, Any]:
    """Return the result that a worker's last message holds.

    Raises:
        CoursewrightError: it says why the request cannot be carried out.
    """
    if message["event"] == "error":
        raise _error(message)
    result: dict[str, Any] = message["result"]
    return result


def _error(message: dict[str, Any]) -> CoursewrightError:
    """The error a worker reported, as the loop knows it."""
    if message["kind"] == "config":
        return ConfigError(message["message"], field="student")
    if message["kind"] == "storage":
        return StorageError(f"no space left for the student's weights: {message['message']}")
    if message["kind"] == "lost":
        return Interrupted(message["message"])
    if message["kind"] == "memory":
        return Interrupted(
            f"no memory left to {message['stage']} with the student's model, free some and "
            f"`coursewright resume`: {message['message']}"
        )
    if message["stage"] in ("answer", "converse"):
        # Not the data's fault, and perhaps a passing one: never a journaled outcome.
        return HelperLost(f"the student cannot answer: {message['message']}")
    return StageFailed(message["message"], stage=message["stage"])
