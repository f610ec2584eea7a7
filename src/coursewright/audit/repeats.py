"""Rows that repeat an earlier row: the same answer to the same or nearly the same question.

A filter that leaves too little is often followed by copies that fill the file. Nothing is
dropped, since a program may repeat rows on purpose; what repeats too much is flagged, and past
the bound (`diversity.repeats` of task.yaml) refused.

What this cannot see: copies in other words, and near-copies whose answer was changed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coursewright.audit.checks import Context, Finding, shown
from coursewright.audit.exam import questions
from coursewright.records import Check, TracedRow
from coursewright.similarity import evenly, normalised, repeated

OVERLAP = 0.8
"""Share of three-word runs in common from which two questions are nearly the same."""
LARGE = 5000
"""Rows from which on an even sample of them is compared word by word."""
FEWEST_ROWS = 50
_WORD = re.compile(r"[^\W_]+|[^\s\w]")
_ENDS = 40
"""Words at either end of a question that are compared."""


class Repeats:
    """Counts near-duplicates inside a submission; drops no row."""

    name = "repeats"

    def examine(self, rows: Sequence[TracedRow], context: Context) -> Finding:
        """Look for every row's like among the rows before it."""
        began = time.monotonic()
        marks, share = repeats_in(rows)
        bounds = context.diversity.repeats
        judged = len(rows) >= FEWEST_ROWS
        words = f"{round(share * len(rows))} of {len(rows)} rows repeat an earlier one"
        flagged = judged and share > bounds.flagged
        examples = tuple(shown(rows[at]) for at in np.flatnonzero(marks)[:2]) if flagged else ()
        check = Check(
            name=self.name,
            verdict="flagged" if flagged else "clean",
            evidence=(words, *examples),
            figures={"repeats": round(share, 4)},
            seconds=time.monotonic() - began,
        )
        refused = judged and share > bounds.refused and context.round_number is not None
        return Finding(check, tuple(rows), refusal=f"collapsed data: {words}" if refused else None)


def repeats_in(rows: Sequence[TracedRow]) -> tuple[NDArray[np.bool_], float]:
    """Which rows have the answer of an earlier row and nearly its question; and their share.

    Copies that differ in case, layout and marks are found among all rows. Of a large file, those
    that differ in words are found in an even sample, and the share is reckoned from that.
    """
    first: dict[tuple[str, str], int] = {}
    marks = np.zeros(len(rows), dtype=bool)
    answers = [normalised(row.answer) or row.answer for row in rows]
    asked = questions(rows)
    for number, (question, answer) in enumerate(zip(asked, answers, strict=True)):
        key = (normalised(question) or question, answer)
        marks[number] = first.setdefault(key, number) != number
    copies = int(marks.sum())
    fresh = np.flatnonzero(~marks).tolist()
    sample = evenly(fresh, LARGE)
    near = repeated([_runs(asked[at], answers[at]) for at in sample], OVERLAP)
    marks[np.array(sample, dtype=np.int64)[near]] = True
    found = copies + len(fresh) * float(near.mean() if len(near) else 0.0)
    return marks, found / max(len(rows), 1)


def _runs(question: str, answer: str) -> list[str]:
    """Runs of three words that only a row with the same answer shares."""
    words = _WORD.findall(question.casefold())
    if len(words) > 2 * _ENDS:
        words = words[:_ENDS] + words[-_ENDS:]
    size = min(3, len(words))
    runs = {" ".join(words[at : at + size]) for at in range(len(words) - size + 1)}
    return [f"{answer}\n{run}" for run in sorted(runs)]
