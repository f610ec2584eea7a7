"""All measurements of LOG.md: `python -m benchmarks [NAME ...]`, by default every one in turn.

Each prints one JSON object per line on standard output, and progress on standard error. They
take hours together; `study` keeps its runs in `runs/bench` and goes on where it stopped.
`python -m benchmarks.builders FOLDER` and `benchmarks.scorer_agreement FOLDER` stand apart: they
need a folder with the benchmarks' own files. So does `benchmarks.intake_fuzz`: it needs a fuzzer;
and `benchmarks.record_trainings`, which makes a table for `search` and takes hours.
"""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = (
    "help_speed",
    "gateway_throughput",
    "sft_speed",
    "faults",
    "nano_base",
    "exam_only",
    "forgetting",
    "corpus_check",
    "study_statistics",
    "exam_statistics",
    "guard",
    "policy",
    "quality",
    "search",
    "smallest",
    "trainings",
    "generations",
    "blindspots",
    "report",
    "dashboard",
    "provenance",
    "demo",
    "study",
    "reproductions",
    "kills",
    "executors",
    "contamination",
)


def main() -> None:
    chosen = sys.argv[1:] or NAMES
    for name in chosen:
        if name not in NAMES:
            sys.exit(f"no measurement {name!r}; there are {', '.join(NAMES)}")
    sys.argv[1:] = []  # options belong to `python -m benchmarks.NAME`
    for name in chosen:
        print(f"== {name}", file=sys.stderr, flush=True)
        import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
