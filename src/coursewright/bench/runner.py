"""Carries a study's jobs to their results, several at a time, each in a process of its own.

A job that is done is never made again; one that was begun goes on; one that failed is noted with
its reason, the others go on without it, and the next start tries it again.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from coursewright.bench.measured import is_done, name_of, result_file, seconds_of
from coursewright.bench.plan import Job, Places, Plan
from coursewright.bench.worker import Order
from coursewright.errors import Interrupted, RunFolderError
from coursewright.protocols import Progress
from coursewright.store import storage, write_file
from coursewright.store.run import hold

_TICK = 60.0
"""Seconds between two signs of life while nothing ends."""
_GOODBYE = 40.0
"""Seconds that workers get to stop cleanly."""


@contextlib.contextmanager
def held(places: Places) -> Iterator[None]:
    """Make a study's folder, and keep other processes from it.

    Raises:
        RunHeld: another process works on this study.
        StorageError: the folder cannot be written.
    """
    with storage(places.folder, "choose another folder with -o"):
        for folder in (places.runs, places.direct, places.shared, places.logs):
            folder.mkdir(parents=True, exist_ok=True)
    lock = hold(places.folder, "study")
    try:
        yield
    finally:
        lock.release()


def carry(plan: Plan, progress: Progress) -> dict[str, str]:
    """Make what is missing in a folder that is `held`; return why jobs have no result, by key.

    Raises:
        StorageError: the folder cannot be written.
        Interrupted: stopped by hand; the same command goes on.
    """
    places = plan.places
    write_jobs(plan)
    todo = [job for job in plan.jobs if not is_done(job, places)]
    done = [job for job in plan.jobs if is_done(job, places)]
    known = {job.key for job in plan.jobs}
    old = {key: why for key, why in read_problems(places).items() if key not in known}
    clock = Clock(plan, done)
    say_start(progress, todo, done)
    found = Pool(plan, clock, progress, len(done)).play(todo)
    write_file(places.problems, json.dumps({**old, **found}, indent=1, ensure_ascii=False))
    return found


def write_jobs(plan: Plan) -> None:
    """Write down what is to be made, so that who looks on can tell how far the study is."""
    jobs = [
        {
            "key": job.key,
            "name": job.name,
            "direct": job.direct is not None,
            "cells": [cell.model_dump(mode="json") for cell in job.cells],
        }
        for job in plan.jobs
    ]
    write_file(plan.places.jobs, json.dumps(jobs, indent=1, ensure_ascii=False))


def read_problems(places: Places) -> dict[str, str]:
    """Return why jobs had no result when the study was last carried on.

    Raises:
        RunFolderError: the file is damaged.
    """
    if not places.problems.is_file():
        return {}
    try:
        return {str(k): str(v) for k, v in json.loads(places.problems.read_bytes()).items()}
    except (OSError, ValueError, AttributeError) as error:
        raise RunFolderError("cannot be read; remove it", file=places.problems) from error


def say_start(progress: Progress, todo: Sequence[Job], done: Sequence[Job]) -> None:
    """Say what is there and what is to do."""
    here = f"{len(done)} of {len(done) + len(todo)} runs and baselines are there"
    progress.say(f"{here}; {len(todo)} to make" if todo else here)


class Pool:
    """The workers under way, and what became of those that ended."""

    def __init__(self, plan: Plan, clock: Clock, progress: Progress, done: int) -> None:
        self._plan = plan
        self._places = plan.places
        self._clock = clock
        self._progress = progress
        self._done = done
        self._total = len(plan.jobs)
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._guard = threading.Lock()
        self._stopped = False

    def play(self, todo: Sequence[Job]) -> dict[str, str]:
        """Make all these jobs; return the problems of those that failed."""
        problems: dict[str, str] = {}
        left = list(todo)
        if left:
            self._progress.start("study")
        executor = ThreadPoolExecutor(self._plan.study.at_once)
        try:
            under_way = {executor.submit(self._work, job): job for job in todo}
            while under_way:
                ended, _ = wait(under_way, timeout=_TICK, return_when=FIRST_COMPLETED)
                for future in ended:
                    job = under_way.pop(future)
                    left.remove(job)
                    line = self._ended(job, future, problems)
                    self._progress.say(f"{line}; {self._far(left)}")
                    if left:
                        self._progress.start("study")  # a line of prose ends the bar
                if left:
                    self._progress.advance(self._done, self._far(left).partition(" ")[2])
        except BaseException as stop:
            self._stop()
            executor.shutdown(cancel_futures=True)
            if isinstance(stop, KeyboardInterrupt):
                raise Interrupted(
                    f"stopped with {self._done} of {self._total} runs and baselines made; "
                    "the same command goes on"
                ) from None
            raise
        executor.shutdown()
        return problems

    def _ended(self, job: Job, future: Future[str], problems: dict[str, str]) -> str:
        """Take note of a job's end; say in words what came of it."""
        name = job.name.removesuffix(f"-{job.key}")
        problem = future.result()
        if problem:
            problems[job.key] = problem
            return f"{name}: no result: {problem}"
        self._done += 1
        seconds = seconds_of(job, self._places)
        self._clock.ended(job, seconds)
        return f"{name}: {_outcome(job, self._places)} in {_span(seconds)}"

    def _far(self, left: Sequence[Job]) -> str:
        """How far the study is, and how long the rest will take if it goes on like this.

        Not left to the display, which would reckon as if all runs took alike.
        """
        seconds = self._clock.left(left)
        expected = "" if seconds is None or not left else f", about {_span(seconds)} left"
        return f"{self._done} of {self._total} there{expected}"

    def _work(self, job: Job) -> str:
        """Carry out one job in a process; return what went wrong, or nothing."""
        name = name_of(job, self._places)
        order = Order(
            name=name,
            config=job.config,
            direct=job.direct,
            result=self._places.direct / f"{name}.json",
        )
        log = self._places.logs / f"{job.name}.log"
        with log.open("wb") as said:
            worker = self._start(job, said.fileno())
            if worker is None:
                return "interrupted"
            assert worker.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                worker.stdin.write(order.model_dump_json().encode() + b"\n")
                worker.stdin.flush()
            code = worker.wait()
            with contextlib.suppress(BrokenPipeError):
                worker.stdin.close()
        with self._guard:
            self._workers.pop(job.key, None)
        if code == 0 and result_file(job, self._places).is_file():
            return ""
        return _last_words(log) or f"its process ended with {code}"

    def _start(self, job: Job, log: int) -> subprocess.Popen[bytes] | None:
        with self._guard:
            if self._stopped:
                return None
            worker = subprocess.Popen(
                [sys.executable, "-P", "-m", "coursewright.bench.worker"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=_environment(),
                # Ctrl-C is ours to answer; workers hear of it from us.
                start_new_session=True,
            )
            self._workers[job.key] = worker
            return worker

    def _stop(self) -> None:
        with self._guard:
            self._stopped = True
            workers = list(self._workers.values())
        for worker in workers:
            worker.terminate()
        deadline = time.monotonic() + _GOODBYE
        for worker in workers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.wait(max(0.0, deadline - time.monotonic()))
            worker.kill()


class Clock:
    """Expects of a job what others of its kind took."""

    def __init__(self, plan: Plan, done: Sequence[Job]) -> None:
        self._at_once = plan.study.at_once
        self._took: dict[tuple[str, ...], list[float]] = defaultdict(list)
        for job in done:
            self.ended(job, seconds_of(job, plan.places))

    def ended(self, job: Job, seconds: float) -> None:
        """Remember how long a job took."""
        for kind in _kinds(job):
            self._took[kind].append(seconds)

    def left(self, jobs: Sequence[Job]) -> float | None:
        """Return the seconds that these jobs will take together; None before any has ended."""
        if not self._took:
            return None
        return sum(map(self._expected, jobs)) / self._at_once

    def _expected(self, job: Job) -> float:
        kind = next(kind for kind in _kinds(job) if kind in self._took or not kind)
        return statistics.mean(self._took[kind])


def _kinds(job: Job) -> Iterator[tuple[str, ...]]:
    """What a job has in common with others, the closest likeness first."""
    cell = job.cells[0]
    yield cell.contestant, cell.mode, cell.task, cell.student
    yield cell.contestant, cell.mode
    yield ("run",) if job.direct is None else ("baseline",)
    yield ()


def _outcome(job: Job, places: Places) -> str:
    told = json.loads(result_file(job, places).read_bytes())
    if job.direct is not None:
        return f"{told['evaluations'][-1]['accuracy']:.1%}"
    gain = told["gain_points"]
    return "no valid submission" if gain is None else f"{gain:+.1f} points"


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _last_words(log: Path) -> str:
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - 4000))
        lines = stream.read().decode("utf-8", "replace").splitlines()
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return last.removeprefix("coursewright: ")[:500]


def _environment() -> dict[str, str]:
    """Ours, with one thread, and with the same modules in reach."""
    path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **threads, "PYTHONPATH": path}
