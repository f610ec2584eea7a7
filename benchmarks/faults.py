"""What 20 % injected faults do to a long round: rows lost, ledger, exit.

Every kind of fault the package's own server can play, drawn by its seed. Bars: with enough budget
no prompt is left without an answer; with too little, the budget is spent to its last call; the
ledger agrees with what the server says it answered and billed; the gateway ends with 0.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from benchmarks.common import fault_server, report
from coursewright.config import Budget, OpenAITeacher, Prices
from coursewright.sandbox.coursewright_program import Teacher
from coursewright.store.ledger import Ledger
from coursewright.teacher import GatewayTeacher

AT_ONCE = 80
FREE = ("retry_tomorrow", "busy", "server_error")
"""Faults that a server does not bill."""
SOUND = "no_usage"
"""A fault that is an answer all the same."""
PRICES = Prices(input=0.5, output=1.5)


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    report(name="faults", **measure(calls, cap=10 * calls))
    report(name="faults_tight", **measure(calls // 5, cap=calls // 5))


def measure(calls: int, cap: int) -> dict[str, Any]:
    """Ask so many prompts under a cap of calls; what came, and what the two sides say of it."""
    with (
        tempfile.TemporaryDirectory(prefix="cw-bench-") as folder,
        fault_server("--share", "0.2", "--seed", "1") as base_url,
    ):
        ledger = Path(folder) / "calls.sqlite"
        teacher = GatewayTeacher(
            OpenAITeacher(
                model="any",
                base_url=base_url,
                prices=PRICES,
                seconds=600,
                try_seconds=3,
                attempts=12,
            ),
            ledger=ledger,
            seed=0,
            budget=Budget(calls=cap, round_calls=cap, concurrency=AT_ONCE),
        )
        began = time.perf_counter()
        with teacher, teacher.line(0, cap) as line:
            gateway = teacher._process
            assert gateway is not None
            client = Teacher(str(line.socket), concurrency=AT_ONCE)
            answers = client.generate_batch(f"question {number}" for number in range(calls))
            client.close()
            usage = line.usage()
            memory = psutil.Process(gateway.pid).memory_info().rss
        with urllib.request.urlopen(f"{base_url}/faults") as told:
            server = json.load(told)
        with Ledger.read_only(ledger) as kept:
            texts = sum(1 for _ in kept.calls())
            totals = kept.totals()
    met = server["met"]
    billed = sum(times for fault, times in met.items() if fault not in (*FREE, SOUND))
    answered = sum(answer.ok for answer in answers)
    return {
        "prompts": calls,
        "cap": cap,
        "answered": answered,
        "other_errors": sorted({str(a.error) for a in answers if not a.ok} - {"budget"}),
        "faults": sum(met.values()),
        "charged": usage.calls,
        "charged_of_no_use": totals.failed,
        "server_billed": server["answered"] + billed,
        "ledger_agrees": usage.calls == server["answered"] + billed
        and texts == answered == usage.calls - totals.failed
        and totals.unknown == 0,
        "budget_left": cap - usage.calls,
        "cost_usd": usage.cost_usd,
        "exit_code": gateway.returncode,
        "gateway_mebibytes": memory // 2**20,
        "seconds": round(time.perf_counter() - began, 1),
    }


if __name__ == "__main__":
    main()
