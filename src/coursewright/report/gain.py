"""What a gain consists of: form and ability, near and far from visible items; and what it cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from coursewright.records import NearVisible, Result
from coursewright.report.bars import Bar, Scale, scale_of


@dataclass(frozen=True)
class Part:
    """Points of one part of a gain; parts of one `whole` sum to it."""

    whole: str
    label: str
    points: float
    note: str
    alarming: bool = False
    """It casts doubt on the gain."""


def parts_of_gain(result: Result | None) -> tuple[Part, ...]:
    """All parts that are known; none without a gain."""
    if result is None or result.gain_points is None or not result.gain_parts:
        return ()
    return tuple(_parts(result, result.gain_points))


def shown_parts(parts: Sequence[Part]) -> list[tuple[str, list[Bar]]]:
    """For a page: each whole with its parts as bars, all on one scale."""
    scale = scale_of(part.points for part in parts)
    return [(whole, [_bar(part, scale) for part in of]) for whole, of in groupby(parts, _whole)]


def _whole(part: Part) -> str:
    return part.whole


def _bar(part: Part, scale: Scale) -> Bar:
    tone = "bad" if part.alarming else "good" if part.points >= 0 else "care"
    return Bar(part.label, f"{part.points:+.1f}", *scale.span(0.0, part.points), tone, part.note)


def _parts(result: Result, gain: float) -> Iterator[Part]:
    form = "by what the scorer could read"
    yield Part(
        form, "ability", result.gain_parts["ability"], "answers that it could read before and after"
    )
    yield Part(
        form, "format", result.gain_parts["format"], "answers that became readable, or ceased to be"
    )
    if result.near_visible is not None:
        yield from _near(result.near_visible, gain)
    yield from _beside(result)


def _near(near: NearVisible, gain: float) -> Iterator[Part]:
    whole = "by likeness to what the agent could look at"
    if near.gain_points is not None:
        yield Part(
            whole,
            "near visible items",
            near.part_points,
            f"{near.items:,} private items that share half of their words, numbers and names "
            f"aside, with a visible one; on them {_told(near.gain_points, near.gain_points_ci95)}",
        )
    if near.others_gain_points is not None and near.others_gain_points_ci95 is not None:
        low, _ = near.others_gain_points_ci95
        yield Part(
            whole,
            "elsewhere",
            gain - near.part_points,
            f"the other {near.others:,} items; on them "
            f"{_told(near.others_gain_points, near.others_gain_points_ci95)}",
            # A gain that is seen near visible items alone may be knowledge of those.
            alarming=gain > 0 and low <= 0 < near.part_points,
        )


def _beside(result: Result) -> Iterator[Part]:
    """What exams beside the exam showed: no parts of the gain, but on its scale."""
    whole = "beside the exam"
    if result.robust_gain_points is not None and result.robust_gain_points_ci95 is not None:
        low, high = result.robust_gain_points_ci95
        yield Part(
            whole,
            "robust gain",
            result.robust_gain_points,
            f"the same items with other numbers, in other words; interval {low:+.1f} to {high:+.1f}"
            + ("; EXAM ONLY: less than half of the gain is left here" if result.exam_only else ""),
            alarming=bool(result.exam_only),
        )
    if (sibling := result.probes.get("sibling")) is not None:
        low, high = sibling.gain_points_ci95
        yield Part(
            whole,
            "carried over",
            sibling.gain_points,
            f"neighbouring skills that the exam does not ask; interval {low:+.1f} to {high:+.1f}",
        )
    if result.forgetting_points is not None and result.forgetting_points_ci95 is not None:
        low, high = result.forgetting_points_ci95
        yield Part(
            whole,
            "forgotten",
            -result.forgetting_points,
            f"of what it could do before; interval {-high:+.1f} to {-low:+.1f}",
            alarming=low > 0,
        )


def _told(points: float, interval: tuple[float, float] | None) -> str:
    if interval is None:
        return f"{points:+.1f}"
    return f"{points:+.1f} ({interval[0]:+.1f} to {interval[1]:+.1f})"
