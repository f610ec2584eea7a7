"""Several rounds of data work for one training: rows are gathered before a student learns them."""

from __future__ import annotations

from collections.abc import Sequence

from coursewright.records import Round


def waiting(rounds: Sequence[Round]) -> Round | None:
    """Return the round whose rows were gathered last, if no student was trained since.

    None, too, where to train on them as they are has failed: it would fail again.
    """
    with_rows = (done for done in reversed(rounds) if done.status in ("scored", "gathered"))
    last = next(with_rows, None)
    if last is None or last.status != "gathered":
        return None
    since = rounds[last.number + 1 :]
    given_up = any(done.operation == "merge" and done.parent == last.number for done in since)
    return None if given_up else last


def gathered_before(start: int | None, rounds: Sequence[Round]) -> list[Round]:
    """Return the rounds that gathered, newest first, that rows built upon round `start` rest on."""
    found = []
    while start is not None and rounds[start].status == "gathered":
        found.append(rounds[start])
        start = _start(rounds[start])
    return found


def trained_start(start: int | None, rounds: Sequence[Round]) -> Round | None:
    """Return the scored round that rows built upon round `start` go back to, if there is one."""
    if gathered := gathered_before(start, rounds):
        start = _start(gathered[-1])
    return None if start is None else rounds[start]


def _start(done: Round) -> int | None:
    return None if done.branch is None else done.branch.start
