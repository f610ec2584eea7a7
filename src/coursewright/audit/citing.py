"""Rows that cite passages of the task's documents, and the text they take from there.

A document is no answer of the teacher, but nobody's invention either: what a row quotes of a
passage it cites needs no other origin, as long as the teacher was shown it. And an answer that
stands in the passage is found there, not dictated by the request that quotes it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from coursewright.audit.checks import Context, Finding, sift
from coursewright.audit.reading import fold, stands_in
from coursewright.records import TracedRow

UNKNOWN = "cites a passage that the corpus does not hold"
UNSHOWN = "cites a passage that its request does not quote"

RUN = 6
"""Words in a row that make a quotation; a shorter passage is quoted as a whole."""

_GAP = re.compile(r"_{2,}|\[(?:\.\.\.|…|blank|gap|mask)\]")

Words = tuple[str, ...]


class Citations:
    """Refuses rows that cite what is not there."""

    name = "citations"

    def examine(self, rows: Sequence[TracedRow], context: Context) -> Finding:
        """Look up every cited passage."""

        def fault(row: TracedRow) -> str | None:
            return None if all(name in context.passages for name in row.passages) else UNKNOWN

        return sift(self.name, rows, fault)


def is_quotation(question: str, output: str, passages: Sequence[str]) -> bool:
    """Whether a folded question and output are one quotation of a folded passage.

    The output follows the question there, or fills the gap that the question marks (`____`,
    `[...]`, `[blank]`). Both come from the document as they stand, so that nobody chose the answer.
    """
    before, _, after = map(str.strip, _GAP.sub("\0", question, count=1).partition("\0"))
    told = " ".join(filter(None, (before, output, after)))
    if len(f"{before} {after}".split()) < RUN or _GAP.search(after):
        return False
    return any(stands_in(told, passage) for passage in passages)


def is_shown(passage: str, request: str) -> bool:
    """Whether a folded request quotes a folded passage, or a piece of it."""
    size, words = _measured(passage)
    return bool(_runs(words, size) & _runs(tuple(request.split()), size))


def without_quotation(text: str, passage: str, request: str | None = None) -> str:
    """Take out of a folded text what it quotes of a folded passage: all, or its longest piece.

    With a `request`, only what stands there, too.
    """
    if passage in text and (request is None or passage in request):
        return " ".join(text.replace(passage, " ", 1).split())
    size, known = _measured(passage)
    runs = _runs(known, size)
    if request is not None:
        runs &= _runs(tuple(request.split()), size)
    words = tuple(text.split())
    start, end = _longest(words, runs, size)
    return " ".join(words[:start] + words[end:])


def folded(passages: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """Return the folded texts of the cited passages, longest first."""
    return sorted((fold(passages[name]) for name in names if name in passages), key=len)[::-1]


def _measured(passage: str) -> tuple[int, Words]:
    words = tuple(passage.split())
    return max(1, min(RUN, len(words))), words


def _runs(words: Words, size: int) -> set[Words]:
    return set(zip(*(words[at:] for at in range(size)), strict=False))


def _longest(words: Words, runs: set[Words], size: int) -> tuple[int, int]:
    """Start and end of the longest stretch of words that known runs cover without a gap."""
    best = (0, 0)
    start = end = 0
    for at, run in enumerate(zip(*(words[at:] for at in range(size)), strict=False)):
        if run not in runs:
            continue
        if at > end or end == 0:
            start = at
        end = at + size
        if end - start > best[1] - best[0]:
            best = (start, end)
    return best
