"""How varied a data set is, in the measures that need no model: for the profile of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coursewright.records import TracedRow
from coursewright.similarity import compression_ratio, distinct_ngrams, hashed_ngrams, vendi

SAMPLE = 200
"""Rows that a profile looks at, evenly spread: distinct n-grams compare at one size alone."""


@dataclass(frozen=True)
class Measure:
    """One measure of several data sets, in their order."""

    name: str
    about: str
    values: tuple[float, ...]
    form: str = ".2f"


def profile(data_sets: Sequence[Sequence[TracedRow]]) -> tuple[Measure, ...]:
    """Measure data sets beside each other, on samples of one size."""
    size = min([SAMPLE, *map(len, data_sets)])
    samples = [[rows[at * len(rows) // size] for at in range(size)] for rows in data_sets]
    asked = [[row.asked[0] or row.instruction for row in rows] for rows in samples]
    answered = [[row.answer for row in rows] for rows in samples]

    def measured(name: str, about: str, form: str, values: Sequence[float]) -> Measure:
        return Measure(name, about, tuple(values), form)

    return (
        measured("rows", "rows in the data set", ",.0f", [float(len(rows)) for rows in data_sets]),
        measured(
            "different questions",
            "effective number among the sample (Vendi score of hashed character n-grams)",
            ".1f",
            [vendi(hashed_ngrams(texts)) for texts in asked],
        ),
        measured(
            "new word pairs",
            "share of different word pairs in questions (distinct-2)",
            ".0%",
            [distinct_ngrams(texts) for texts in asked],
        ),
        measured(
            "repetition",
            "size of questions after compression over before; low where they repeat",
            ".0%",
            [compression_ratio(texts) for texts in asked],
        ),
        measured(
            "different answers",
            "effective number among the sample (Vendi score)",
            ".1f",
            [vendi(hashed_ngrams(texts)) for texts in answered],
        ),
        measured(
            "words per question",
            "mean",
            ".1f",
            [_mean([len(text.split()) for text in texts]) for texts in asked],
        ),
        measured(
            "words per answer",
            "mean",
            ".1f",
            [_mean([len(text.split()) for text in texts]) for texts in answered],
        ),
    )


def _mean(counts: Sequence[int]) -> float:
    return sum(counts) / len(counts) if counts else 0.0
