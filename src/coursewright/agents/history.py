"""What of brief and history goes into a request, and what goes first when the context is small.

The oldest detail goes first: past attempts shrink to a line, then examples get fewer, then the
lines go. The attempt that is mended or improved keeps its program, and the task its description.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from coursewright.agents.library import Card
from coursewright.records import Attempt, BadCase, Brief, Item, Row, Seed, Turn

T = TypeVar("T")

SEEDS = 20
VISIBLE = 120
"""Seeds and visible items shown at most, whatever the room: every one is paid for in every round,
and programs read all of them."""
_FEW = 8
"""Examples that are kept until nothing else is left to go."""


@dataclass(frozen=True)
class Told:
    """A past attempt, in full or as one line."""

    attempt: Attempt
    in_full: bool


@dataclass(frozen=True)
class View:
    """What a request shows beside the task's description and the parent's program."""

    visible: tuple[Item, ...]
    seeds: tuple[Seed, ...]
    attempts: tuple[Told, ...]
    cards: tuple[Card, ...]
    bad_cases: tuple[BadCase, ...]
    sample: tuple[Row, ...]
    """Rows of the parent."""
    plan: str
    """The parent's."""
    forgotten: int = 0
    """Attempts that are not told at all."""
    with_program: bool = True
    """Whether the first card comes with its program."""


def full_view(brief: Brief, turn: Turn, cards: tuple[Card, ...]) -> View:
    """Return everything there is to tell."""
    parent = turn.parent
    others = (a for a in turn.history if parent is None or a.number != parent.number)
    return View(
        visible=_spread(brief.visible, VISIBLE),
        seeds=_spread(brief.seeds, SEEDS),
        attempts=tuple(Told(attempt, in_full=True) for attempt in others),
        cards=cards,
        bad_cases=parent.feedback.bad_cases if parent else (),
        sample=parent.feedback.sample if parent else (),
        plan=parent.plan if parent else "",
    )


def _spread(items: tuple[T, ...], most: int) -> tuple[T, ...]:
    """At most so many of them, evenly spread."""
    count = min(most, len(items))
    return tuple(items[n * len(items) // count] for n in range(count))


def fit(view: View, fits: Callable[[View], bool]) -> tuple[View, tuple[str, ...]] | None:
    """Return the first view that fits, and in words what it lacks; None if the least does not."""
    if fits(view):
        return view, ()
    for smaller in smaller_views(view):
        if fits(smaller):
            return smaller, tuple(lacking(view, smaller))
    return None


def smaller_views(view: View) -> Iterator[View]:
    """Ever smaller views, the oldest detail gone first."""
    for place in range(len(view.attempts)):
        short = tuple(
            replace(told, in_full=told.in_full and n > place)
            for n, told in enumerate(view.attempts)
        )
        yield (view := replace(view, attempts=short))
    for name in ("seeds", "visible", "bad_cases"):
        while len(getattr(view, name)) > _FEW:
            shown = getattr(view, name)
            # Every second one: what is left is spread like the whole.
            yield (view := replace(view, **{name: shown[::2]}))
    while view.attempts:
        yield (view := replace(view, attempts=view.attempts[1:], forgotten=view.forgotten + 1))
    yield (view := replace(view, cards=view.cards[:1]))
    yield (view := replace(view, with_program=False))
    yield (view := replace(view, cards=()))
    yield (view := replace(view, seeds=()))
    yield (view := replace(view, sample=()))
    yield (view := replace(view, bad_cases=()))
    yield (view := replace(view, visible=view.visible[:2]))
    yield replace(view, visible=(), plan="")


def lacking(whole: View, view: View) -> Iterator[str]:
    """Say what a view lacks, for the record."""
    for told, now in zip(whole.attempts[view.forgotten :], view.attempts, strict=True):
        if told.in_full and not now.in_full:
            yield f"round {told.attempt.number}: plan and error"
    for told in whole.attempts[: view.forgotten]:
        yield f"round {told.attempt.number}: everything"
    for name, called in (
        ("visible", "visible items"),
        ("seeds", "seeds"),
        ("bad_cases", "bad cases"),
        ("sample", "rows of the attempt"),
        ("cards", "method cards"),
    ):
        before, after = len(getattr(whole, name)), len(getattr(view, name))
        if after < before:
            yield f"{called}: {before - after} of {before}"
    if whole.with_program and not view.with_program and view.cards:
        yield "the method's program"
    if whole.plan and not view.plan:
        yield "the plan of the attempt"
