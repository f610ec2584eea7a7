"""What tells an open page that its run has gone on: a stream of server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from coursewright.dashboard.lines import stamp_of
from coursewright.report.inert import one_line
from coursewright.store import is_held

TICK = 0.3
"""Seconds between two looks at the folder."""
ALIVE = 15.0
"""Seconds after which a silent stream says that it is there."""


async def events(
    path: Path, stamp_of: Callable[[Path], tuple[int, ...]] = stamp_of, there: str = "version"
) -> AsyncIterator[str]:
    """Yield an event for every change: `change` (stages, requests, result), `progress`, `gone`.

    `there` names what a folder has as long as it is there. Ends once it has gone.
    """
    seen: tuple[int, ...] | None = None
    told: dict[str, Any] | None = None
    silent = 0.0
    while True:
        stamp = (*stamp_of(path), int(is_held(path)))
        progress = read_progress(path)
        if not (path / there).exists():
            yield event("gone", {})
            return
        if stamp != seen:
            # The page was made just now; what is new is what comes after.
            if seen is not None:
                yield event("change", {})
            seen, silent = stamp, 0.0
        if progress != told:
            yield event("progress", progress)
            told, silent = progress, 0.0
        if silent >= ALIVE:
            yield ": still here\n\n"
            silent = 0.0
        await asyncio.sleep(TICK)
        silent += TICK


def event(name: str, data: dict[str, Any]) -> str:
    """One event of the stream."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def read_progress(path: Path) -> dict[str, Any]:
    """How far the stage under way is; empty if nobody works on the run."""
    if not is_held(path):
        return {}
    try:
        found = json.loads((path / "progress.json").read_bytes()[:10_000])
        stage, done, total = found["stage"], found.get("done"), found.get("total")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {
        "stage": one_line(str(stage), 60),
        "done": done if isinstance(done, int) else 0,
        "total": total if isinstance(total, int) else None,
        "note": one_line(str(found.get("note", "")), 60),
        "said": one_line(str(found.get("said", "")), 200),
        "over": "ended" in found,
    }
