"""Cuts a submission into the JSON texts of its rows, without parsing or holding all of it.

A file that begins with `[` is one JSON list, whose elements are the rows; any other is JSON
lines. Memory is bounded by one row and one chunk, whatever stands in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from coursewright.submission.limits import FileRefused, Limits

CHUNK = 128 * 1024

_BACKSLASH = 0x5C
_SPACE = b" \t\r\n"
_NOT_SPACE = re.compile(rb"[^ \t\r\n]")
_OUTSIDE = re.compile(rb'["{}\[\]]')
_INSIDE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_AFTER_SCALAR = re.compile(rb"[,\]}\s]")


@dataclass(frozen=True)
class Piece:
    """The text of one row, or None where it was too long to be kept."""

    number: int
    """From 1, in the order of the file; for JSON lines the line number."""
    text: bytes | None


def pieces(file: BinaryIO, limits: Limits) -> tuple[bool, Iterator[Piece]]:
    """Return whether the file is one JSON list, and its rows one by one.

    Raises:
        FileRefused: from here or from the iterator: the file is no text or no list of rows.
    """
    head = file.read(CHUNK)
    _require_text(head)
    first = _NOT_SPACE.search(head)
    if first is None and len(head) == CHUNK:
        # What follows would decide which form this is; nobody writes so much of nothing.
        raise FileRefused(f"submission begins with {CHUNK} bytes of blanks")
    if first is not None and first.group() == b"[":
        return True, _Elements(file, head, first.end(), limits).rows()
    if first is not None and first.group() != b"{":
        raise FileRefused("submission is neither a JSON list of rows nor JSON lines")
    return False, _lines(file, head, limits)


def _require_text(head: bytes) -> None:
    if not head:
        raise FileRefused("submission is empty")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileRefused("submission is UTF-16; write UTF-8")
    if head.startswith(b"\xef\xbb\xbf"):
        raise FileRefused("submission begins with a byte-order mark; write plain UTF-8")
    if b"\0" in head[:4]:
        raise FileRefused("submission holds NUL bytes where text is expected; write UTF-8")


# ---------------------------------------------------------------- JSON lines


def _lines(file: BinaryIO, head: bytes, limits: Limits) -> Iterator[Piece]:
    kept: list[bytes] = []
    size, number = 0, 1
    chunk = head
    while chunk:
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            size += end - start
            if size <= limits.row_bytes:
                kept.append(chunk[start:end])
            yield from _line(number, kept, size, limits)
            kept, size, start = [], 0, end + 1
            number += 1
        rest = chunk[start:]
        size += len(rest)
        if size <= limits.row_bytes:
            kept.append(rest)
        chunk = file.read(CHUNK)
    yield from _line(number, kept, size, limits)


def _line(number: int, kept: list[bytes], size: int, limits: Limits) -> Iterator[Piece]:
    if number > limits.rows:
        raise FileRefused(f"submission has more than {limits.rows} rows")
    if size > limits.row_bytes:
        yield Piece(number, None)
    elif text := b"".join(kept).strip(_SPACE):
        yield Piece(number, text)


# ---------------------------------------------------------------- one JSON list


class _Elements:
    """Finds where the elements of a list begin and end; what stands in them is judged later."""

    def __init__(self, file: BinaryIO, head: bytes, at: int, limits: Limits) -> None:
        self._file = file
        self._chunk = head
        self._at = at
        self._before = 0
        self._signs = 0
        self._limits = limits

    def rows(self) -> Iterator[Piece]:
        """Yield every element of the list, whose `[` has been read."""
        number = 0
        while True:
            sign = self._next()
            if sign == b"]" and number == 0:
                break
            number += 1
            if number > self._limits.rows:
                raise FileRefused(f"submission has more than {self._limits.rows} rows")
            yield Piece(number, self._element(number, sign))
            sign = self._next()
            if sign not in (b",", b"]"):
                raise FileRefused(f"expected ',' or ']' after row {number} {self._place()}")
            self._at += 1
            if sign == b"]":
                self._require_end()
                return
        self._at += 1
        self._require_end()

    def _require_end(self) -> None:
        if self._fill_to_sign():
            raise FileRefused(f"text stands after the end of the list {self._place()}")

    def _next(self) -> bytes:
        """The next byte that is no space; it stays unread."""
        if not self._fill_to_sign():
            raise FileRefused(f"the list is not closed: the file ends {self._place()}")
        return self._chunk[self._at : self._at + 1]

    def _fill_to_sign(self) -> bool:
        while (found := _NOT_SPACE.search(self._chunk, self._at)) is None:
            if not self._more():
                return False
        self._at = found.start()
        return True

    def _more(self) -> bool:
        self._before += len(self._chunk)
        self._chunk, self._at = self._file.read(CHUNK), 0
        return bool(self._chunk)

    def _place(self) -> str:
        return f"at byte {self._before + self._at}"

    def _element(self, number: int, sign: bytes) -> bytes | None:
        """Read one element; None if it is too long to be kept."""
        begins = self._before + self._at
        ends = _Composite(self._limits.depth) if sign in b'{["' else _Scalar()
        kept: list[bytes] = []
        size = 0
        while True:
            end = ends.find(self._chunk, self._at)
            self._signs += ends.signs
            ends.signs = 0
            if self._signs > self._limits.signs:
                raise FileRefused(f"too many brackets and quotes up to row {number}")
            if ends.too_deep:
                raise FileRefused(f"row {number} (byte {begins}) is nested too deeply")
            stop = len(self._chunk) if end is None else end
            size += stop - self._at
            if size <= self._limits.row_bytes:
                kept.append(self._chunk[self._at : stop])
            self._at = stop
            if end is not None:
                return b"".join(kept) if size <= self._limits.row_bytes else None
            if not self._more():
                raise FileRefused(
                    f"the file ends in the middle of row {number}, which begins at byte {begins}"
                )


class _Scalar:
    """Finds the end of a number or a word: where the next sign of the list stands."""

    too_deep = False
    signs = 0

    def find(self, chunk: bytes, at: int) -> int | None:
        found = _AFTER_SCALAR.search(chunk, at)
        return None if found is None else found.start()


class _Composite:
    """Finds the end of an object, list or string, over as many chunks as it takes."""

    def __init__(self, limit: int) -> None:
        self.too_deep = False
        self.signs = 0
        self._limit = limit
        self._depth = 0
        self._in_string = False
        self._skip = 0

    def find(self, chunk: bytes, at: int) -> int | None:
        """The end of the value in this chunk, or None if it goes on in the next."""
        at += self._skip
        self._skip = 0
        while True:
            self.signs += 1
            if self._in_string:
                at = _INSIDE.match(chunk, at).end()  # type: ignore[union-attr]  # may be empty
                if at >= len(chunk):
                    break
                if chunk[at] == _BACKSLASH:
                    # It ends the chunk, and takes the first byte of the next one with it.
                    self._skip = 1
                    break
                at += 1
                self._in_string = False
            else:
                found = _OUTSIDE.search(chunk, at)
                if found is None:
                    break
                sign, at = found.group(), found.end()
                self._in_string = sign == b'"'
                self._depth += (sign in b"{[") - (sign in b"}]")
                if self._depth > self._limit:
                    self.too_deep = True
                    break
            if self._depth <= 0 and not self._in_string:
                return at
        return None
