"""Tables and choices as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_MOST_CELLS = 20_000
_MOST_CHARACTERS = 100_000
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Unusable(Exception):
    """This record cannot become an item; it is left out, and this is the reason."""


def table_text(rows: Any, separator: str = " | ") -> str:
    """A list of rows, one line each, cells apart by a bar; empty columns and rows are left out.

    `Unusable` for more than 20,000 cells: no student reads those.
    """
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise Unusable("the table is not a list of rows")
    cells = sum(map(len, rows))
    if cells > _MOST_CELLS:
        raise Unusable(f"the table has more than {_MOST_CELLS:,} cells")
    lines = [[_cell(cell) for cell in row] for row in rows]
    lines = [row for row in lines if any(row)]
    width = max((len(row) for row in lines), default=0)
    used = [at for at in range(width) if any(at < len(row) and row[at] for row in lines)]
    text = "\n".join(
        separator.join(row[at] if at < len(row) else "" for at in used).rstrip() for row in lines
    )
    if len(text) > _MOST_CHARACTERS:
        raise Unusable(f"the table is longer than {_MOST_CHARACTERS:,} characters")
    return text


def choice_lines(options: Sequence[Any], form: str = "({}) {}") -> str:
    """Options one a line with letters, as `(A) ...`."""
    if not isinstance(options, (list, tuple)) or not 2 <= len(options) <= len(_LETTERS):
        raise Unusable("the choices are not a list of 2 to 26")
    if any(not str(option).strip() for option in options):
        raise Unusable("a choice is blank")
    return "\n".join(
        form.replace("{}", letter, 1).replace("{}", str(option).strip(), 1)
        for letter, option in zip(_LETTERS, options, strict=False)
    )


def _cell(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, (str, int, float)):
        return " ".join(str(cell).split())
    raise Unusable("a cell of the table is neither text nor number")
