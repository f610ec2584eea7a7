"""What a submission may be at most, and the two ways of refusing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Far above what honest programs write, far below what hurts."""

    file_bytes: int = 32 * 1024**2
    row_bytes: int = 64 * 1024
    """Of one row's JSON text."""
    rows: int = 50_000
    depth: int = 16
    """Nesting of lists and objects inside a row; a right row is flat."""
    signs: int = 2_000_000
    """Brackets and quotes of all rows of a list; what takes the scan its time."""
    instruction_chars: int = 8_000
    input_chars: int = 32_000
    output_chars: int = 32_000
    response_chars: int = 200
    """Of the ledger key a row names."""
    names: int = 16
    """Passages cited, or further responses named, by one row."""
    name_chars: int = 300
    """Of the id of one."""
    number_chars: int = 100
    """Digits of one number; a right row has none outside its text."""


class FileRefused(Exception):
    """The submission as a whole cannot be used; the message says why, in words."""


class RowRefused(Exception):
    """One row cannot be used: `reason` for counting, `detail` for the reader."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail or reason
        super().__init__(self.detail)


class BrokenSyntax(RowRefused):
    """A row that is not JSON. In a list, nothing around it can be trusted either."""

    def __init__(self, detail: str) -> None:
        super().__init__("not valid JSON", detail)


def shown(text: str, most: int = 60) -> str:
    """Foreign text for a message: short, quoted, and without control characters."""
    cut = text if len(text) <= most else f"{text[:most]}…"
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in repr(cut))
