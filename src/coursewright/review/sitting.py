"""One sitting of a review, on the terminal that drafted items are reviewed on, too.

    g good   b bad   n not sure   l lineage   u undo   q quit

There is no way to skip a row: whoever may pass over the doubtful ones certifies the others alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from coursewright.display import printable
from coursewright.drafting import Input
from coursewright.lineage import lines, trace_row
from coursewright.records import TracedRow
from coursewright.store import Reviews, RunFolder
from coursewright.store.reviews import Judgement

HELP = "g good · b bad · n not sure · l lineage · u undo · q quit"
_JUDGEMENTS: dict[str, Judgement] = {"g": "good", "b": "bad", "n": "unsure"}
_LONGEST = 6000
"""Characters of one text that are shown."""
_REASON = 500


class Sitting:
    """Goes through the rows that nobody has judged yet, in the order of the queue."""

    def __init__(self, data: Sequence[TracedRow], reviews: Reviews, reviewer: str) -> None:
        self._data = data
        self._reviews = reviews
        self._reviewer = reviewer
        self._queue = reviews.queue()
        self._judged = dict(reviews.judgements())
        self._made: list[int] = []

    @property
    def current(self) -> int | None:
        """Number of the row to judge (from 1); None when all are judged."""
        return next((row for row in self._queue if row not in self._judged), None)

    @property
    def left(self) -> int:
        """How many rows wait."""
        return sum(row not in self._judged for row in self._queue)

    @property
    def size(self) -> int:
        """How many rows the queue has."""
        return len(self._queue)

    def row(self, number: int) -> TracedRow:
        """The row with this number."""
        return self._data[number - 1]

    def judge(self, judgement: Judgement, reason: str = "") -> None:
        """Judge the current row."""
        number = self.current
        assert number is not None
        self._reviews.judge(number, judgement, reason[:_REASON], self._reviewer)
        self._judged[number] = judgement
        self._made.append(number)

    def undo(self) -> bool:
        """Take back the last judgement of this sitting; False if there is none."""
        if not self._made:
            return False
        number = self._made.pop()
        self._reviews.judge(number, None, "", self._reviewer)
        del self._judged[number]
        return True


def go_through(sitting: Sitting, folder: RunFolder, console: Console, hands: Input) -> None:
    """Show one row after another until all are judged, or the person quits."""
    shown = None
    while (number := sitting.current) is not None:
        if number != shown:
            for line in told(sitting, number):
                console.print(line, markup=False, highlight=False)
            shown = number
        key = hands.key(f"{HELP}  > ")
        match key:
            case None | "q":
                return
            case "g":
                sitting.judge("good")
            case "b" | "n":
                sitting.judge(_JUDGEMENTS[key], hands.text("why (optional)", "") or "")
            case "l":
                for line in lines(trace_row(folder, number)):
                    console.print(line, markup=False, highlight=False)
            case "u":
                shown = None if sitting.undo() else shown
            case _:
                console.print(HELP, markup=False)


def told(sitting: Sitting, number: int) -> list[str]:
    """Return a row as it is shown: what is asked, and what the student learns to answer."""
    row = sitting.row(number)
    question, context = row.asked
    out = ["", f"row {number}, {sitting.left} of {sitting.size} left"]
    for name, text in (
        ("instruction", row.instruction),
        ("before", context or ""),
        ("question", question),
        ("answer", row.answer),
    ):
        if text.strip():
            out.append(f"{name}:")
            cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
            out += [f"  {line}" for line in cut.splitlines()]
    return [printable(line) for line in out]
