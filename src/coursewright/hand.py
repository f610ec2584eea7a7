"""The human hand on a run: a note to its agent, an answer at a gate, a wish to stop.

Each only appends a request to the run's folder (`store.Requests`), beside the process that works
on it. What that process made of it stands in its record.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from coursewright.errors import RunFolderError
from coursewright.records import Record, Result, Waiting
from coursewright.store import (
    RunFolder,
    amend,
    export_gate,
    is_held,
    place_of,
    read_rows,
    resolve_run,
)

SHOWN = 20
"""Rows of a data set that are shown to who has to approve it."""


class Said(Record):
    """What a person asked of a run, and what comes of it."""

    run: str
    request: int
    """Its number in the run."""
    kind: Literal["note", "approved", "rejected", "stop"]
    about: str = ""
    """What was approved or rejected."""
    line: str
    """What happens next, in words."""


def steer(run: str, runs: Path, note: str) -> Said:
    """Put a note before the next proposal of a run that has no result yet.

    Raises:
        RunFolderError: there is no such run, or it has finished.
        UsageError: the note is empty or too long.
    """
    folder = _open(run, runs)
    number = folder.requests.add("note", note)
    return Said(
        run=folder.name, request=number, kind="note", line=_next(folder, "before its next proposal")
    )


def stop(run: str, runs: Path) -> Said:
    """Ask a run to stop after the stage under way; `resume` goes on.

    Raises:
        RunFolderError: there is no such run, it has finished, or no process works on it.
    """
    folder = _open(run, runs)
    if not is_held(folder.path):
        raise RunFolderError("no process works on it; there is nothing to stop", file=folder.path)
    number = folder.requests.add("stop")
    line = "stops after the stage under way; `coursewright resume` goes on"
    return Said(run=folder.name, request=number, kind="stop", line=line)


def approve(run: str, runs: Path, *, reject: str | None = None, subject: str | None = None) -> Said:
    """Answer the gate that a run waits at; `reject` is the reason why not.

    `subject` is that of the `Waiting` which the person looked at, where it may be another by now.

    Raises:
        RunFolderError: there is no such run, or it waits for nobody, or for something else.
        UsageError: the reason is empty or too long.
        RunHeld: another process works on a finished run.
    """
    folder = RunFolder(resolve_run(run, runs))
    waiting = require_waiting(folder)
    if subject is not None and subject != waiting.subject:
        raise RunFolderError(
            f"waits for something else by now, {place_of(waiting)}; look at that first",
            file=folder.path,
        )
    number = folder.requests.answer(waiting, approved=reject is None, reason=reject or "")
    kind: Literal["approved", "rejected"] = "approved" if reject is None else "rejected"
    if waiting.gate == "export":
        # No process is there that could write it into the record.
        result = folder.result()
        assert result is not None
        amend(folder, human_inputs=(*result.human_inputs, f"{kind} export"))
        folder.requests.wait(None)
        line = "can be exported" if reject is None else "will not be exported"
    else:
        line = _next(folder, "now")
    return Said(run=folder.name, request=number, kind=kind, about=place_of(waiting), line=line)


def to_approve(run: str, runs: Path) -> tuple[str, list[str]]:
    """Return what a run waits at, and what is to be looked at, line by line.

    Raises:
        RunFolderError: there is no such run, or it waits for nobody.
    """
    folder = RunFolder(resolve_run(run, runs))
    waiting = require_waiting(folder)
    return place_of(waiting), what_to_approve(folder, waiting)


def what_to_approve(folder: RunFolder, waiting: Waiting) -> list[str]:
    """Return what has to be looked at before a gate is answered, line by line.

    Raises:
        RunFolderError: it cannot be read.
    """
    lines: list[str] = []
    if waiting.gate == "plan":
        for name in ("plan.md", "code.py"):
            path = folder.round_path(waiting.round) / name
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, ValueError) as error:
                raise RunFolderError("cannot be read", file=path) from error
            lines += [f"--- {name}", *text.splitlines()]
    else:
        rows = read_rows(folder.artifacts, waiting.subject)
        step = max(1, len(rows) // SHOWN)
        lines.append(f"--- {min(SHOWN, len(rows))} of {len(rows)} rows")
        for row in rows[::step][:SHOWN]:
            lines += ["", *"\n".join(filter(None, row.asked)).splitlines(), f"=> {row.answer}"]
    return lines


def require_waiting(folder: RunFolder) -> Waiting:
    """Return what a run waits at.

    Raises:
        RunFolderError: it waits for nobody, or is being answered just now.
    """
    waiting = waits_at(folder, folder.result())
    if waiting is None:
        raise RunFolderError("waits for nobody's approval", file=folder.path)
    if (answer := folder.requests.answer_to(waiting)) is not None:
        said = "approved" if answer.kind == "approve" else "rejected"
        raise RunFolderError(f"{place_of(waiting)} has been {said} already", file=folder.path)
    return waiting


def waits_at(folder: RunFolder, result: Result | None) -> Waiting | None:
    """Return the gate that a run stands at, answered or not; `result` is its own."""
    return folder.requests.waiting() if result is None else export_gate(folder.config, result)


def _open(run: str, runs: Path) -> RunFolder:
    folder = RunFolder(resolve_run(run, runs))
    if folder.result() is not None:
        raise RunFolderError("has finished; there is no proposal to come", file=folder.path)
    return folder


def _next(folder: RunFolder, when: str) -> str:
    if is_held(folder.path):
        return f"the run takes it up {when}"
    return f"kept; the run takes it up {when} once `coursewright resume {folder.name}` goes on"
