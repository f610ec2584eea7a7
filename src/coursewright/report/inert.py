"""Texts of models and programs made fit for a page: short, and with nothing hidden in them.

Escaping HTML is the template's work. Here go what it leaves: control characters, marks that turn
the direction of writing, and lines of a megabyte.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

LONGEST = 4_000
"""Characters of one text on a page."""

_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Unicode categories that show nothing, or change how the rest is shown."""


def inert(text: str, most: int = LONGEST) -> str:
    """Return at most `most` characters of a text, each of which can be seen."""
    cut = text[:most]
    # Most lines are plain, and said to be so at once.
    shown = "\n".join(line if line.isprintable() else _spelled(line) for line in cut.split("\n"))
    left = len(text) - len(cut)
    return f"{shown}… ({left:,} more characters)" if left else shown


def one_line(text: str, most: int = 200) -> str:
    """The same on a line of its own."""
    return inert(" ".join(text[: 4 * most].split()), most)


def few(lines: Iterable[str], most: int) -> list[str]:
    """At most so many lines, and how many there are beside them."""
    found = list(lines)
    rest = len(found) - most
    return [*found[:most], f"… and {rest:,} more"] if rest > 0 else found


def _spelled(line: str) -> str:
    return "".join(
        c if c == "\t" or unicodedata.category(c) not in _HIDDEN else f"\\u{ord(c):04x}"
        for c in line
    )
