"""Finds the fenced blocks of a Markdown text as models really write it.

Beyond the rules of CommonMark: a block of Python ends at the first fence at which it compiles, for
programs quote fences in their own strings; a block of prose may hold further blocks, or end where
the next one begins; a fence that is never closed is said to be open; tags such as `<plan>` on
lines of their own count as fences.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from textwrap import dedent

from coursewright.agents.python_source import compiles

_FENCE = re.compile(r"^[ \t>]*(?P<mark>`{3,}|~{3,})(?P<info>[^`]*)$")
_TAG = re.compile(
    r"^[ \t]*<(?P<end>/?)(?P<name>analysis|plan|code|program|python)>[ \t]*$", re.IGNORECASE
)
_PYTHON = re.compile(r"^(?:i?python|py|code|program|script)[\d.\-_]*$")
_PROSE = re.compile(r"^(?:plan|analysis|markdown|md|text|txt|plain|plaintext|answer)$")

# The text is a stranger's: everything that is tried is tried a bounded number of times.
_MOST_FENCES = 200
_MOST_ENDS = 20
_MOST_DEPTH = 3


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    label: str
    """`python`, `diff`, `plan`, another word in lower case, or nothing."""
    text: str
    closed: bool


@dataclass(frozen=True)
class Split:
    """A text as its blocks, in order, and the prose outside of them."""

    blocks: tuple[Block, ...]
    prose: str


def split_blocks(text: str, depth: int = 0) -> Split:
    """Take a text apart. Total: any text is some prose and some blocks."""
    scan = _Scan(text)
    blocks: list[Block] = []
    prose: list[str] = []
    at = 0
    for opening in scan.marks:
        if opening < at:
            continue
        prose += scan.lines[at:opening]
        block, at = scan.block(opening)
        if block is None:
            prose.append(scan.lines[opening])
        else:
            blocks += _unwrapped(block, depth)
    prose += scan.lines[at:]
    return Split(tuple(blocks), "\n".join(prose).strip())


class _Scan:
    """The lines of a text, and which of them are fences or tags."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        found = ((n, _FENCE.match(line) or _TAG.match(line)) for n, line in enumerate(self.lines))
        marks = ((n, mark) for n, mark in found if mark)
        self.marks: dict[int, re.Match[str]] = dict(islice(marks, _MOST_FENCES))

    def block(self, at: int) -> tuple[Block | None, int]:
        """The block that opens at a line, if one does, and the line after it."""
        opening = self.marks[at]
        if "name" in opening.re.groupindex:
            return self._tagged(at, opening)
        label, mark = _label(opening["info"]), opening["mark"]
        ends = list(islice((n for n in self._after(at) if self._closes(n, mark)), _MOST_ENDS))
        end = None
        if label in ("python", ""):
            end = next((n for n in ends if compiles(self._content(at, n))), None)
        if end is None and label in ("python", "diff"):
            end = ends[0] if ends else None
        elif end is None:
            end = self._end_of_prose(at, mark)
        if end is None:
            return Block(label, self._content(at, len(self.lines)), False), len(self.lines)
        # Where a block ends because another one opens, that fence is not its own.
        after = end + 1 if self._closes(end, mark) else end
        return Block(label, self._content(at, end), True), after

    def _tagged(self, at: int, opening: re.Match[str]) -> tuple[Block | None, int]:
        name = opening["name"].lower()
        for n in self._after(at):
            tag = _TAG.match(self.lines[n])
            if not opening["end"] and tag and tag["end"] and tag["name"].lower() == name:
                return Block(_label(name), self._content(at, n), True), n + 1
        return None, at + 1

    def _end_of_prose(self, at: int, mark: str) -> int | None:
        """Where a block ends that may hold others; else where another one opens; else None."""
        depth, opened = 1, None
        for n in self._after(at):
            if self._closes(n, mark):
                depth -= 1
                if not depth:
                    return n
            elif self._mark(n).startswith(mark):
                opened = opened or n
                depth += 1
        return opened

    def _after(self, at: int) -> list[int]:
        return [n for n in self.marks if n > at]

    def _mark(self, number: int) -> str:
        found = _FENCE.match(self.lines[number])
        return found["mark"] if found else ""

    def _closes(self, number: int, mark: str) -> bool:
        found = _FENCE.match(self.lines[number])
        return bool(found and found["mark"].startswith(mark) and not found["info"].strip())

    def _content(self, begin: int, end: int) -> str:
        return dedent("\n".join(self.lines[begin + 1 : end])).strip("\n")


def _unwrapped(block: Block, depth: int) -> list[Block]:
    """A block; or, where it wraps others, those and what stands around them."""
    wraps = (
        not block.label or _PROSE.match(block.label) or block.text.lstrip()[:3] in ("```", "~~~")
    )
    if depth >= _MOST_DEPTH or not wraps or compiles(block.text):
        return [block]
    inner = split_blocks(block.text, depth + 1)
    if not inner.blocks:
        return [block]
    around = [Block(block.label, inner.prose, block.closed)] if inner.prose else []
    return [*around, *inner.blocks]


def _label(info: str) -> str:
    """A block's label, odd spellings made one: `{.python}`, `Python3`, `py title="a.py"`."""
    words = re.findall(r"[\w.+#-]+", info[:200].lower())
    word = words[0].strip(".") if words else ""
    if _PYTHON.match(word) or word.endswith(".py"):
        return "python"
    return "diff" if word in ("diff", "patch", "udiff") else word
