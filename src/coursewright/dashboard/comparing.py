"""Several runs side by side: outcomes, curves, and the settings in which they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coursewright.records import Result
from coursewright.report import Story, charts
from coursewright.report.facts import percent
from coursewright.report.inert import one_line


@dataclass(frozen=True)
class Comparison:
    """A table of outcomes, one of settings, and a picture; a column for each run."""

    names: tuple[str, ...]
    outcomes: tuple[tuple[str, tuple[str, ...]], ...]
    settings: tuple[tuple[str, tuple[str, ...]], ...]
    """Only those that are not the same in all."""
    chart: str


def comparison(stories: Iterable[Story]) -> Comparison:
    """Compare runs in the order that they come."""
    told = list(stories)
    columns = [outcome(story) for story in told]
    names = list(dict.fromkeys(name for column in columns for name in column))
    return Comparison(
        names=tuple(story.folder.name for story in told),
        outcomes=tuple(
            (name, tuple(column.get(name, "–") for column in columns)) for name in names
        ),
        settings=tuple(differences([story.config.model_dump(mode="json") for story in told])),
        chart=charts.curves([(story.folder.name, curve(story)) for story in told]),
    )


def outcome(story: Story) -> dict[str, str]:
    """What came of a run, by name."""
    result, best = story.result, story.best
    told = {
        "status": story.status,
        "task": one_line(story.config.task.rstrip("/").rsplit("/", 1)[-1]),
        "rounds": str(len(story.rounds)),
    }
    if best is not None and best.scored is not None:
        told["best scored"] = f"{percent(best.scored.accuracy)}, round {best.number}"
    if result is None or result.base is None or result.final is None:
        return told
    low, high = result.gain_points_ci95 or (None, None)
    interval = "" if low is None or high is None else f" [{low:+.1f}, {high:+.1f}]"
    return told | {
        "base, private": percent(result.base.private),
        "student, private": percent(result.final.private),
        "gain, points": f"{result.gain_points:+.1f}{interval}",
        **_elsewhere(result),
        "claim": result.verdict or ("improved" if result.improved else "no improvement shown"),
        "MATS": "–" if result.mats is None else f"{result.mats:.2f}",
        "audit": result.audit,
        "isolation": result.isolation.level,
        "teacher calls": f"{result.teacher_usage.calls:,}",
        "cost, USD": _money(result.teacher_usage.cost_usd, result.agent_usage.cost_usd),
        "seconds": f"{result.seconds.get('total', 0.0):,.0f}",
    }


def _elsewhere(result: Result) -> dict[str, str]:
    """What a gain is worth beyond the exam, as far as it was measured."""
    told = {}
    if result.near_visible is not None and result.near_visible.others_gain_points is not None:
        told["gain far from visible items"] = f"{result.near_visible.others_gain_points:+.1f}"
    if result.robust_gain_points is not None:
        told["robust gain"] = f"{result.robust_gain_points:+.1f}"
    if result.forgetting_points is not None:
        told["forgotten"] = f"{result.forgetting_points:.1f}"
    return told


def curve(story: Story) -> list[tuple[int, float]]:
    """The best scored accuracy so far, round by round."""
    best, points = 0.0, []
    for done in story.rounds:
        if done.scored is not None:
            best = max(best, done.scored.accuracy)
            points.append((done.number, best))
    return points


def differences(configs: Sequence[Mapping[str, Any]]) -> list[tuple[str, tuple[str, ...]]]:
    """Dotted fields whose values differ, with the value of each config."""
    flat = [dict(_flattened(config)) for config in configs]
    fields = list(dict.fromkeys(field for values in flat for field in values))
    rows = [(field, tuple(values.get(field, "–") for values in flat)) for field in fields]
    return [(field, values) for field, values in rows if len(set(values)) > 1]


def _flattened(value: Any, field: str = "") -> Iterable[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flattened(inner, f"{field}.{key}" if field else str(key))
    elif field not in ("runs", "name"):
        yield field, one_line(str(value), 120)


def _money(*costs: float | None) -> str:
    known = [cost for cost in costs if cost is not None]
    return f"{sum(known):.2f}" if known else "–"
