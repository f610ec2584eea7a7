"""Pictures made of rows: a name, a figure, a bar, a remark. They fit any width, and read as a list.

Places are in percent of a bar's room, which begins at the lowest value shown and ends at the
highest, 0 among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """One row of a picture."""

    name: str
    figure: str
    begin: float
    length: float
    tone: str = ""
    note: str = ""
    whisker: tuple[float, float] | None = None
    """Beginning and length of an interval."""
    dots: tuple[float, float] | None = None
    """Before and after."""


@dataclass(frozen=True)
class Gained:
    """What one contestant of a study gained, in points, with its interval."""

    label: str
    gain: float
    low: float | None
    high: float | None
    is_baseline: bool = False


@dataclass(frozen=True)
class Scale:
    """From values to places."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """The place of a value, in percent."""
        return round(100 * (value - self.low) / (self.high - self.low), 1)

    def span(self, one: float, other: float) -> tuple[float, float]:
        """Where a bar between two values begins, and how long it is."""
        begin, end = sorted((self.at(one), self.at(other)))
        return begin, round(end - begin, 1)


def scale_of(values: Iterable[float]) -> Scale:
    """A scale that holds all these values, and 0."""
    known = [0.0, *values]
    low, high = min(known), max(known)
    return Scale(low, high if high > low else low + 1.0)


def amounts(values: Sequence[tuple[str, float, str]]) -> list[Bar]:
    """A bar for each (name, value, value in words)."""
    scale = scale_of(value for _, value, _ in values)
    return [Bar(name, words, *scale.span(0.0, value)) for name, value, words in values]


def moves(changes: Sequence[tuple[str, int, float, float]]) -> list[Bar]:
    """Shares before and after, for each (name, items, before, after); from 0 to 1."""
    scale = Scale(0.0, 1.0)
    return [
        Bar(
            name,
            f"{100 * before:.0f} → {100 * after:.0f} %",
            *scale.span(before, after),
            tone="good" if after >= before else "bad",
            note=f"{items} item{'' if items == 1 else 's'}",
            dots=(scale.at(before), scale.at(after)),
        )
        for name, items, before, after in changes
    ]


def gains(found: Sequence[Gained]) -> list[Bar]:
    """Points with their intervals; baselines stand back."""
    ends = [end for one in found for end in (one.gain, one.low, one.high) if end is not None]
    scale = scale_of(ends)
    return [
        Bar(
            one.label,
            f"{one.gain:+.1f}",
            *scale.span(0.0, one.gain),
            tone="quiet" if one.is_baseline else "",
            note=""
            if one.low is None or one.high is None
            else f"95 % interval {one.low:+.1f} to {one.high:+.1f}",
            whisker=None if one.low is None or one.high is None else scale.span(one.low, one.high),
        )
        for one in found
    ]
