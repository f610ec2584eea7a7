"""Whether rows are as varied as the exam: topics, spread, wordings; and whether that is falling.

Everything is measured beside the visible items, on an even sample. Rows carry no topic: theirs
is guessed from the visible items of each topic, and only where the items' own topics can be
guessed well enough. The bounds are `task.yaml`'s (`diversity`).

What this cannot see: rows that are varied in words and poor in thought, and topics that no visible
item shows.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from coursewright.audit.checks import Context, Finding
from coursewright.audit.exam import WORDING_TEXTS, Exam, questions
from coursewright.records import Check, DiversityLimits, TracedRow
from coursewright.similarity import (
    commonest_wordings,
    distinct_ngrams,
    effective_number,
    evenly,
)

FEWEST_ROWS = 50
"""Rows below which a share says little."""
EARLIER = 3
"""Rounds before this one that it is compared with."""


@dataclass(frozen=True)
class Fault:
    """Something under a bound, in words; `collapse`: so far under that nothing may be trained."""

    words: str
    collapse: bool


class Diversity:
    """Measures how varied a submission is; drops no row."""

    name = "diversity"

    def examine(self, rows: Sequence[TracedRow], context: Context) -> Finding:
        """Compare the rows with the visible items and with earlier rounds."""
        began = time.monotonic()
        exam = Exam(context.visible)
        texts = questions(rows)
        guessed = exam.topics_of(texts)
        figures = measured(texts, exam, guessed)
        faults: list[Fault] = []
        if len(rows) >= FEWEST_ROWS:
            faults += _under_bounds(figures, exam, guessed, context.diversity)
            faults += _falling(figures, exam, context)
        collapsed = next((fault.words for fault in faults if fault.collapse), None)
        check = Check(
            name=self.name,
            verdict="flagged" if faults else "clean",
            evidence=(_in_words(figures, exam), *(fault.words for fault in faults)),
            figures=figures,
            seconds=time.monotonic() - began,
        )
        refused = collapsed is not None and context.round_number is not None
        return Finding(
            check, tuple(rows), refusal=f"collapsed data: {collapsed}" if refused else None
        )


def measured(texts: Sequence[str], exam: Exam, guessed: Sequence[str]) -> dict[str, float]:
    """Figures of a submission's questions; `topics` is missing where none can be guessed."""
    wordings = commonest_wordings(evenly(texts, WORDING_TEXTS))
    figures = {
        "spread": exam.spread_of(texts),
        "commonest_wording": max(wordings, default=0.0),
        "five_wordings": sum(wordings),
        "distinct_bigrams": distinct_ngrams(evenly(texts, WORDING_TEXTS)),
    }
    if guessed:
        figures["topics"] = effective_number(guessed) / max(exam.topics, 1.0)
    return {name: round(value, 4) for name, value in figures.items()}


def _under_bounds(
    figures: dict[str, float], exam: Exam, guessed: Sequence[str], bounds: DiversityLimits
) -> Iterator[Fault]:
    topics, spread, five = figures.get("topics"), figures["spread"], figures["five_wordings"]
    if topics is not None and topics < bounds.topics.flagged * _by_chance(guessed, exam):
        yield Fault(
            f"topics are as few as {topics * exam.topics:.1f} equally frequent ones, the visible "
            f"items have {exam.topics:.1f}; {_skew(guessed, exam)}",
            topics < bounds.topics.refused,
        )
    if spread < bounds.spread.flagged:
        yield Fault(
            f"questions resemble each other: their spread is {spread:.2f} of the visible items'",
            spread < bounds.spread.refused,
        )
    # Items of some exams are themselves alike, and so may rows be.
    if five > max(bounds.wordings.flagged, exam.wordings + 0.15 if exam.speaks else 0.0):
        common = figures["commonest_wording"]
        yield Fault(
            f"five wordings make {five:.0%} of the rows, the commonest {common:.0%} "
            f"(five of the visible items: {exam.wordings:.0%})",
            common > max(bounds.wordings.refused, exam.wordings),
        )


def _falling(figures: dict[str, float], exam: Exam, context: Context) -> Iterator[Fault]:
    """Compare with the most varied of the last rounds."""
    best: dict[str, tuple[float, int]] = {}
    for at in range(max(0, len(context.earlier) - EARLIER), len(context.earlier)):
        number, rows = context.earlier[at]
        if len(rows) < FEWEST_ROWS:
            continue
        texts = questions(rows)
        before = {"spread": exam.spread_of(texts)}
        if guessed := exam.topics_of(texts):
            before["topics"] = effective_number(guessed) / max(exam.topics, 1.0)
        for name, value in before.items():
            best[name] = max(best.get(name, (0.0, number)), (value, number))
    for name, (value, number) in best.items():
        now = figures.get(name, value)
        if now < context.diversity.fall * value:
            yield Fault(
                f"{name} fell to {now:.2f} of the visible items', "
                f"from {value:.2f} in round {number}",
                False,
            )


def _by_chance(guessed: Sequence[str], exam: Exam) -> float:
    """Share of its topics that a small sample seems to keep when nothing is amiss.

    Entropy falls by (topics - 1) / 2n nats for n independent draws (Miller 1955); rows come from
    requests that write several at once, so only half of them are counted.
    """
    return math.exp(-(exam.topics - 1) / max(len(guessed), 1))


def _skew(guessed: Sequence[str], exam: Exam) -> str:
    """Which topics lack rows, or which have most of them."""
    counts = Counter(guessed)
    assert exam.guesser is not None
    names = exam.guesser.topics
    scarce = [name for name in names if counts[name] < 0.25 * len(guessed) / len(names)]
    if scarce:
        return f"hardly a row on {', '.join(scarce[:8])}{' and more' if len(scarce) > 8 else ''}"
    most = ", ".join(f"{name} {count / len(guessed):.0%}" for name, count in counts.most_common(5))
    return f"most rows: {most}"


def _in_words(figures: dict[str, float], exam: Exam) -> str:
    topics = "topics cannot be guessed here"
    if "topics" in figures:
        topics = f"topics as {figures['topics'] * exam.topics:.1f} equal ones of {exam.topics:.1f}"
    return (
        f"{topics}; spread {figures['spread']:.2f} of the visible items'; commonest wording "
        f"{figures['commonest_wording']:.0%} of the rows; distinct bigrams "
        f"{figures['distinct_bigrams']:.2f}"
    )
