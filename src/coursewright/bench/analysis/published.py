"""The published study beside ours: its figures, and what does not agree among them.

Only what the figures themselves show is said; nothing here was measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

ROUNDING = 0.005
"""Half of the last printed digit."""
CONDITIONS = ("one-shot scratch", "one-shot seed", "iterative scratch", "iterative seed")


class Published(BaseModel):
    """`published.yaml`: gains in percent of the base, accuracies in percent correct."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    conditions: str
    runs: int
    tasks: tuple[str, ...]
    headline: dict[str, Any]
    base_accuracy: dict[str, float]
    table: dict[str, dict[str, tuple[float, float | None]]]
    """Agent, then mode and setting: gain and MATS."""
    science: dict[str, float]
    other_pairs: dict[str, tuple[float, float]]
    """Gain one-shot and iterative."""


@cache
def published() -> Published:
    """The figures, as the package holds them."""
    text = files(__package__).joinpath("published.yaml").read_text(encoding="utf-8")
    return Published.model_validate(yaml.safe_load(text))


def remarks(figures: Published) -> tuple[str, ...]:
    """What a reader of these figures should know, line by line."""
    return (*_headline(figures), *_order(figures), *_mats(figures), *_derived(figures))


def _headline(figures: Published) -> Iterator[str]:
    said = figures.headline
    column = f"{said['mode']} {said['setting']}"
    stands = figures.table[said["agent"]][column][0]
    if stands != said["gain_pct"]:
        yield (
            f"INCONSISTENT: the headline gives {said['agent']} {said['gain_pct']:.2f} %, "
            f"the table {stands:.2f} %"
        )
    higher = [
        f"{agent} {condition} {gain:.2f}"
        for agent, row in figures.table.items()
        for condition, (gain, _) in row.items()
        if gain > said["gain_pct"]
    ]
    if higher:
        yield (
            f"the headline ({said['agent']}, {said['gain_pct']:.2f} %) is the highest of its "
            f"column ({column}), not of the table: {', '.join(higher)}"
        )


def _order(figures: Published) -> Iterator[str]:
    """Rows that run against what the study concludes from them."""
    for better, worse, claim in (
        ("iterative scratch", "one-shot scratch", "iterating beats one shot"),
        ("iterative seed", "one-shot seed", "iterating beats one shot"),
        ("one-shot seed", "one-shot scratch", "seeds help"),
        ("iterative seed", "iterative scratch", "seeds help"),
    ):
        against = [
            f"{agent} ({row[better][0]:.2f} against {row[worse][0]:.2f})"
            for agent, row in figures.table.items()
            if row[better][0] < row[worse][0]
        ]
        if against:
            yield f"against “{claim}”, {better} under {worse}: {', '.join(against)}"


def _mats(figures: Published) -> Iterator[str]:
    """One-shot runs end with their first success, so their MATS is a mean of whole numbers."""
    runs = figures.runs * len(figures.tasks)
    absent = []
    for agent, row in figures.table.items():
        for condition, (_, mats) in row.items():
            if mats is None:
                absent.append(f"{agent} {condition}")
            elif mats < 1:
                yield f"INCONSISTENT: MATS under 1: {agent}, {condition}, {mats:.2f}"
            elif condition.startswith("one-shot"):
                nearest = Fraction(round(mats * runs), runs)
                if abs(float(nearest) - mats) > ROUNDING + 1e-9:
                    yield (
                        f"INCONSISTENT: {agent}, {condition}: MATS {mats:.2f} is no mean of "
                        f"{runs} whole numbers"
                    )
    if absent:
        yield f"MATS not in our notes: {', '.join(absent)}"


def _derived(figures: Published) -> Iterator[str]:
    """Raw accuracies, where base and gain of one task are both known."""
    base = figures.base_accuracy["science"]
    accuracies = [
        f"{name} {base * (1 + gain / 100):.1f} %" for name, gain in figures.science.items()
    ]
    yield f"raw science accuracy that gain and base ({base:.2f} %) imply: {', '.join(accuracies)}"
    usual = figures.science["iterative scratch"]
    for name, (once, often) in figures.other_pairs.items():
        if name.startswith("teacher"):
            yield (
                f"{name}, same base: science {base * (1 + once / 100):.1f} % one-shot, "
                f"{base * (1 + often / 100):.1f} % iterative; its {often:.2f} % is under the "
                f"{usual:.2f} % given with the usual teacher; whether the agent is the same is "
                "not said"
            )
        else:
            yield (
                f"{name}: its base accuracy is not given, so its gain in percent cannot be set "
                "beside that of another student"
            )
    bases = figures.base_accuracy
    said = ", ".join(f"{task} {accuracy:.2f} %" for task, accuracy in bases.items())
    yield (
        f"gains in percent are averaged over tasks whose bases differ ({said}): a point of "
        f"accuracy counts {max(bases.values()) / min(bases.values()):.1f} times as much on the "
        "lowest as on the highest; our notes have neither intervals nor accuracies task by task, "
        "so the averages cannot be checked"
    )
