"""Who is better than whom: paired tests of all pairs, corrected; what they do not tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from coursewright.bench.analysis.book import Book, Entry, gain_blocks, paired_blocks, unique
from coursewright.bench.analysis.intervals import estimate
from coursewright.bench.analysis.records import Line, Pair, Ranked, Ranking
from coursewright.evaluation.verdict import ALPHA


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjusted p-values that keep the chance of any false claim under alpha (Holm 1979).

    None, where there was no test, stays None and does not count.
    """
    order = sorted((p, at) for at, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p_value, at) in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p_value))
        adjusted[at] = highest
    return adjusted


def rankings(book: Book) -> tuple[Ranking, ...]:
    """A ranking for each teacher, student and setting: agents in each mode, and baselines.

    Ablations (less feedback, a shorter brief) take no part.
    """
    main = [line for line in book.lines if book.is_main(line)]
    found = []
    for teacher, student in unique((line.teacher, line.student) for line in main):
        fits = [line for line in main if (line.teacher, line.student) == (teacher, student)]
        settings = unique(line.setting for line in fits if book.knows_settings(line))
        for setting in settings or unique(line.setting for line in fits)[:1]:
            taking_part = [
                line for line in fits if line.setting == setting or not book.knows_settings(line)
            ]
            ranked = rank(book, taking_part, f"{setting}, {student} taught by {teacher}")
            if ranked is not None:
                found.append(ranked)
    return tuple(found)


def rank(book: Book, lines: Sequence[Line], title: str) -> Ranking | None:
    """Rank lines by their mean gain; None where fewer than two were measured."""
    entries: dict[Line, list[Entry]] = {line: book.of(line) for line in lines}
    gains = {line: estimate(gain_blocks(found)) for line, found in entries.items()}
    known = {line: gain for line, gain in gains.items() if gain is not None}
    if len(known) < 2:
        return None
    compared, differences = [], []
    for left, right in combinations(known, 2):
        # One task may be measured with other modes and settings: nothing but it must agree.
        blocks = paired_blocks(entries[left], entries[right], lambda cell: cell.teacher)
        if (difference := estimate(blocks)) is not None:
            compared.append((left, right))
            differences.append(difference)
    adjusted = holm([difference.p_value for difference in differences])
    pairs, beats = [], dict.fromkeys(known, 0)
    loses = dict(beats)
    for (left, right), difference, p_holm in zip(compared, differences, adjusted, strict=True):
        tie = p_holm is None or p_holm >= ALPHA
        if not tie:
            won, lost = (left, right) if difference.value > 0 else (right, left)
            beats[won] += 1
            loses[lost] += 1
        labels = book.labels[left], book.labels[right]
        pairs.append(
            Pair(left=labels[0], right=labels[1], difference=difference, p_holm=p_holm, tie=tie)
        )
    ranked = [
        Ranked(
            label=book.labels[line],
            best=1 + loses[line],
            worst=len(known) - beats[line],
            gain_points=gain,
        )
        for line, gain in sorted(known.items(), key=lambda one: -one[1].value)
    ]
    return Ranking(title=title, lines=tuple(ranked), pairs=tuple(pairs))
