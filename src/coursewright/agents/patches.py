"""Applies the differences that a model gives instead of a whole program.

Models copy context faithfully and count lines badly: a hunk is placed by its words, and its
numbers only choose between several places. Where a hunk has no place, nothing is applied.
"""

from __future__ import annotations

import re

_HUNK = re.compile(r"^@@(?:\s*-(?P<line>\d+)(?:,\d+)?\s+\+\d+(?:,\d+)?\s*@@.*|.*)$")
_NOTES = ("diff --git ", "index ", "*** ", "\\ No newline")


class PatchError(Exception):
    """A difference does not fit the program it is meant for."""


def looks_like_patch(text: str) -> bool:
    """Whether a text is a unified difference."""
    lines = text.split("\n")
    changed = sum(1 for line in lines if line[:1] in ("+", "-"))
    headed = any(_HUNK.match(line) for line in lines)
    return headed and changed > 0


def apply_patch(patch: str, source: str) -> str:
    """Return `source` with all hunks of a unified difference applied.

    Raises:
        PatchError: there is no source, no hunk, or a hunk that fits nowhere; names the hunk.
    """
    if not source.strip():
        raise PatchError("a difference was given, but there is no earlier program to apply it to")
    hunks = _hunks(patch)
    if not hunks:
        raise PatchError("a difference was given without any changed line")
    lines = source.rstrip("\n").split("\n")
    shift = 0
    for number, (wanted, old, new) in enumerate(hunks, start=1):
        at = _place(lines, old, None if wanted is None else wanted - 1 + shift)
        if at is None:
            raise PatchError(f"hunk {number} of the difference does not fit the earlier program")
        lines[at : at + len(old)] = new
        shift += len(new) - len(old)
    return "\n".join(lines) + "\n"


Hunk = tuple[int | None, list[str], list[str]]
"""Line number (1-based) if it names one, lines to be found, lines in their place."""


def _hunks(patch: str) -> list[Hunk]:
    hunks: list[Hunk] = []
    lines = patch.strip("\n").split("\n")
    for at, line in enumerate(lines):
        if found := _HUNK.match(line):
            hunks.append((int(found["line"]) if found["line"] else None, [], []))
        elif not hunks or _is_header(lines, at):
            continue
        elif line.startswith("-"):
            hunks[-1][1].append(line[1:])
        elif line.startswith("+"):
            hunks[-1][2].append(line[1:])
        else:
            # Editors take the blank of an empty context line away.
            for side in hunks[-1][1:]:
                side.append(line[1:] if line.startswith(" ") else line)
    return [hunk for hunk in hunks if hunk[1] != hunk[2]]


def _is_header(lines: list[str], at: int) -> bool:
    """Whether a line names a file: in a pair of such lines that a hunk follows."""
    trios = [lines[n : n + 3] for n in (at - 1, at) if n >= 0]
    named = any(
        len(trio) == 3
        and trio[0].startswith("--- ")
        and trio[1].startswith("+++ ")
        and _HUNK.match(trio[2])
        for trio in trios
    )
    return named or lines[at].startswith(_NOTES)


def _place(lines: list[str], old: list[str], wanted: int | None) -> int | None:
    """Where the old lines stand: the only place, or the one next to the wanted line."""
    if not old:
        return None if wanted is None else max(0, min(wanted + 1, len(lines)))
    for sides in ((lines, old), (_stripped(lines), _stripped(old))):
        found = [
            at
            for at in range(len(lines) - len(old) + 1)
            if sides[0][at : at + len(old)] == sides[1]
        ]
        if len(found) == 1:
            return found[0]
        if found:
            return None if wanted is None else min(found, key=lambda at: abs(at - wanted))
    return None


def _stripped(lines: list[str]) -> list[str]:
    return [line.rstrip() for line in lines]
