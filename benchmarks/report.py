"""How long the report of a long run takes to make, and how large it is: 30 rounds, 2,000 rows.

python -m benchmarks.report [--rounds 30] [--rows 2000]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.common import report
from coursewright.report import write_report
from tests.report.stories import make_run


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--rows", type=int, default=2000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        run = make_run(Path(place), rounds=options.rounds, rows=options.rows, items=150)
        began = time.perf_counter()
        page = write_report(run)
        report(
            measurement="report",
            rounds=options.rounds,
            rows=options.rows,
            seconds=round(time.perf_counter() - began, 2),
            megabytes=round(page.stat().st_size / 1e6, 2),
        )


if __name__ == "__main__":
    main()
