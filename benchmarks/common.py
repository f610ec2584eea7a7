"""What the measurements share: running the command line, and printing a figure."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
COMMAND = [sys.executable, "-m", "coursewright"]
RUNS = ROOT / "runs" / "bench"
MINI = ("science-mini", "code-mini", "finance-mini")
TASKS = (*MINI, "word-problems")


def report(**figures: Any) -> None:
    """Print one measurement."""
    print(json.dumps(figures), flush=True)


def coursewright(*arguments: str, check: bool = True) -> dict[str, Any]:
    """Run one command with `--json` and return what it printed."""
    command = [*COMMAND, *arguments, "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}")
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


@contextlib.contextmanager
def fault_server(*arguments: str) -> Iterator[str]:
    """Run the server that misbehaves in a process of its own; yields its base URL."""
    command = [sys.executable, "-m", "coursewright.endpoints.fault_server", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["base_url"]
        finally:
            process.communicate(timeout=30)
