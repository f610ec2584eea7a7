"""Copies of visible items: rows that teach an exam question itself, verbatim or restyled.

It knows visible items only; nothing it says could give away a hidden one. A row goes when it is an
item word for word or holds one, or when it is clearly one item under other names and numbers
or with some words changed. What is less clear is left to the final pass.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from coursewright.audit.checks import Context, Finding, sift
from coursewright.audit.contamination.matching import find_copies
from coursewright.audit.contamination.texts import text_of
from coursewright.records import TracedRow
from coursewright.similarity import words_of

MOST = 0.10
"""Share of the visible items that may be copied before the attempt is refused."""
SOME = 5
"""Copied items up to which it is not refused, however few visible items there are."""
WORDS = 6
"""Words from which on writing an item's question again is no coincidence."""


class Copies:
    """Removes copies of visible items, and refuses an attempt that is full of them."""

    name = "copies"

    def examine(self, rows: Sequence[TracedRow], context: Context) -> Finding:
        """Refuse rows that are copies; past a limit, all of them."""
        began = time.monotonic()
        matches = find_copies(context.visible, rows, context.instructions, context.seeds)
        reasons = {id(rows[m.row]): m.how.format(what="a visible item") for m in matches}
        finding = sift(self.name, rows, lambda row: reasons.get(id(row)))
        copied = {
            m.item for m in matches if len(words_of(text_of(context.visible[m.item]))) >= WORDS
        }
        check = finding.check.model_copy(update={"seconds": time.monotonic() - began})
        if len(copied) <= max(SOME, MOST * len(context.visible)):
            return replace(finding, check=check)
        told = (
            f"{len(copied)} of {len(context.visible)} visible items are copied; "
            f"at most {MOST:.0%} may be, by chance"
        )
        check = check.model_copy(update={"verdict": "flagged", "evidence": (*check.evidence, told)})
        return replace(finding, check=check, refusal=f"refused: {told}")
