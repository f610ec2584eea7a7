"""The list of runs: one cheap look at each folder, kept until its files change.

Whatever is in a folder, its line says so, and the other runs are listed all the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from coursewright.errors import RunFolderError
from coursewright.hand import waits_at
from coursewright.records import Result
from coursewright.store import RunFolder, is_held, place_of

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAIL = 4096
"""Bytes of `metrics.jsonl` that hold its last line."""


@dataclass(frozen=True)
class RunLine:
    """One run in the list."""

    name: str
    status: str
    created: str = ""
    task: str = ""
    agent: str = ""
    teacher: str = ""
    student: str = ""
    mode: str = ""
    setting: str = ""
    seed: int | None = None
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    private: float | None = None
    improved: bool = False
    audit: str = ""
    rounds: int | None = None
    seconds: float | None = None
    stage: str = ""
    """The last stage that ended, of a run that is not over."""
    waits: str = ""
    """What it waits for a person at, in words."""
    problem: str = ""
    is_run: bool = True
    """Whether there is a run to open; a study has jobs that are none, or none yet."""

    @property
    def words(self) -> str:
        """All that a search for words looks at."""
        parts = (self.name, self.task, self.agent, self.teacher, self.student, self.status)
        waits = "waits" if self.waits else ""
        return " ".join((*parts, self.mode, self.setting, waits)).lower()


class Lines:
    """Knows the runs of a folder."""

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._kept: dict[str, tuple[tuple[int, ...], RunLine]] = {}

    def all(self) -> list[RunLine]:
        """All runs, newest first."""
        try:
            folders = [path for path in self._runs.iterdir() if (path / "version").exists()]
        except OSError:
            return []
        kept = {path.name: self._known(path) for path in folders}
        self._kept = kept
        found = (line for _, line in kept.values())
        return sorted(found, key=lambda line: (line.created, line.name), reverse=True)

    def _known(self, path: Path) -> tuple[tuple[int, ...], RunLine]:
        stamp = (*stamp_of(path), int(is_held(path)))
        old = self._kept.get(path.name)
        return old if old is not None and old[0] == stamp else (stamp, line_of(path))


def stamp_of(path: Path) -> tuple[int, ...]:
    """Changes whenever what can be told of a run changes."""
    stamp: list[int] = []
    for name in ("result.json", "metrics.jsonl", "run.yaml", "version", "requests.sqlite"):
        try:
            found = (path / name).stat()
            stamp += [found.st_mtime_ns, found.st_size]
        except OSError:
            stamp += [0, 0]
    return tuple(stamp)


def line_of(path: Path) -> RunLine:
    """One run; a folder that cannot be read becomes a line that says why."""
    try:
        folder = RunFolder(path)
        result = folder.result()
        if result is not None:
            return _finished(folder, result)
        return _unfinished(folder)
    except (RunFolderError, OSError, ValueError, TypeError, AttributeError) as error:
        return RunLine(path.name, "broken", problem=" ".join(str(error).split())[:300])


def chosen(
    lines: Iterable[RunLine], *, words: str = "", status: str = "", task: str = ""
) -> list[RunLine]:
    """The lines that hold all the words, and are of this status and task if one is named."""
    wanted = words.lower().split()
    return [
        line
        for line in lines
        if all(word in line.words for word in wanted)
        and status in ("", line.status)
        and task in ("", line.task)
    ]


ORDERS = ("created", "name", "agent", "task", "gain", "private", "rounds", "seconds")


def in_order(lines: list[RunLine], by: str, *, falling: bool) -> list[RunLine]:
    """Sorted by one of `ORDERS`; what has no value there comes last either way."""
    known = [line for line in lines if getattr(line, by) not in (None, "")]
    rest = [line for line in lines if getattr(line, by) in (None, "")]
    return [*sorted(known, key=lambda line: getattr(line, by), reverse=falling), *rest]


def _finished(folder: RunFolder, result: Result) -> RunLine:
    low, high = result.gain_points_ci95 or (None, None)
    return RunLine(
        name=folder.name,
        status=result.status,
        created=folder.marker.created,
        task=result.task,
        agent=result.agent,
        teacher=result.teacher,
        student=result.student,
        mode=result.mode,
        setting=result.setting,
        seed=result.seed,
        gain=result.gain_points,
        low=low,
        high=high,
        private=result.final.private if result.final else None,
        improved=result.improved,
        audit=result.audit,
        rounds=len(result.rounds),
        seconds=result.seconds.get("total"),
        waits=_waits(folder, result),
    )


def _unfinished(folder: RunFolder) -> RunLine:
    """From the config as it was written: to check it whole would take longer than all the rest."""
    config = yaml.load((folder.path / "run.yaml").read_text(encoding="utf-8"), Loader=_LOADER)
    last = _last_metric(folder.path)
    return RunLine(
        name=folder.name,
        status="running" if is_held(folder.path) else "interrupted",
        created=folder.marker.created,
        task=Path(str(config["task"])).name,
        agent=_kind(config["agent"]),
        teacher=_kind(config["teacher"]),
        student=_kind(config["student"]),
        mode=str(config["mode"]),
        setting=str(config["setting"]),
        seed=config["seed"],
        rounds=len(list((folder.path / "rounds").glob("*/round.json"))),
        stage=str(last.get("stage", "")),
        waits=_waits(folder, None),
    )


def _waits(folder: RunFolder, result: Result | None) -> str:
    """The gate that a run waits at, in words; the config is read only where it names one."""
    settings = (folder.path / "run.yaml").read_bytes()
    if b"gates:" not in settings or b"gates: []" in settings:
        return ""
    waiting = waits_at(folder, result)
    if waiting is None or folder.requests.answer_to(waiting) is not None:
        return ""
    return place_of(waiting)


def _kind(part: Any) -> str:
    name = part.get("model") or part.get("path") or ""
    return f"{part['kind']}:{name}" if name else str(part["kind"])


def _last_metric(path: Path) -> dict[str, Any]:
    try:
        with (path / "metrics.jsonl").open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _TAIL))
            *_, last = file.read().splitlines()
        found = json.loads(last)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
