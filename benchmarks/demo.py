"""`make demo` after set-up: wall time, memory of the whole process tree, share of overhead.

Bars: about 6 minutes on two idle cores, at most 3 GiB, overhead at most 5 %.
"""

from __future__ import annotations

import json
import subprocess
import time

import psutil

from benchmarks.common import COMMAND, ROOT, RUNS, report


def tree_bytes(process: psutil.Process) -> int:
    """Unique memory of a process and all below it (shared pages counted once per process)."""
    total = 0
    for member in [process, *process.children(recursive=True)]:
        try:
            total += member.memory_full_info().uss
        except psutil.Error:
            continue  # it ended meanwhile
    return total


def main() -> None:
    RUNS.mkdir(parents=True, exist_ok=True)
    name = f"demo-{time.strftime('%Y%m%d-%H%M%S')}"
    arguments = ["run", "science-mini", "--config", "examples/demo.yaml", "--json"]
    command = [*COMMAND, *arguments, "--runs", str(RUNS), "--name", name]
    began, peak = time.monotonic(), 0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as running:
        watched = psutil.Process(running.pid)
        while running.poll() is None:
            peak = max(peak, tree_bytes(watched))
            time.sleep(0.5)
        assert running.stdout is not None
        result = json.loads(running.stdout.read())
    seconds = result["seconds"]
    report(
        name="demo",
        wall_seconds=round(time.monotonic() - began, 1),
        peak_gib=round(peak / 2**30, 2),
        overhead_share=round(seconds["overhead"] / seconds["total"], 4),
        gain_points=result["gain_points"],
        seconds=seconds,
    )


if __name__ == "__main__":
    main()
