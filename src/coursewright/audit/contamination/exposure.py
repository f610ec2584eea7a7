"""The final word on contamination: the chosen rows against every item, seen and hidden.

Two questions, and each alone is enough for `flagged`. Are the rows closer to visible items than
to hidden ones, or closer to one hidden split than to the other, than chance allows (see
`differential`)? And does a row copy a hidden item that stands alone, outside any template? That is
an alarm, never a reason to drop rows: who knows which private items matched, knows private items.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from coursewright.audit.checks import Context, Finding, unresolved
from coursewright.audit.contamination.differential import Bools, Comparison, Ints, compare
from coursewright.audit.contamination.evidence import Measure, measure
from coursewright.audit.contamination.matching import HOLDS, VERBATIM, find_copies
from coursewright.audit.contamination.texts import text_of, text_of_row
from coursewright.protocols import Embedder
from coursewright.records import Check, Item, Seed, TracedRow, Verdict

ALPHA = 0.01
"""Error that the comparison of visible with hidden items may make on a clean file."""
ALPHA_HIDDEN = 0.001
"""The same for each comparison of one hidden split with the other."""
RESTYLED = 3
RESTYLED_SHARE = 0.01
"""Hidden items of a split that may resemble a row by chance, at least and as a share: benchmarks
hold some twins. More make an alarm; word for word, one does."""
PAIRS = 3
"""Closest pairs told as evidence."""


@dataclass(frozen=True)
class _Exam:
    """The exchangeable items of all splits, as arrays of one length."""

    items: tuple[Item, ...]
    splits: tuple[str, ...]
    groups: Ints
    strata: Ints

    def of(self, *splits: str) -> Bools:
        return np.array([split in splits for split in self.splits], dtype=bool)


class Exposure:
    """Compares the rows with visible and hidden items; drops nothing."""

    name = "contamination"

    def __init__(self, embedder: Embedder | None = None) -> None:
        """With an embedder the rows are compared by meaning, too."""
        self._embedder = embedder

    def examine(self, rows: Sequence[TracedRow], context: Context) -> Finding:
        """Judge whether the rows were made with knowledge of some items."""
        began = time.monotonic()
        exam = _exam(context.visible, context.hidden)
        others = sorted({*exam.splits} - {"visible"})
        if not exam.of("visible").any() or not others:
            return unresolved(self.name, rows, "there are no hidden items to compare with")
        if not rows:
            return Finding(Check(name=self.name, verdict="clean"), ())
        texts = [text_of_row(row, context.instructions) for row in rows]
        asked = list(map(text_of, exam.items))
        measures = measure(asked, texts, exam.groups, self._embedder)
        findings = [
            _standing(measures, exam),
            _differential(measures, exam, "visible", others, ALPHA),
            *_between_hidden(measures, exam, others),
            _alarms(rows, context),
        ]
        verdicts = {verdict for verdict, _ in findings}
        verdict: Verdict = "clean"
        if "unresolved" in verdicts:
            verdict = "unresolved"
        if "flagged" in verdicts:
            verdict = "flagged"
        check = Check(
            name=self.name,
            verdict=verdict,
            evidence=tuple(line for _, lines in findings for line in lines),
            seconds=time.monotonic() - began,
        )
        return Finding(check, tuple(rows))


_Part = tuple[Verdict, list[str]]


def _exam(visible: Sequence[Item], hidden: Mapping[str, Sequence[Item]]) -> _Exam:
    """All items that were dealt to their splits by chance.

    Not so probes, and items in a form that only the test has (`meta.heldout`).
    """
    dealt = [("visible", item) for item in visible]
    dealt += [(name, i) for name, items in hidden.items() if name != "probes" for i in items]
    dealt = [(split, item) for split, item in dealt if item.meta.get("heldout") is not True]
    items = [item for _, item in dealt]
    groups = _numbered(items, lambda item: item.group or item.id)
    topics = _numbered(items, lambda item: item.topic or "")
    # A group of several topics cannot stay within one.
    pairs = {*zip(groups.tolist(), topics.tolist(), strict=True)}
    mixed = len(pairs) > len(set(groups.tolist()))
    strata = np.zeros_like(topics) if mixed else topics
    return _Exam(tuple(items), tuple(split for split, _ in dealt), groups, strata)


def _numbered(items: Sequence[Item], key: Callable[[Item], str]) -> Ints:
    numbers: dict[str, int] = {}
    found = [numbers.setdefault(key(item), len(numbers)) for item in items]
    return np.array(found, dtype=np.int64)


def _standing(measures: Sequence[Measure], exam: _Exam) -> _Part:
    """How many items of each split stand in the rows word for word; judged by comparison only."""
    lines = []
    for one in measures:
        if one.name == "exact" and one.values.any():
            counts = [
                f"{int(one.values[exam.of(split)].sum())} of {int(exam.of(split).sum())} {split}"
                for split in dict.fromkeys(exam.splits)
            ]
            lines.append(f"stand among the rows word for word: {', '.join(counts)}")
    return "clean", lines


def _differential(
    measures: Sequence[Measure], exam: _Exam, split: str, others: Sequence[str], alpha: float
) -> _Part:
    chosen, against = exam.of(split), "hidden" if len(others) > 1 else others[0]
    found = compare(measures, chosen, exam.of(*others), exam.groups, exam.strata)
    if found.least > alpha:
        line = f"too few {split} or {against} items to see copying (p can be {found.least:.2g})"
        return "unresolved", [line]
    line = f"closer to {split} than to {against} items: p = {found.p_value:.4f}"
    if found.p_value > alpha:
        return "clean", [line]
    line += f", by {found.measure.name}, about {found.excess:.0f} items more than chance"
    return "flagged", [line, *_pairs(found, exam, chosen)]


def _between_hidden(
    measures: Sequence[Measure], exam: _Exam, splits: Sequence[str]
) -> Iterator[_Part]:
    """Whether one hidden split leaked: its items are closer than those of the other."""
    for one in splits:
        rest = [other for other in splits if other != one]
        if rest:
            verdict, lines = _differential(measures, exam, one, rest, ALPHA_HIDDEN)
            if verdict == "flagged":
                yield verdict, lines


def _pairs(found: Comparison, exam: _Exam, chosen: Bools) -> list[str]:
    if found.measure.rows is None:
        return []
    closest = np.argsort(-np.where(chosen, found.measure.values, -1), kind="stable")[:PAIRS]
    return [
        f"row {found.measure.rows[at] + 1} and {exam.splits[at]} item {shown_id(exam.items[at])}"
        for at in closest
    ]


def _alarms(rows: Sequence[TracedRow], context: Context) -> _Part:
    """Hidden items that stand alone, and have a copy among the rows."""
    verdict: Verdict = "clean"
    lines = []
    items = [(split, item) for split, items in context.hidden.items() for item in items]
    others: list[Item | Seed] = [*context.visible, *context.seeds]
    matches = find_copies([item for _, item in items], rows, context.instructions, others)
    for split, held in context.hidden.items():
        alone = [m for m in matches if m.alone and items[m.item][0] == split]
        verbatim = {match.item for match in alone if match.how in (VERBATIM, HOLDS)}
        restyled = {match.item for match in alone} - verbatim
        if not verbatim and not restyled:
            continue
        names = [shown_id(items[at][1]) for at in sorted({*verbatim, *restyled})[:PAIRS]]
        line = (
            f"{split} items that rows copy: {len(verbatim)} word for word, {len(restyled)} nearly, "
            f"such as {', '.join(names)}"
        )
        most = max(RESTYLED, RESTYLED_SHARE * len(held))
        # Probes may be generated: what teaches their skills well resembles them by nature.
        generated = split == "probes"
        if len(verbatim) > (most if generated else 0) or (len(restyled) > most and not generated):
            verdict, line = "flagged", f"ALARM: {line}"
        lines.append(line)
    return verdict, lines


def shown_id(item: Item) -> str:
    """An item's id for a message, short and printable."""
    return ascii(item.id)[1:-1][:60]
