"""`coursewright --help` beside a bare interpreter, in one run; torch must not be imported.

Bar: at most 25 times `python -c pass`.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.common import COMMAND, report

REPEATS = 15


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def main() -> None:
    bare, helped = [], []
    for _ in range(REPEATS):  # interleaved, so that a busy moment hits both
        bare.append(seconds([sys.executable, "-c", "pass"]))
        helped.append(seconds([*COMMAND, "--help"]))
    probe = "import sys, coursewright.cli; print('torch' in sys.modules)"
    torch = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )
    report(
        name="help_speed",
        ratio=round(statistics.median(helped) / statistics.median(bare), 1),
        help_ms=round(statistics.median(helped) * 1000),
        torch_imported=torch.stdout.strip() == "True",
    )


if __name__ == "__main__":
    main()
