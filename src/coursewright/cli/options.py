"""Options that several commands share, and how a JSON answer is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Runs = Annotated[Path, typer.Option("--runs", help="Folder that holds the runs.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's path, or its id.")]
Executor = Annotated[
    str | None,
    typer.Option("--executor", help="Who computes: local (default), or ray[:ADDRESS]."),
]
Slots = Annotated[
    int | None,
    typer.Option("--slots", help="Trainings and answers computed side by side, at most."),
]
DEFAULT_RUNS = Path("runs")


def executor_settings(executor: str | None, slots: int | None) -> dict[str, Any]:
    """Return the settings of the executor that two options ask for; nothing if neither is given."""
    from coursewright.config import executor_part

    part = {} if executor is None else executor_part(executor)
    return part if slots is None else {**part, "slots": slots}


def emit(payload: Any) -> None:
    """Print a payload as the one JSON object of a command."""
    typer.echo(json.dumps(payload, indent=2, ensure_ascii=False))
