"""Pictures of a run as inline SVG: no script, colours by the page's style, numbers in a title.

Every picture is a fixed drawing area that scales with the page. A table beside it says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 16, 46


@dataclass(frozen=True)
class Point:
    """One round in a picture."""

    number: int
    parent: int | None
    operation: str
    visible: float | None
    scored: float | None
    others: tuple[int, ...] = ()
    """Further rounds that a merge takes rows from."""


@dataclass(frozen=True)
class Mark:
    """A score with its interval, drawn at the right of the rounds."""

    score: float
    low: float
    high: float


def scores(
    points: Sequence[Point],
    base: float | None,
    *,
    noise: float | None = None,
    chosen: int | None = None,
    private: Mark | None = None,
) -> str:
    """Score by round: visible and scored, the band of training noise, what was chosen.

    Scores are fractions; `noise` is the standard deviation of a score from training seeds alone.
    """
    shown = [p for p in points if p.scored is not None]
    if not shown:
        return ""
    known = [s for p in shown for s in (p.visible, p.scored) if s is not None]
    known += [base] if base is not None else []
    known += [private.low, private.high] if private else []
    low, high = _limits(known)
    slots = len(points) + (1 if private else 0)

    def x(slot: float) -> float:
        return LEFT + (slot + 0.5) * (WIDTH - LEFT - RIGHT) / slots

    def y(score: float) -> float:
        return TOP + (high - score) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [*_grid(low, high, y)]
    if base is not None:
        parts.append(_line("base", LEFT, y(base), WIDTH - RIGHT, y(base)))
        parts.append(_text("label", WIDTH - RIGHT, y(base) - 5, f"base {base:.0%}", "end"))
    if noise:
        upper = [(x(p.number), y(min(1.0, _of(p.scored) + noise))) for p in shown]
        lower = [(x(p.number), y(max(0.0, _of(p.scored) - noise))) for p in reversed(shown)]
        parts.append(f'<polygon class="band" points="{_path([*upper, *lower])}"/>')
    for kind in ("visible", "scored"):
        line = [(x(p.number), y(value)) for p in shown if (value := getattr(p, kind)) is not None]
        parts.append(f'<polyline class="line {kind}" points="{_path(line)}"/>')
    for point in points:
        # Where letters are large, on a narrow screen, only every so many numbers find room.
        kind = "tick" if point.number % -(-len(points) // 8) == 0 else "tick minor"
        parts.append(_text(kind, x(point.number), HEIGHT - BOTTOM + 19, str(point.number)))
        if point.scored is None:
            parts.append(_text("failed", x(point.number), HEIGHT - BOTTOM - 4, "×"))
            continue
        for kind in ("visible", "scored"):
            if (value := getattr(point, kind)) is not None:
                told = f"round {point.number} ({point.operation}): {kind} {value:.1%}"
                parts.append(_dot(kind, x(point.number), y(value), 3.5, told))
        if point.number == chosen:
            parts.append(_ring(x(point.number), y(point.scored)))
    if private:
        at = x(len(points))
        parts.append(_line("whisker", at, y(private.low), at, y(private.high)))
        for end in (private.low, private.high):
            parts.append(_line("whisker", at - 7, y(end), at + 7, y(end)))
        told = f"private {private.score:.1%}, 95 % interval {private.low:.1%} to {private.high:.1%}"
        parts.append(_dot("private", at, y(private.score), 3.5, told))
        parts.append(_text("tick", WIDTH - RIGHT, HEIGHT - BOTTOM + 19, "private", "end"))
    parts.append(_text("axis", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, "round"))
    return _picture(HEIGHT, "Score by round", parts)


def curves(lines: Sequence[tuple[str, Sequence[tuple[int, float]]]]) -> str:
    """A line of (round, score) for each name; colours by their order, eight of them."""
    known = [score for _, points in lines for _, score in points]
    if not known:
        return ""
    low, high = _limits(known)
    last = max(number for _, points in lines for number, _ in points)

    def x(number: int) -> float:
        return LEFT + number / max(1, last) * (WIDTH - LEFT - RIGHT)

    def y(score: float) -> float:
        return TOP + (high - score) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [*_grid(low, high, y)]
    for number in range(0, last + 1, max(1, -(-last // 15))):
        parts.append(_text("tick", x(number), HEIGHT - BOTTOM + 19, str(number)))
    for place, (name, points) in enumerate(lines):
        path = _path([(x(number), y(score)) for number, score in points])
        parts.append(
            f'<polyline class="line curve-{place % 8}" points="{path}">'
            f"<title>{escape(name)}</title></polyline>"
        )
    parts.append(_text("axis", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, "round"))
    return _picture(HEIGHT, "Best score so far, by round", parts)


def tree(points: Sequence[Point], chosen: int | None) -> str:
    """Which round went on from which: a line of descent stays on its level, a side line drops."""
    if not points:
        return ""
    level = _levels(points)
    height = 40 + 34 * (max(level.values()) + 1)
    step = (WIDTH - LEFT - RIGHT) / max(1, len(points))

    def place(number: int) -> tuple[float, float]:
        return LEFT + (number + 0.5) * step, 24 + 34 * level[number]

    parts = []
    for point in points:
        at_x, at_y = place(point.number)
        if point.parent is not None:
            from_x, from_y = place(point.parent)
            # It drops right behind the parent, so that it crosses no other round's name.
            half, down = from_x + step / 2, from_x + step * 0.7
            parts.append(
                f'<path class="edge" d="M{from_x:.1f} {from_y:.1f} C{half:.1f} {from_y:.1f} '
                f'{half:.1f} {at_y:.1f} {down:.1f} {at_y:.1f} L{at_x:.1f} {at_y:.1f}"/>'
            )
        for other in point.others:
            from_x, from_y = place(other)
            parts.append(_line("edge joined", from_x, from_y, at_x, at_y))
    for point in points:
        at_x, at_y = place(point.number)
        outcome = "failed" if point.scored is None else f"scored {point.scored:.1%}"
        told = f"round {point.number}: {point.operation}, {outcome}"
        parts.append(_dot("dead" if point.scored is None else "node", at_x, at_y, 9, told))
        parts.append(_text("number", at_x, at_y + 3.5, str(point.number)))
        if point.number == chosen:
            parts.append(_ring(at_x, at_y, 12))
        if step >= 56:
            parts.append(_text("tick minor", at_x, at_y + 22, point.operation))
    return _picture(height, "Which round went on from which", parts, "chart tree")


# ---------------------------------------------------------------- drawing


def _levels(points: Sequence[Point]) -> dict[int, int]:
    """The first round to go on from another keeps its level; later ones begin a new one."""
    level: dict[int, int] = {}
    continued: set[int] = set()
    lowest = -1
    for point in points:
        parent = point.parent
        if parent is not None and parent not in continued:
            level[point.number] = level[parent]
            continued.add(parent)
        else:
            lowest += 1
            level[point.number] = lowest
        lowest = max(lowest, level[point.number])
    return level


def _limits(known: Sequence[float]) -> tuple[float, float]:
    """Whole tenths around all scores, so that small differences stay small."""
    low = int(min(known) * 10) / 10
    high = min(1.0, (int(max(known) * 10 - 1e-9) + 1) / 10)
    return max(0.0, low), max(high, low + 0.1)


def _grid(low: float, high: float, y: Callable[[float], float]) -> Iterator[str]:
    for tenth in range(round(low * 10), round(high * 10) + 1):
        at = y(tenth / 10)
        yield _line("grid", LEFT, at, WIDTH - RIGHT, at)
        yield _text("tick", LEFT - 8, at + 4, f"{tenth * 10} %", "end")


def _of(score: float | None) -> float:
    return 0.0 if score is None else score


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(kind: str, x: float, y: float, text: str, anchor: str = "middle") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _dot(kind: str, x: float, y: float, radius: float, told: str) -> str:
    return (
        f'<circle class="dot {kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}">'
        f"<title>{escape(told)}</title></circle>"
    )


def _ring(x: float, y: float, radius: float = 8) -> str:
    return f'<circle class="ring" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>'


def _picture(height: float, name: str, parts: Sequence[str], kind: str = "chart") -> str:
    return (
        f'<svg class="{kind}" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        f'aria-label="{escape(name)}">{"".join(parts)}</svg>'
    )
