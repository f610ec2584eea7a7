"""`metrics.jsonl`: one line per finished stage, for trackers and plotting tools.

The journal is the truth; this is a copy of its figures that anything can read. It is written anew
whenever a run is taken up, and a line is added when a stage ends.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from coursewright.store.durable import storage, write_file

_FIGURES: dict[str, tuple[str, ...]] = {
    "propose": ("usage.calls", "usage.prompt_tokens", "usage.completion_tokens", "usage.cost_usd"),
    "program": ("teacher.calls", "teacher.cached", "teacher.cost_usd", "peak_bytes"),
    "collect": ("read", "kept"),
    "audit": ("kept",),
    "train": ("rows", "steps", "supervised_tokens", "loss"),
}
"""Fields of a stage's outcome that are figures, by the stage's kind."""


_OF_THE_RUN = ("probes", "private")
"""Stages that belong to no round."""


class Metrics:
    """The file of one run; only who holds the run writes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines = 0
        self._round: int | None = None

    def rewrite(self, stages: Iterable[sqlite3.Row]) -> None:
        """Write the lines of all stages so far.

        Raises:
            StorageError: the file cannot be written.
        """
        self._lines, self._round = 0, None
        write_file(self.path, "".join(self._line(dict(stage)) for stage in stages))

    def add(self, stage: Mapping[str, Any]) -> None:
        """Add the line of a stage: `kind`, `inputs`, `outcome`, `failed`, `seconds` and `at`.

        Raises:
            StorageError: the file cannot be written.
        """
        with storage(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(self._line(stage))

    def _line(self, stage: Mapping[str, Any]) -> str:
        kind, inputs = stage["kind"], json.loads(stage["inputs"])
        self._round = inputs.get("round", self._round)
        line: dict[str, Any] = {
            "_step": self._lines,
            "_timestamp": datetime.fromisoformat(stage["at"]).timestamp(),
            "stage": kind,
            "round": None if kind in _OF_THE_RUN else self._round,
            "seconds": round(stage["seconds"], 3),
            "failed": bool(stage["failed"]),
        }
        if not stage["failed"]:
            line |= figures(kind, json.loads(stage["outcome"]))
        self._lines += 1
        return json.dumps(line) + "\n"


def figures(kind: str, outcome: Mapping[str, Any]) -> dict[str, float]:
    """The figures in a stage's outcome, named `stage/figure`; scores by their split."""
    if kind == "evaluate":
        return _scores(outcome["split"], outcome)
    if kind == "private":
        found: dict[str, float] = {}
        for number, evaluation in enumerate(outcome["evaluations"]):
            found |= _scores("private_base" if number == 0 else f"private_{number}", evaluation)
        return found
    if kind == "probes":
        sat = outcome["evaluations"].items()
        return {name: value for probe, one in sat for name, value in _scores(probe, one).items()}
    told = {name: _at(outcome, name) for name in _FIGURES.get(kind, ())}
    return {
        f"{kind}/{name.replace('.', '_')}": value
        for name, value in told.items()
        if isinstance(value, int | float) and math.isfinite(value)
    }


def _scores(split: str, evaluation: Mapping[str, Any]) -> dict[str, float]:
    return {f"{split}/{name}": evaluation[name] for name in ("accuracy", "readable")}


def _at(outcome: Mapping[str, Any], path: str) -> Any:
    value: Any = outcome
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
