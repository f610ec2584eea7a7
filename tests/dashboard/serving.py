"""A dashboard on loopback, for tests."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from coursewright.dashboard import Guard, make_app, open_socket


@contextlib.contextmanager
def served(runs: Path, token: str | None = None, studies: Path | None = None) -> Iterator[str]:
    """Serve the runs of a folder; yields the address, without a slash at its end."""
    with contextlib.closing(open_socket("127.0.0.1", 0)) as listening:
        guard = Guard(host="127.0.0.1", token=token)
        config = uvicorn.Config(
            make_app(runs, guard, studies), log_level="error", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
