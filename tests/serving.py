"""A real server of a real model: `transformers serve` with the embedded student, on loopback.

    def test_something(nano_server: Served) -> None:
        endpoint = OpenAITeacher(model=nano_server.model, base_url=nano_server.base_url)

It takes some 15 s to start, once for the whole suite: modules that use it stand in `SHARED`
(`conftest.py`). It needs no key and says what it used; its
answers at temperature 0 are those of the student's worker.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import coursewright.student

_START_SECONDS = 120.0


@dataclass(frozen=True)
class Served:
    """Where it is, and the name of its model."""

    model: str
    base_url: str


@pytest.fixture(scope="session")
def nano_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The embedded student behind HTTP, and no other model."""
    folder = str(Path(coursewright.student.__file__).with_name("nano"))
    with serve(tmp_path_factory.mktemp("server") / "log", folder) as base_url:
        yield Served(folder, base_url)


@pytest.fixture(scope="session")
def folder_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a server for any model of this machine, which is named by its folder."""
    with serve(tmp_path_factory.mktemp("server") / "log") as base_url:
        yield base_url


@contextlib.contextmanager
def serve(log: Path, *model: str) -> Iterator[str]:
    """The base URL of a `transformers serve`, for one model or for any."""
    pytest.importorskip("fastapi")
    port = free_port()
    command = Path(sys.executable).with_name("transformers")
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [
                *(str(command), "serve", *model, "--device", "cpu"),
                *("--host", "127.0.0.1", "--port", str(port)),
            ],
            stdout=stream,
            stderr=stream,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the server answers."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the server did not start: {log.read_text()[-2000:]}")
