"""Text from elsewhere inside a Markdown card: shown as it is, never obeyed.

Templates pass every value through `value`; only what is `Ready` stays as it is.
"""

from __future__ import annotations

import re
from typing import Any

_MARKS = re.compile(r"([\\`*_\[\]<>|~#$&])")


class Ready(str):
    """Text that is Markdown already."""


def value(anything: Any) -> Ready:
    """A value as Markdown that shows its text, on one line."""
    if isinstance(anything, Ready):
        return anything
    return Ready(_MARKS.sub(r"\\\1", one_line(str(anything))))


def one_line(text: str) -> str:
    """The text on one line, without control characters or characters that reorder a line."""
    return re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text))


def code(anything: Any) -> Ready:
    """A value as a code span."""
    text = one_line(str(anything))
    if not text:
        return Ready("")
    fence = "`" * (_longest_run(text) + 1)
    # One space each side is not shown, and keeps a backtick of the text off the fence.
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return Ready(f"{fence}{pad}{text}{pad}{fence}")


def block(text: str, language: str = "") -> Ready:
    """A text as a fenced block of code."""
    shown = "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)
    fence = "`" * max(3, _longest_run(shown) + 1)
    return Ready(f"{fence}{language}\n{shown.rstrip()}\n{fence}")


def percent(fraction: float) -> Ready:
    """A fraction as per cent."""
    return Ready(f"{fraction:.1%}".replace("%", " %"))


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
