"""A study's folder as `bench` writes it: how far it is, its runs and baselines, its tables.

Whatever is damaged in it is said in the study's line; the others are listed all the same.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from coursewright.dashboard.lines import Lines, RunLine
from coursewright.report.bars import Gained
from coursewright.report.inert import one_line
from coursewright.store import is_held

LARGEST = 50_000_000
"""Bytes of a file that are read."""
MOST_JOBS = 5_000
"""Runs and baselines that are listed."""
_UNREADABLE = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, IndexError),
    *(ArithmeticError, RecursionError),
)


@dataclass(frozen=True)
class StudyLine:
    """One study in the list."""

    name: str
    status: str
    """`running`, `finished`, `interrupted` or `broken`."""
    done: int = 0
    total: int | None = None
    problems: int = 0
    tasks: str = ""
    best: str = ""
    """The contestant with the greatest gain."""
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    problem: str = ""

    @property
    def words(self) -> str:
        """All that a search for words looks at."""
        return " ".join((self.name, self.status, self.tasks, self.best)).lower()


@dataclass(frozen=True)
class Gain(Gained):
    """A line of a study's main table, over all tasks."""

    runs: int = 0
    mats: float | None = None


@dataclass(frozen=True)
class Study:
    """All that a page shows of a study but for its tables."""

    line: StudyLine
    jobs: tuple[RunLine, ...]
    """Its runs and baselines, in their order; those to come, too."""
    gains: tuple[Gain, ...]
    """Contestants with gain and interval, over all tasks, in the order of the study's table."""


def is_study(folder: Path) -> bool:
    """Whether `bench` made a folder."""
    return (folder / "runs").is_dir() and (folder / "baselines").is_dir()


def stamp_of_study(folder: Path) -> tuple[int, ...]:
    """Changes whenever what can be told of a study changes."""
    stamp = [0, 0]
    for pattern in ("*.json", "runs/*/result.json", "runs/*/metrics.jsonl", "baselines/*.json"):
        for path in folder.glob(pattern):
            with contextlib.suppress(OSError):
                stamp[0] += 1
                stamp[1] = max(stamp[1], path.stat().st_mtime_ns)
    return tuple(stamp)


def all_studies(folder: Path | None) -> list[StudyLine]:
    """The studies of a folder, by name."""
    try:
        found = sorted(path for path in folder.iterdir() if is_study(path)) if folder else []
    except OSError:
        return []
    return [read_study(path, None).line for path in found]


STUDY_ORDERS = ("name", "status", "done", "gain")


def chosen_studies(
    lines: Sequence[StudyLine], words: str, by: str, *, falling: bool
) -> list[StudyLine]:
    """The lines that hold all the words, by one of `STUDY_ORDERS`; what has no value comes last."""
    wanted = words.lower().split()
    found = [line for line in lines if all(word in line.words for word in wanted)]
    known = [line for line in found if getattr(line, by) is not None]
    rest = [line for line in found if getattr(line, by) is None]
    return [*sorted(known, key=lambda line: getattr(line, by), reverse=falling), *rest]


def read_study(folder: Path, lines: Lines | None) -> Study:
    """Read one study; without `lines` its jobs stay unread but for what is counted."""
    try:
        return _told(folder, lines)
    except _UNREADABLE as error:
        said = one_line(str(error) or type(error).__name__, 300)
        return Study(StudyLine(folder.name, "broken", problem=f"cannot be read: {said}"), (), ())


def _told(folder: Path, lines: Lines | None) -> Study:
    told = _read(folder / "study.json") or {}
    gains = tuple(_gains(told))
    done, total, problems = _counted(folder, told)
    status = "running" if is_held(folder) else "finished" if told else "interrupted"
    if total is not None and done + problems < total and status == "finished":
        status = "interrupted"
    best = max(gains, key=lambda one: one.gain, default=None)
    line = StudyLine(
        name=folder.name,
        status=status,
        done=done,
        total=total,
        problems=problems,
        tasks=", ".join(one_line(str(task), 60) for task in told.get("tasks", ())),
        best="" if best is None else best.label,
        gain=None if best is None else best.gain,
        low=None if best is None else best.low,
        high=None if best is None else best.high,
    )
    return Study(line, tuple(_jobs(folder, told, lines)) if lines is not None else (), gains)


def _counted(folder: Path, told: dict[str, Any]) -> tuple[int, int | None, int]:
    """How many runs and baselines are there, of how many, and how many could not be made."""
    planned = _read(folder / "jobs.json")
    problems = len(_read(folder / "problems.json") or {})
    made = {path.parent.name for path in (folder / "runs").glob("*/result.json")}
    made |= {path.stem for path in (folder / "baselines").glob("*.json")}
    if planned is None:
        return len(made), len(made) + problems if told else None, problems
    keys = {str(job["key"]) for job in planned}
    done = {key for name in made if (key := name.rpartition("-")[2]) in keys}
    return len(done), len(keys), problems


def _gains(told: dict[str, Any]) -> Iterator[Gain]:
    for row in told.get("main", ()):
        found = row["gain_points"]
        if row["task"] == "" and found is not None:
            low, high, mats = found["low"], found["high"], row["mats"]
            yield Gain(
                label=one_line(str(row["label"])),
                gain=float(found["value"]),
                low=None if low is None else float(low),
                high=None if high is None else float(high),
                is_baseline=row["line"]["kind"] == "baseline",
                runs=int(row["runs"]),
                mats=None if mats is None else float(mats),
            )


# ---------------------------------------------------------------- runs and baselines


def _jobs(folder: Path, told: dict[str, Any], lines: Lines) -> Iterator[RunLine]:
    """A line for each job that was planned, or that left something."""
    runs = {line.name: line for line in lines.all()}
    baselines = {path.stem: path for path in sorted((folder / "baselines").glob("*.json"))}
    planned = _read(folder / "jobs.json")
    if planned is None:
        labels = {str(row["run"]).rpartition("/")[2]: str(row["label"]) for row in _runs_of(told)}
        for name, line in sorted(runs.items()):
            yield _labelled(line, labels.get(name, line.agent))
        for name, path in baselines.items():
            yield _baseline(path, name.rpartition("-")[0], {})
        return
    problems = _read(folder / "problems.json") or {}
    held = is_held(folder)
    for job in planned[:MOST_JOBS]:
        key, cell = str(job["key"]), job["cells"][0]
        name = _name_of(key, str(job["name"]), baselines if job["direct"] else runs)
        label = one_line(", ".join(dict.fromkeys(_label(cell) for cell in job["cells"])), 300)
        if job["direct"] and name in baselines:
            yield _baseline(baselines[name], label, cell)
        elif not job["direct"] and name in runs:
            yield _labelled(runs[name], label)
        else:
            problem = one_line(str(problems.get(key, "")), 300)
            status = "no result" if problem else "to come" if held else "not made"
            yield _other(name, status, label, cell, problem)


def _name_of(key: str, name: str, known: dict[str, Any]) -> str:
    """What a job is called in the folder: labels may have changed since it was begun."""
    return next((one for one in known if one.endswith(f"-{key}")), name)


def _runs_of(told: dict[str, Any]) -> Sequence[dict[str, Any]]:
    return [row for row in told.get("runs", ()) if row["run"]]


def _label(cell: dict[str, Any]) -> str:
    """A contestant, and what about its cell is not the rule."""
    parts = [str(cell["contestant"])]
    if cell["feedback"] != "full":
        parts.append(f"feedback {cell['feedback']}")
    if cell["brief"] not in ("visible", "seeds"):
        parts.append(f"brief {cell['brief']}")
    return ", ".join(parts)


def _labelled(line: RunLine, label: str) -> RunLine:
    return replace(line, agent=one_line(label, 300))


def _baseline(path: Path, label: str, cell: dict[str, Any]) -> RunLine:
    """A baseline without rounds; the base student's exam stands first in its file."""
    base, score, seconds = _sitting(path, path.stat().st_mtime_ns)
    found = _other(path.stem, "measured", label, cell, "")
    return replace(found, private=score, gain=100 * (score - base), seconds=seconds)


@lru_cache(maxsize=1024)
def _sitting(path: Path, _changed: int) -> tuple[float, float, float]:
    """Accuracy of base student and baseline, and the seconds that it took."""
    sat = _read(path)
    first, last = (float(sat["evaluations"][at]["accuracy"]) for at in (0, -1))
    return first, last, float(sat["seconds"])


def _other(name: str, status: str, label: str, cell: dict[str, Any], problem: str) -> RunLine:
    """A job that is no run that one could open."""
    return RunLine(
        name=name,
        status=status,
        task=str(cell.get("task", "")),
        agent=label,
        teacher=str(cell.get("teacher", "")),
        student=str(cell.get("student", "")),
        mode=str(cell.get("mode", "")),
        setting=str(cell.get("setting", "")),
        seed=cell.get("seed"),
        problem=problem,
        is_run=False,
    )


def _read(path: Path) -> Any:
    """A JSON file; None if it is not there.

    Raises:
        OSError: it cannot be read.
        ValueError: it is too large, or no JSON.
    """
    if not path.is_file():
        return None
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path.name} has more than {LARGEST:,} bytes")
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is no JSON: {error}") from error
