"""Who computes, measured: slots side by side, Ray against local workers, and a node that dies.

    python -m benchmarks.executors --part slots      # 2 slots against 1, 8 candidates: bar 0.6
    python -m benchmarks.executors --part ray        # Ray against local, same slots: bar 1.1
    python -m benchmarks.executors --part identity   # ... one candidate at a time: the same data
    python -m benchmarks.executors --part node       # a node is killed in mid-training

`--runs` repeats the timed parts, in turns; the median of the ratios counts. `--size short` takes
the run of the suite (pico, a cut task) in the place of science-mini and nano; `--epochs` makes its
trainings as dear, beside programs and audits that follow one another, as those of a larger student.
One thread a slot in all of it. The timed parts want two cores that nobody else uses.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.common import report
from coursewright.config import RunConfig
from coursewright.display import Silent
from coursewright.records import Result
from coursewright.runs import run
from coursewright.store import RunFolder
from tests.short import prepare

PARTS = ("slots", "ray", "identity", "node")
CANDIDATES = 8


def settings(
    place: Path, size: str, *, rounds: int, wave: int, epochs: int | None = None
) -> dict[str, Any]:
    """Return the config of a run of so many candidates, `wave` of them at a time."""
    search = {"kind": "tree", "wave": wave, "drafts": min(wave, 4)} if wave > 1 else "greedy"
    common = {"search": search, "noise_seeds": 0, "seed": 5}
    if size == "full":
        student = {"kind": "nano", **({"recipe": {"epochs": epochs}} if epochs else {})}
        budget = {"rounds": rounds}
        return {**common, "task": "science-mini", "student": student, "budget": budget}
    if not (place / "short-science").exists():
        prepare(place)
    return {
        **common,
        "retrainings": 1,
        "task": str(place / "short-science"),
        "student": {"kind": "pico", "recipe": {"epochs": epochs or 1}},
        "budget": {"rounds": rounds},
    }


def timed(place: Path, name: str, config: dict[str, Any], executor: dict[str, Any]) -> Result:
    """Make one run, and print what it took: seconds by stage are wall time, shared between those
    that are under way at once."""
    settled = RunConfig.model_validate(
        {**config, "executor": executor, "runs": place, "name": name}
    )
    began = time.monotonic()
    result = run(settled, Silent())
    report(
        what="run",
        name=name,
        executor=executor,
        wall_seconds=round(time.monotonic() - began, 1),
        stage_seconds={kind: round(seconds, 1) for kind, seconds in result.seconds.items()},
        private=result.final.private if result.final else None,
    )
    return result


def compare(
    place: Path, config: dict[str, Any], executors: dict[str, dict[str, Any]], runs: int
) -> None:
    """Time two executors in turns, and print the ratio of the second to the first."""
    (first, one), (second, other) = executors.items()
    ratios, same = [], True
    for number in range(runs):
        walls, found = [], []
        for name, executor in ((first, one), (second, other)):
            began = time.monotonic()
            found.append(timed(place, f"{name}-{number}", config, executor))
            walls.append(time.monotonic() - began)
        ratios.append(walls[1] / walls[0])
        same &= datasets(found[0]) == datasets(found[1])
    report(
        what=f"{second} against {first}",
        runs=runs,
        ratios=[round(ratio, 3) for ratio in ratios],
        median_ratio=round(statistics.median(ratios), 3),
        same_data_sets=same,
    )


def datasets(result: Result) -> list[str | None]:
    """Return the digest of every round's data set, and of the delivered one."""
    return [
        *(done.dataset for done in result.rounds),
        result.final.dataset if result.final else None,
    ]


# ---------------------------------------------------------------- a node that dies


class Watch(Silent):
    """A display that tells when so many trainings are under way at once."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._steps: dict[int, int] = {}
        self._lock = threading.Lock()
        self.reached = threading.Event()
        self.said: list[str] = []

    def advance(self, done: int, note: str = "") -> None:
        with self._lock:
            if note.startswith("loss"):
                self._steps[threading.get_ident()] = done
            if len(self._steps) >= self._wanted:
                self.reached.set()

    def finish(self, note: str = "") -> None:
        with self._lock:
            self._steps.pop(threading.get_ident(), None)

    def say(self, line: str) -> None:
        self.said.append(line)


@contextmanager
def two_nodes() -> Iterator[tuple[Any, Any]]:
    """A Ray cluster of two nodes of one CPU each on this machine; yields it and the second."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    try:
        yield cluster, cluster.add_node(num_cpus=1)
    finally:
        cluster.shutdown()


def node(place: Path, size: str) -> None:
    """Kill one of two nodes in mid-training; compare with an undisturbed run."""
    config = settings(place, size, rounds=4, wave=2)
    calm = timed(place, "undisturbed", config, {"kind": "local", "slots": 2})
    watch = Watch(wanted=2)
    with two_nodes() as (cluster, second):
        executor = {"kind": "ray", "address": cluster.address, "slots": 2}
        killed: list[float] = []
        began = time.monotonic()

        def kill() -> None:
            watch.reached.wait()
            raylet = second.all_processes["raylet"][0].process.pid
            cluster.remove_node(second, allow_graceful=False)
            assert not psutil.pid_exists(raylet)
            killed.append(time.monotonic() - began)

        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        settled = RunConfig.model_validate(
            {**config, "executor": executor, "runs": place, "name": "killed"}
        )
        result = run(settled, watch)
        watch.reached.set()
        killer.join()
    report(
        what="one of two nodes killed in mid-training",
        killed_after_seconds=[round(second, 1) for second in killed],
        wall_seconds=round(time.monotonic() - began, 1),
        finished=result.status,
        same_data_sets=datasets(result) == datasets(calm),
        calls=calls(place, "killed"),
        calls_undisturbed=calls(place, "undisturbed"),
        said=[line for line in watch.said if line.startswith("executor")],
    )


def calls(place: Path, name: str) -> int:
    """Return the teacher calls in a run's ledger."""
    result = RunFolder(place / name).result()
    assert result is not None
    return result.teacher_usage.calls


def main() -> None:
    """Measure what the options name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--size", choices=("full", "short"), default="full")
    parser.add_argument("--epochs", type=int)
    given = parser.parse_args()
    local = {f"local-{n}": {"kind": "local", "slots": n} for n in (1, 2)}
    ray = {"kind": "ray", "slots": 2}
    for part in given.part or PARTS:
        with tempfile.TemporaryDirectory(prefix="coursewright-bench-") as folder:
            place = Path(folder)
            eight = settings(
                place, given.size, rounds=CANDIDATES, wave=CANDIDATES, epochs=given.epochs
            )
            if part == "slots":
                compare(place, eight, local, given.runs)
            elif part == "ray":
                compare(place, eight, {"local-2": local["local-2"], "ray-2": ray}, given.runs)
            elif part == "identity":
                one = settings(place, given.size, rounds=2, wave=1)
                ray_1 = {"kind": "ray", "slots": 1}
                compare(place, one, {"local-1": local["local-1"], "ray-1": ray_1}, 1)
            else:
                node(place, given.size)


if __name__ == "__main__":
    main()
