"""A run short enough to be made again and again: a cut of science-mini, two rounds, one epoch."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from coursewright.tasks import task_folder

SIZES = {"visible.jsonl": 42, "scored.jsonl": 42, "private.jsonl": 84, "seeds.jsonl": 28}
CONFIG = {
    "retrainings": 1,
    "budget": {"rounds": 2},
    "student": {"kind": "nano", "recipe": {"epochs": 1}},
}


def prepare(place: Path) -> list[str]:
    """Write the cut task and its config; return the arguments of `run` that name them."""
    task, config = place / "short-science", place / "config.yaml"
    shutil.copytree(task_folder("science-mini"), task)
    for name, size in SIZES.items():
        lines = (task / name).read_text().splitlines(keepends=True)
        (task / name).write_text("".join(lines[:size]))
    for file in (task / "probes").iterdir():
        file.write_text("".join(file.read_text().splitlines(keepends=True)[:14]))
    settings = yaml.safe_load((task / "task.yaml").read_text())
    settings["rows"] = {"minimum": 100, "maximum": 300}
    (task / "task.yaml").write_text(yaml.safe_dump(settings))
    config.write_text(yaml.safe_dump(CONFIG))
    return [str(task), "--config", str(config)]
