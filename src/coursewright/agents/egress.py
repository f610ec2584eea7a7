"""What an agent is told when only some kinds of text may leave for its server or its command.

What programs report can quote whatever they read. So where items or seeds are withheld, a
traceback is told without its messages, and dropped rows as counts.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from coursewright.config import TextKind
from coursewright.records import Attempt, Brief, Turn

_QUOTED: tuple[TextKind, ...] = ("visible", "seeds", "corpus", "bad_cases")
"""Kinds of text that a program reads item by item, and may report."""
_RAISED = re.compile(r"[A-Za-z_][\w.]*")


def withhold(brief: Brief, turn: Turn, kinds: Collection[TextKind]) -> tuple[Brief, Turn]:
    """Return what an agent may be told when only these kinds of text may leave with it."""
    told: dict[str, Any] = {
        "description": brief.description if "description" in kinds else "",
        "visible": brief.visible if "visible" in kinds else (),
        "seeds": brief.seeds if "seeds" in kinds else (),
    }
    if brief.corpus is not None and "corpus" not in kinds:
        # That there are documents, and how many, quotes none of them.
        told["corpus"] = brief.corpus.model_copy(update={"excerpts": ()})
    elif brief.corpus is None:
        kinds = {*kinds, "corpus"}  # what is not there cannot be quoted
    parent = None if turn.parent is None else _attempt(turn.parent, kinds)
    history = tuple(_attempt(past, kinds) for past in turn.history)
    return (
        brief.model_copy(update=told),
        turn.model_copy(update={"parent": parent, "history": history}),
    )


def _attempt(attempt: Attempt, kinds: Collection[TextKind]) -> Attempt:
    feedback = attempt.feedback
    if "bad_cases" not in kinds:
        feedback = feedback.model_copy(update={"bad_cases": ()})
    if "corpus" not in kinds:
        # Rows about a passage hold it.
        feedback = feedback.model_copy(update={"sample": ()})
    if not all(kind in kinds for kind in _QUOTED):
        error = feedback.error
        if error is not None and attempt.status == "failed" and attempt.code:
            error = f"{attempt.failure or 'it failed'}\n{outline(error)}".strip()
        text = f"Rows kept: {feedback.rows_kept}.\n{error or ''}".strip()
        feedback = feedback.model_copy(update={"error": error, "text": text})
    return attempt.model_copy(update={"feedback": feedback})


def outline(error: str) -> str:
    """Return the tracebacks in a text without what they quote: the places and the error's name."""
    kept: list[str] = []
    lines = iter(error.splitlines())
    for line in lines:
        if line != "Traceback (most recent call last):":
            continue
        kept.append(line)
        for inner in lines:
            if inner.startswith('  File "'):
                # The line below it is the program's own.
                kept += [inner, next(lines, "")]
            elif not inner.startswith(" "):
                # A message may go on for lines; its first begins with the error's name.
                raised = _RAISED.match(inner)
                kept.append(raised[0] if raised else "")
                break
    return "\n".join(kept)
