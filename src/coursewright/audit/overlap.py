"""Copies of visible items: rows that teach an exam question itself, verbatim or restyled.

The auditor holds visible items only; nothing it says could give away a hidden one. Paraphrases
and renumbered copies are beyond this check.
"""

from __future__ import annotations

from collections.abc import Sequence

from coursewright.audit.checks import Context, Finding, sift
from coursewright.records import Item, TracedRow
from coursewright.similarity import normalised

COPY = "copy of a visible item"
HOLDS = "holds a visible item's question"

WORDS = 6
"""Words from which on a question inside another text is no coincidence."""


class Overlap:
    """Removes copies of visible items."""

    name = "overlap"

    def examine(self, rows: Sequence[TracedRow], context: Context) -> Finding:
        """Refuse rows whose question is a visible item, or holds one."""
        return sift(self.name, rows, _Questions(context.visible).fault)


class _Questions:
    """The visible items' questions in a normal form, and how the long ones begin."""

    def __init__(self, visible: Sequence[Item]) -> None:
        self._questions = {normalised(item.question) for item in visible if not item.context}
        self._long: dict[str, list[str]] = {}
        for item in visible:
            if item.context:
                # The same question is often asked of many contexts: only both make a copy.
                self._questions.add(normalised(f"{item.context}\n{item.question}"))
                self._questions.add(normalised(f"{item.question}\n{item.context}"))
        for question in self._questions:
            words = question.split()
            if len(words) >= WORDS:
                self._long.setdefault(" ".join(words[:WORDS]), []).append(question)

    def fault(self, row: TracedRow) -> str | None:
        question, context = row.asked
        whole = normalised("\n".join(filter(None, (row.instruction, context, question))))
        if normalised(question) in self._questions or whole in self._questions:
            return COPY
        words = whole.split()
        for at in range(len(words) - WORDS + 1):
            for question in self._long.get(" ".join(words[at : at + WORDS]), ()):
                if f" {question} " in f" {whole} ":
                    return HOLDS
        return None
