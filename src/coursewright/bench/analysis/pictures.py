"""A study's pictures, as SVG and PNG. Same study, same bytes; readable in greyscale.

matplotlib is loaded here alone, and only when something is drawn.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursewright.bench.analysis.book import unique
from coursewright.bench.analysis.curves import Point, curve_points
from coursewright.bench.analysis.records import Estimate, MainRow, Study
from coursewright.errors import UsageError
from coursewright.store import write_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SETTINGS = {
    "svg.hashsalt": "coursewright",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "0.88",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.5,
}
"""Own fonts and seeds: nothing of the machine shows in a picture."""
MARKS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
DASHES = ("-", "--", "-.", ":")
GREYS = ("0.0", "0.35", "0.55", "0.2", "0.7")
HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\", "++++", "oo")
FILLS = ("0.95", "0.75", "0.9", "0.6", "0.82", "0.5", "0.99")
MOST_LINES = 32
"""Rows of a picture that people can still read; the tables hold all."""
MOST_CURVES = 8
"""Lines in one panel, likewise."""


def require_matplotlib() -> None:
    """Find out before a study of hours whether its pictures can be drawn.

    Raises:
        UsageError: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise UsageError(
            "pictures need matplotlib: `pip install 'coursewright[bench]'`, or set "
            "`analysis: {pictures: false}` in the study file"
        )


def draw(study: Study, folder: Path) -> tuple[str, ...]:
    """Draw what the study has; return the names of the pictures, without ending.

    Raises:
        UsageError: matplotlib is not installed.
        StorageError: the folder cannot be written.
    """
    require_matplotlib()
    import matplotlib
    from matplotlib.figure import Figure

    drawn = []
    # A figure of its own, not pyplot's: no display, no state between pictures.
    with matplotlib.rc_context(SETTINGS):
        for name, picture in (
            ("gains", gains),
            ("rounds", rounds),
            ("deltas", deltas),
            ("errors", errors),
        ):
            figure = picture(study, Figure)
            if figure is not None:
                _save(figure, folder / name)
                drawn.append(name)
    return tuple(drawn)


Make = Callable[..., "Figure"]


def _save(figure: Figure, path: Path) -> None:
    for ending, metadata in (("svg", {"Date": None, "Creator": None}), ("png", {"Software": None})):
        content = io.BytesIO()
        figure.savefig(content, format=ending, dpi=150, metadata=metadata)
        write_file(path.with_suffix(f".{ending}"), content.getvalue())


# ---------------------------------------------------------------- dots with whiskers


def gains(study: Study, make: Make) -> Figure | None:
    """Gain in points of every line, one panel for the mean over tasks and one for each task."""
    whole = [row for row in study.main if not row.task and row.gain_points is not None]
    if not whole:
        return None
    whole = sorted(whole, key=lambda row: -_value(row))[:MOST_LINES]
    tasks = ["", *study.tasks] if len(study.tasks) > 1 else [""]
    labels = [row.label for row in whole]
    figure = make(figsize=(2.6 + 2.1 * len(tasks), 1.2 + 0.28 * len(labels)), layout="constrained")
    panels = figure.subplots(1, len(tasks), sharey=True, squeeze=False)[0]
    by_place = {(row.label, row.task): row for row in study.main}
    for panel, task in zip(panels, tasks, strict=True):
        for at, label in enumerate(labels):
            row = by_place.get((label, task))
            if row is not None and row.gain_points is not None:
                _whisker(panel, at, row.gain_points, open_=row.line.kind == "baseline")
        panel.axvline(0, color="0.3", linewidth=0.8)
        panel.set_title(task or ("mean over tasks" if len(tasks) > 1 else study.tasks[0]))
    panels[0].set_yticks(range(len(labels)), labels)
    panels[0].set_ylim(len(labels) - 0.4, -0.6)
    figure.suptitle(_covered(whole, "Gain on the private split"), fontsize=10)
    for panel in panels:
        panel.set_xlabel("points")
    if len({row.line.kind for row in whole}) > 1:
        dot = {"linestyle": "", "marker": "o", "color": "0.1"}
        _legend(figure, [("agent", dot), ("baseline", {**dot, "markerfacecolor": "white"})])
    return figure


def _value(row: MainRow) -> float:
    return 0.0 if row.gain_points is None else row.gain_points.value


def _covered(rows: list[MainRow], text: str) -> str:
    found = [row.gain_points for row in rows if row.gain_points is not None]
    over_runs = all(one.over_runs for one in found)
    return f"{text} (95 % interval over {'runs and items' if over_runs else 'items, see †'})"


def _whisker(panel: Axes, at: int, found: Estimate, *, open_: bool) -> None:
    if found.low is not None and found.high is not None:
        panel.plot([found.low, found.high], [at, at], color="0.1", linewidth=1.2)
        for end in (found.low, found.high):
            panel.plot([end, end], [at - 0.14, at + 0.14], color="0.1", linewidth=1.2)
    fill = "white" if open_ else "0.1"
    panel.plot([found.value], [at], "o", color="0.1", markerfacecolor=fill, markersize=5.5)


def deltas(study: Study, make: Make) -> Figure | None:
    """Differences over all tasks: those along axes, then agents against baselines."""
    found = [d for d in study.deltas if not d.task]
    own = [d for d in found if d.axis != "agent against baseline"]
    rows = [*own, *(d for d in found if d.axis == "agent against baseline")][:MOST_LINES]
    if not rows:
        return None
    labels = [
        f"{d.left} − {d.right}" + (f"  ({d.contestant or 'all agents'})" if d in own else "")
        for d in rows
    ]
    figure = make(figsize=(7.5, 1.2 + 0.28 * len(rows)), layout="constrained")
    panel = figure.subplots()
    for at, delta in enumerate(rows):
        _whisker(panel, at, delta.difference, open_=delta.axis == "agent against baseline")
    panel.axvline(0, color="0.3", linewidth=0.8)
    panel.set_yticks(range(len(labels)), labels)
    panel.set_ylim(len(labels) - 0.4, -0.6)
    left_out = f"; {more} more in deltas.csv" if (more := len(found) - len(rows)) else ""
    panel.set_xlabel(f"difference on the private split, points\n(95 % interval{left_out})")
    if 0 < len(own) < len(rows):
        dot = {"linestyle": "", "marker": "o", "color": "0.1"}
        against = {**dot, "markerfacecolor": "white"}
        _legend(figure, [("along an axis", dot), ("against a baseline", against)])
    return figure


# ---------------------------------------------------------------- lines and bars


def rounds(study: Study, make: Make) -> Figure | None:
    """Best so far by round: a panel for each task, a line for each contestant and split."""
    points = [point for point in curve_points(study) if point.task]
    tasks = unique(point.task for point in points)
    if not tasks or max(point.round for point in points) < 1:
        return None
    all_of_them = unique(point.label for point in points)
    labels = _curves_shown(study, all_of_them)
    splits = [s for s in ("scored", "private") if any(getattr(p, s) is not None for p in points)]
    figure = make(figsize=(1.0 + 2.6 * len(tasks), 3.2), layout="constrained")
    panels = figure.subplots(1, len(tasks), squeeze=False)[0]
    for panel, task in zip(panels, tasks, strict=True):
        for at, label in enumerate(labels):
            mine = [p for p in points if (p.task, p.label) == (task, label)]
            for split in splits:
                _curve(panel, mine, split, at)
        panel.set_title(task)
        panel.xaxis.get_major_locator().set_params(integer=True)
        panel.set_xlabel("round")
    panels[0].set_ylabel("best so far, % correct\n(mean over runs)")
    if len(labels) < len(all_of_them):
        more = f"{len(all_of_them) - len(labels)} more lines in rounds.csv"
        figure.suptitle(more, fontsize=8)
    keys: list[tuple[str, dict[str, Any]]] = [
        (label, {**_style(at), "markerfacecolor": _style(at)["color"]})
        for at, label in enumerate(labels)
    ]
    if len(splits) > 1:
        keys += [
            ("scored: filled marks", {"linestyle": "", "marker": "o", "color": "0.1"}),
            (
                "private (analysis): open marks",
                {"linestyle": "", "marker": "o", "color": "0.1", "markerfacecolor": "white"},
            ),
        ]
    _legend(figure, keys)
    return figure


def _curves_shown(study: Study, labels: Sequence[str]) -> Sequence[str]:
    """Where there are too many lines to read, those that were told everything; else all."""
    if len(labels) <= MOST_CURVES:
        return labels
    told = {
        row.label
        for row in study.rounds
        if row.line.feedback == "full" and row.line.brief in ("visible", "seeds")
    }
    return [label for label in labels if label in told or not told][: len(MARKS)]


def _style(at: int) -> dict[str, Any]:
    return {
        "marker": MARKS[at],
        "linestyle": DASHES[at % len(DASHES)],
        "color": GREYS[at % len(GREYS)],
    }


def _curve(panel: Axes, points: list[Point], split: str, at: int) -> None:
    known = [(p.round, getattr(p, split)) for p in points if getattr(p, split) is not None]
    if not known:
        return
    style = _style(at)
    style["markerfacecolor"] = "white" if split == "private" else style["color"]
    numbers, scores = zip(*known, strict=True)
    panel.plot(numbers, [100 * s for s in scores], linewidth=1.1, markersize=5, **style)


def errors(study: Study, make: Make) -> Figure | None:
    """How attempts ended, as shares of each line's attempts; None where all were valid."""
    rows = [row for row in study.errors if row.failures][:MOST_LINES]
    kinds = unique(kind for row in rows for kind in row.failures)
    if not kinds:
        return None
    figure = make(figsize=(7.5, 1.3 + 0.3 * len(rows)), layout="constrained")
    panel = figure.subplots()
    handles = []
    starts = [0.0] * len(rows)
    for at, kind in enumerate(("valid", *kinds)):
        counts = [row.valid if kind == "valid" else row.failures.get(kind, 0) for row in rows]
        shares = [100 * n / row.attempts for n, row in zip(counts, rows, strict=True)]
        handles.append(
            panel.barh(
                range(len(rows)),
                shares,
                left=starts,
                height=0.7,
                color=FILLS[at % len(FILLS)],
                hatch=HATCHES[at % len(HATCHES)],
                edgecolor="0.15",
                linewidth=0.6,
                label=kind,
            )
        )
        starts = [start + share for start, share in zip(starts, shares, strict=True)]
    panel.set_yticks(range(len(rows)), [f"{row.label} ({row.attempts})" for row in rows])
    panel.set_ylim(len(rows) - 0.4, -0.6)
    panel.set_xlim(0, 100)
    panel.set_xlabel("share of attempts, % (number of attempts in brackets)")
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _legend(figure: Figure, keys: list[tuple[str, dict[str, Any]]]) -> None:
    """A legend below the panels, never over the data."""
    if not keys:
        return
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], label=label, **style) for label, style in keys]
    # About eleven letters stand on an inch, and a key takes the room of six.
    longest = max(len(label) for label, _ in keys) + 6
    columns = max(1, min(len(handles), int(figure.get_figwidth() * 11 / longest)))
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False)
