"""What a program printed: bounded while it runs, harmless when it is shown."""

from __future__ import annotations

import unicodedata

_TOO_MUCH = 64
"""A stream this many times over its limit ends the program."""


class Stream:
    """Keeps the beginning and the end of a stream, in `limit` bytes of memory at most."""

    def __init__(self, limit: int) -> None:
        self._half = max(limit // 2, 1)
        self._head = bytearray()
        self._tail = bytearray()
        self.total = 0
        self.flood = max(_TOO_MUCH * limit, 64 * 1024**2)
        """Bytes in all past which nobody should go on reading."""

    def feed(self, data: bytes) -> None:
        """Take the next piece of the stream."""
        self.total += len(data)
        room = self._half - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        if len(self._tail) > 2 * self._half:
            del self._tail[: -self._half]

    def text(self, names: dict[str, str]) -> str:
        """Return the kept text with control characters escaped and places renamed.

        `names` maps paths of this machine to what stands for them in the record.
        """
        head, tail = bytes(self._head), bytes(self._tail[-self._half :])
        missing = self.total - len(head) - len(tail)
        if missing <= 0:
            return _readable(head + tail, names)
        for name in map(str.encode, names):
            # What the cut goes through would not be found: it may be a secret.
            part = len(name) - 1
            head = head[: len(head) - _overlap(head, name[:part])]
            tail = tail[_overlap(name[-part:], tail) :] if part else tail
        left_out = f"\n… {self.total - len(head) - len(tail)} bytes left out …\n"
        return _readable(head, names) + left_out + _readable(tail, names)


def _overlap(left: bytes, right: bytes) -> int:
    """Return how many bytes at the end of `left` begin `right`."""
    most = min(len(left), len(right))
    return next((n for n in range(most, 0, -1) if left.endswith(right[:n])), 0)


def _readable(data: bytes, names: dict[str, str]) -> str:
    text = data.decode("utf-8", "backslashreplace")
    # The longest first: a folder's name may begin another's.
    for path in sorted(names, key=len, reverse=True):
        text = text.replace(path, names[path])
    return "".join(map(_escape, text)) if not text.isascii() or not text.isprintable() else text


def _escape(character: str) -> str:
    """Escape whatever steers a terminal or turns the direction of text."""
    if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
