"""Builds a task from every data set that lies in a folder, and checks it.

    python -m benchmarks.builders DATA_FOLDER            the sets in DATA_FOLDER/<name>
    python -m benchmarks.builders --rows 100000          a made-up file of that many rows

Prints one line a set: sizes, what was left out, problems of `task check`, and golds that the
official rule cannot accept. With `--rows`: seconds and memory of building and of checking.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from benchmarks.common import report
from coursewright.errors import TaskError
from coursewright.tasks import build_task, check_task
from coursewright.tasks.reading import read_yaml

SETS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("scibench", "scibench", {}),
    ("scibench", "scibench", {"policy": "official"}),
    ("cruxeval", "cruxeval", {}),
    ("mbpp", "mbpp_top", {}),
    ("tatqa", "tatqa", {}),
    ("gsm8k", "numeric_qa", {}),
    ("svamp", "numeric_qa", {"variant": "svamp"}),
    ("aqua", "multiple_choice", {}),
    ("banking77", "classification", {}),
    ("text2sql-advising", "text_to_sql", {}),
)


def build_sets(data: Path) -> bool:
    """Whether every set that is there was built and passes its check."""
    good = True
    with tempfile.TemporaryDirectory() as place:
        for number, (name, builder, options) in enumerate(SETS):
            if not (data / name).is_dir():
                continue
            folder = Path(place) / str(number)
            started = time.process_time()
            try:
                built = build_task(builder, data / name, folder, options)
            except TaskError as error:
                report(set=name, options=options, error=str(error))
                good = False
                continue
            seconds = time.process_time() - started
            problems = check_task(str(folder))
            good &= not problems
            report(
                set=name,
                options=options,
                splits=built.splits,
                groups=built.groups,
                left_out=built.dropped,
                problems=len(problems),
                unfixable=read_yaml(folder, "task.yaml")[0].get("unfixable", []),
                cpu_seconds=round(seconds, 1),
            )
    return good


def build_rows(rows: int) -> None:
    """Builds and checks a made-up file: a third template, a tenth near-copies, the rest prose."""
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / "rows.jsonl"
        _write_rows(source, rows)
        options = {"task.scorer.kind": "label"}
        for step in ("build", "check"):
            started, used = time.perf_counter(), time.process_time()
            if step == "build":
                build_task("generic", source, Path(place) / "task", options)
            else:
                assert check_task(str(Path(place) / "task")) == []
            report(
                step=step,
                rows=rows,
                megabytes=source.stat().st_size >> 20,
                seconds=round(time.perf_counter() - started, 1),
                cpu_seconds=round(time.process_time() - used, 1),
                peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
            )


def _write_rows(path: Path, rows: int) -> None:
    rng = Random(0)
    words = [f"word{number}" for number in range(20_000)]
    weights = [1 / (number + 5) for number in range(20_000)]
    last = "so"
    with path.open("w", encoding="utf-8") as stream:
        for number in range(rows):
            if number % 3 == 0:
                distance, hours = rng.randint(10, 90_000), rng.randint(2, 900)
                text = f"Train {number} travels {distance} km in {hours} hours without any stop. "
                text += "How many km does it travel per hour on average on such a day?"
            elif number % 10 == 1:
                text = f"{last} please"
            else:
                text = " ".join(rng.choices(words, weights, k=40))
            last = text
            line = {"question": text, "answer": f"label {number % 50}", "topic": f"t{number % 20}"}
            stream.write(json.dumps(line) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", nargs="?", type=Path)
    parser.add_argument("--rows", type=int)
    given = parser.parse_args()
    if given.rows:
        build_rows(given.rows)
    return 0 if given.data is None or build_sets(given.data) else 1


if __name__ == "__main__":
    sys.exit(main())
