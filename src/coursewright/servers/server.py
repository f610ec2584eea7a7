"""One local server: started when it is needed, at rest when others need its memory."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

import httpx2

from coursewright.config import LocalServer
from coursewright.errors import ConfigError, Interrupted
from coursewright.servers import keeper

# What every server may see: where programs, libraries, caches and GPUs are. No keys.
_INHERITED = (
    "PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV",
    "XDG_CACHE_HOME", "HF_HOME", "HF_HUB_OFFLINE", "CUDA_HOME", "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES",
)  # fmt: skip
_PROBE_SECONDS = 5.0
_SLEEP_SECONDS = 120.0
_POLL_SECONDS = 0.1


class ManagedServer:
    """A server's process and its state: stopped, awake or asleep."""

    def __init__(self, config: LocalServer, log: Path) -> None:
        self.config = config
        self.state: Literal["stopped", "awake", "asleep"] = "stopped"
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def is_up(self) -> bool:
        """Whether it runs and is awake, as far as one can tell without asking it."""
        return self.state == "awake" and self._process is not None and self._process.poll() is None

    def wake(self) -> None:
        """Return once it answers; starts it if it does not run, or does not run any more.

        Raises:
            ConfigError: its command cannot be started, or somebody else's server is there.
            Interrupted: it ended, or was not ready in time.
        """
        if self._process is not None and self._process.poll() is not None:
            self.stop()  # it died: start it anew
        if self.state == "asleep" and not self._post("wake_up"):
            self.stop()
        if self.state == "stopped":
            self._start()
        if self.state != "awake":
            self._await_ready()
            self.state = "awake"

    def rest(self) -> None:
        """Free its memory in the way its settings say."""
        if self.state != "awake" or self.config.rest == "stay":
            return
        if self.config.rest == "sleep" and self._post("sleep?level=1"):
            self.state = "asleep"
        else:
            self.stop()

    def stop(self) -> None:
        """End it and everything it started. Idempotent."""
        process, self._process, self.state = self._process, None, "stopped"
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        # The keeper loses patience with the server by itself.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=2 * keeper.PATIENCE_SECONDS)
        process.kill()
        process.wait()

    def _start(self) -> None:
        if self._is_healthy():
            raise ConfigError(
                f"something answers at {self.config.url} already; stop it, or take this server out "
                "of the config",
                field=self._field,
            )
        self._log.parent.mkdir(parents=True, exist_ok=True)
        wanted = (*_INHERITED, *self.config.environment)
        inherited = {name: os.environ[name] for name in wanted if name in os.environ}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", keeper.__file__, *self.config.start],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**inherited, **self.config.variables},
            )

    def _await_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + self.config.ready_seconds
        while not self._is_healthy():
            if self._process.poll() is not None:
                code = self._process.returncode
                self.stop()
                raise Interrupted(
                    f"server {self.config.name} ended with {code} before it was ready: "
                    f"{self._last_words()}; see {self._log}, then `coursewright resume`"
                )
            if time.monotonic() > deadline:
                self.stop()
                raise Interrupted(
                    f"server {self.config.name} was not ready within "
                    f"{self.config.ready_seconds:.0f} s (ready_seconds); see {self._log}, then "
                    "`coursewright resume`"
                )
            time.sleep(_POLL_SECONDS)

    def _is_healthy(self) -> bool:
        try:
            url = f"{self.config.url}{self.config.health}"
            return httpx2.get(url, timeout=_PROBE_SECONDS).is_success
        except httpx2.HTTPError:
            return False

    def _post(self, what: str) -> bool:
        """Whether the server did as it was told; some know nothing of sleep."""
        try:
            return httpx2.post(f"{self.config.url}/{what}", timeout=_SLEEP_SECONDS).is_success
        except httpx2.HTTPError:
            return False

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "no word")

    @property
    def _field(self) -> str:
        return f"servers.{self.config.name}"
