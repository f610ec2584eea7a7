"""How fast the pages are, and how much memory they take: 200 runs of 30 rounds.

    python -m benchmarks.dashboard [--runs 200] [--rounds 30] [--rows 2000]

One run is written and copied, since only its size matters here. Times are of the server alone:
from a request to the whole answer on loopback, the first time and again. Then, in Chromium: how
long after a stage is recorded the open page of a running run shows it.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2
import psutil

from benchmarks.common import COMMAND, ROOT, report
from coursewright.records import Training
from coursewright.store import RunStore
from tests.dashboard.browser import opened
from tests.dashboard.serving import served
from tests.report.stories import make_run
from tests.store.builders import training


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--updates", type=int, default=20, help="stages that a page is to show")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        runs = Path(place)
        first = make_run(runs, "run-000", rounds=options.rounds, rows=options.rows, items=150)
        for number in range(1, options.runs):
            shutil.copytree(first, runs / f"run-{number:03d}", symlinks=True)
        measure(runs, options)
    with tempfile.TemporaryDirectory() as place:
        follow(Path(place), options.updates)


def measure(runs: Path, options: argparse.Namespace) -> None:
    """Start the dashboard, ask for its pages, and print the figures."""
    began = time.perf_counter()
    command = [*COMMAND, "dashboard", "--runs", str(runs), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found is not None, "the dashboard did not say its address"
        site = found[0].rstrip("/")
        started = time.perf_counter() - began
        pages = {
            "list": "/",
            "open": "/run/run-007",
            "change": "/run/run-007/change/1",
            "rows": "/run/run-007/rows",
            "row": "/run/run-007/row/1900",
            "rounds": "/between?left=run-007&right=run-007&before=3&after=20",
            "compare": "/compare?run=run-007&run=run-008&run=run-009",
            "two runs": "/between?left=run-007&right=run-008",
        }
        try:
            with httpx2.Client(base_url=site, timeout=120) as browser:
                times = {name: timed(browser, path) for name, path in pages.items()}
            memory = psutil.Process(server.pid).memory_info().rss / 2**20
        finally:
            server.terminate()
    report(
        measurement="dashboard",
        runs=options.runs,
        rounds=options.rounds,
        start_seconds=round(started, 2),
        first_ms={name: round(first) for name, (first, _) in times.items()},
        again_ms={name: round(again) for name, (_, again) in times.items()},
        memory_mib=round(memory),
    )


SHOWN = "count => document.body.textContent.split('train done after').length > count"


def follow(runs: Path, updates: int) -> None:
    """Record stages of a running run, and wait for each on its open page."""
    make_run(runs, "going", finished=False)
    shown = []
    with served(runs) as site, opened() as browser, RunStore.open(runs / "going") as store:
        page = browser.new_page()
        page.goto(f"{site}/run/going")
        for number in range(updates):
            store.journal.stage("train", {"rows": str(number)}, training, Training)
            began = time.perf_counter()
            page.wait_for_function(SHOWN, arg=number + 1)
            shown.append(time.perf_counter() - began)
            time.sleep(1.1 * number / updates)  # not in step with whoever looks now and then
    report(
        measurement="live page",
        updates=updates,
        median_seconds=round(statistics.median(shown), 2),
        worst_seconds=round(max(shown), 2),
    )


def timed(browser: httpx2.Client, path: str) -> tuple[float, float]:
    """Milliseconds of the first answer, and the median of five more."""
    taken = []
    for _ in range(6):
        began = time.perf_counter()
        answer = browser.get(path)
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            sys.exit(f"{path}: {answer.status_code}")
    return taken[0], statistics.median(taken[1:])


if __name__ == "__main__":
    main()
