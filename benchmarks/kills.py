"""kill -9 of supervisor, gateway, worker or program at random moments, then `resume`.

Bar: 40 kills; the same final data set as the undisturbed run, a ledger that holds at least every
call that reached the upstream by its own count, and no orphan process. The run is short: a cut of
science-mini, two rounds, one epoch. Its caps do not bind, and the heuristic agent's programs do
not branch on what is left.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import yaml

from benchmarks.common import COMMAND, ROOT, report
from benchmarks.counting import calls_counted
from tests.short import CONFIG, prepare

KILLS = 40
VICTIMS = ("supervisor", "gateway", "worker", "program")
MARKS = {
    "gateway": "coursewright.teacher.gateway",
    "worker": "coursewright.student.worker",
    "program": "launcher.py",
}


def command(runs: Path, name: str) -> list[str]:
    """The command of one run, whose teacher counts its calls in a file beside the run."""
    config = runs / f"{name}.yaml"
    teacher = {
        "kind": "custom",
        "path": "benchmarks.counting:CountingUpstream",
        "options": {"count": str(count_of(runs, name))},
    }
    config.write_text(yaml.safe_dump({**CONFIG, "teacher": teacher}))
    task, place = str(runs / "short-science"), ["--runs", str(runs), "--name", name]
    return [*COMMAND, "run", task, "--config", str(config), *place]


def count_of(runs: Path, name: str) -> Path:
    return runs / f"{name}.calls"


def start(arguments: list[str]) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen(arguments, cwd=ROOT, stdout=quiet, stderr=quiet, start_new_session=True)


def find(victim: str, supervisor: psutil.Process) -> psutil.Process | None:
    """Return the process to kill, if it lives at this moment."""
    if victim == "supervisor":
        return supervisor
    for child in supervisor.children(recursive=True):
        try:
            words = child.cmdline()
        except psutil.Error:
            continue
        # The innermost process of a program: killing its jailer would be another test.
        if any(MARKS[victim] in word for word in words) and "bwrap" not in words[0]:
            return child
    return None


def orphans(before: set[int]) -> list[str]:
    """Return command lines of ours that no living supervisor answers for any more."""
    left = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        if process.info["pid"] in before or not is_ours(process.info["cmdline"]):
            continue
        try:
            chain = [parent.cmdline() for parent in process.parents() if parent.pid != 1]
        except psutil.Error:
            continue  # it ended while we looked
        if all(is_ours(words) for words in chain):
            left.append(" ".join(process.info["cmdline"]))
    return left


def is_ours(words: list[str] | None) -> bool:
    """Whether a command line is a gateway, a worker, a program, or a program's jailer."""
    return any(mark in word for mark in (*MARKS.values(), "bwrap") for word in words or [])


def outcome(runs: Path, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((runs / name / "result.json").read_text())
    return loaded


def kill_once(runs: Path, number: int, undisturbed: dict[str, Any], seconds: float) -> bool:
    rng = random.Random(number)
    victim = VICTIMS[number % len(VICTIMS)]
    # The last program is long dead when the last training begins.
    moment = rng.uniform(0.05, 0.5 if victim == "program" else 0.95) * seconds
    name = f"kill-{number}"
    before = set(psutil.pids())
    running = start(command(runs, name))
    time.sleep(moment)
    killed = False
    supervisor = psutil.Process(running.pid)
    while running.poll() is None and not killed:
        found = find(victim, supervisor)
        if found is not None:
            found.kill()
            killed = True
        time.sleep(0.005)
    running.wait()
    resumes = 0
    while not (runs / name / "result.json").exists() and resumes < 5:
        place = runs / name
        arguments = [*COMMAND, "resume", name, "--runs", str(runs)]
        # Killed before its folder was there, a run has nothing to resume: it starts again.
        start(arguments if place.exists() else command(runs, name)).wait()
        resumes += 1
    time.sleep(0.5)
    left = orphans(before)
    again = outcome(runs, name)
    datasets = [[r["dataset"] for r in result["rounds"]] for result in (undisturbed, again)]
    same = datasets[0] == datasets[1] and (
        undisturbed["final"]["dataset"] == again["final"]["dataset"]
    )
    calls, reached = again["teacher_usage"]["calls"], calls_counted(count_of(runs, name))
    report(
        name="kill",
        number=number,
        victim=victim,
        at_seconds=round(moment, 1),
        killed=killed,
        resumes=resumes,
        same_data=same,
        calls=calls,
        reached_upstream=reached,
        orphans=left,
    )
    return bool(killed and same and calls >= reached > 0 and not left)


def main() -> None:
    kills = int(sys.argv[sys.argv.index("--kills") + 1]) if "--kills" in sys.argv else KILLS
    with tempfile.TemporaryDirectory() as place:
        runs = Path(place)
        prepare(runs)
        began = time.monotonic()
        start(command(runs, "undisturbed")).wait()
        seconds = time.monotonic() - began
        undisturbed = outcome(runs, "undisturbed")
        passed = sum(kill_once(runs, number, undisturbed, seconds) for number in range(kills))
    report(name="kills", kills=kills, passed=passed, undisturbed_seconds=round(seconds, 1))


if __name__ == "__main__":
    main()
