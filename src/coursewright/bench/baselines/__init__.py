"""The baselines that a study can name.

Most are ordinary agents in ordinary runs, so that budgets, audit and statistics are the same:

    heuristic, heuristic-one-shot   the built-in agent
    random-search                   random plans, the best of them kept (`agents.random_search`)
    fixed-pipeline                  one good program of a human's, made anew every round
    seeds-only                      every seed answered once by the teacher

Some have no program, and sit the exam on a direct path (`direct`):

    base          the student before any training
    few-shot      the same with some visible items in its prompt
    teacher       the teacher itself
    oracle        a student trained on right rows, from a task's own generator or a training split
    format-only   the same rows, each with the answer of another
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from coursewright.bench.study import BaselineEntry, BaselineName
from coursewright.config import HeuristicAgent, ProgramAgent, RandomSearchAgent
from coursewright.errors import ConfigError
from coursewright.families.drawing import FAMILY_OF
from coursewright.records import Mode, Record, Setting, Task

PROGRAMS = Path(__file__).parent


@dataclass(frozen=True)
class AsRun:
    """A baseline that is an ordinary run."""

    agent: Any
    mode: Mode
    setting: Setting | None = None
    """The one setting it makes sense in; None: those of the study."""


AS_RUNS: dict[BaselineName, AsRun] = {
    "heuristic": AsRun(HeuristicAgent(), "iterative"),
    "heuristic-one-shot": AsRun(HeuristicAgent(), "one-shot"),
    "random-search": AsRun(RandomSearchAgent(), "iterative"),
    "fixed-pipeline": AsRun(
        ProgramAgent(path=PROGRAMS / "fixed_pipeline.py.txt"),
        "iterative",
    ),
    "seeds-only": AsRun(ProgramAgent(path=PROGRAMS / "seeds_only.py.txt"), "one-shot", "seed"),
}

_NOT_TRAINED = ("retrainings", "teacher", "budget", "setting")
_IGNORES: dict[str, tuple[str, ...]] = {
    "base": (*_NOT_TRAINED, "seed"),
    "few-shot": _NOT_TRAINED,
    "teacher": ("retrainings", "student", "setting"),
    "oracle": ("teacher", "budget", "setting"),
    "format-only": ("teacher", "budget", "setting"),
}


class Direct(Record):
    """A baseline without rounds, and what it needs."""

    name: Literal["base", "few-shot", "teacher", "oracle", "format-only"]
    examples: int = 0
    family: str | None = None
    """The generator that right rows are drawn from, ..."""
    rows: Path | None = None
    """... or a file that holds them, ..."""
    digest: str = ""
    """... and its content's."""

    @property
    def ignores(self) -> tuple[str, ...]:
        """Settings of a run that make no difference to it."""
        return (*_IGNORES[self.name], *("agent", "sandbox", "search", "mode", "feedback", "brief"))

    def settings(self) -> dict[str, Any]:
        """What decides its outcome beside the run's settings."""
        return self.model_dump(mode="json", exclude={"rows"})


def direct_of(baseline: BaselineEntry, task: Task, label: str) -> Direct:
    """Return how a baseline without rounds is measured on a task.

    Raises:
        ConfigError: it needs right rows, and there are none or they cannot be read.
    """
    name: Any = baseline.name
    if name == "few-shot":
        return Direct(name=name, examples=baseline.examples)
    if name not in ("oracle", "format-only"):
        return Direct(name=name)
    file = baseline.rows.get(label)
    if file is not None:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise ConfigError(
                f"cannot be read: {error.strerror}", file=file, field="baselines.rows"
            ) from error
        digest = hashlib.sha256(content).hexdigest()
        return Direct(name=name, rows=file.absolute(), digest=digest)
    if task.name not in FAMILY_OF:
        raise ConfigError(
            f"{name} needs right rows for task {label!r}: write `{{name: {name}, rows: "
            f"{{{label}: FILE.jsonl}}}}`, or leave it out",
            field="baselines",
        )
    return Direct(name=name, family=FAMILY_OF[task.name])
