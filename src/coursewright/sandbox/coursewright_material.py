"""What a curation program finds in its data folder: `coursewright_program` offers these calls."""

from __future__ import annotations

import json
import os
from typing import Any

__all__ = [
    "brief",
    "load_best",
    "load_previous",
    "load_sample",
    "load_seeds",
    "load_visible",
    "seed",
]


def brief() -> dict[str, Any]:
    """Return what is known of the task: description, answer format, sizes, packages."""
    try:
        with open(_data_path("brief.json"), encoding="utf-8") as stream:
            told = json.load(stream)
    except FileNotFoundError:
        return {}
    return told if isinstance(told, dict) else {}


def load_visible() -> list[dict[str, Any]]:
    """Return the visible items, with answers."""
    return _rows("visible.jsonl")


def load_seeds() -> list[dict[str, Any]]:
    """Return the seed questions; none in the `scratch` setting."""
    return _rows("seeds.jsonl")


def load_sample() -> list[dict[str, Any]]:
    """Return one to three rows in the required shape."""
    return _rows("sample.json") or _rows("sample.jsonl")


def load_previous() -> list[dict[str, Any]]:
    """Return the rows of the attempt that this one mends or improves; none at first."""
    return _rows("previous.jsonl")


def load_best() -> list[dict[str, Any]]:
    """Return the rows of the best attempt so far; none at first."""
    return _rows("best.jsonl")


def seed() -> int:
    """Return the round's random seed."""
    return int(os.environ.get("COURSEWRIGHT_SEED", "0"))


def _data_path(name: str) -> str:
    return os.path.join(os.environ.get("COURSEWRIGHT_DATA", "."), name)


def _rows(name: str) -> list[dict[str, Any]]:
    try:
        with open(_data_path(name), encoding="utf-8") as stream:
            if name.endswith(".json"):
                told = json.load(stream)
                return told if isinstance(told, list) else [told]
            return [json.loads(line) for line in stream if line.strip()]
    except FileNotFoundError:
        return []
