"""How figures, estimates and tables are written in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coursewright.bench.analysis.records import Estimate

NONE = "–"


def number(figure: float | None, form: str = ".1f") -> str:
    """A figure, or a dash where there is none."""
    return NONE if figure is None else format(figure, form)


def estimated(found: Estimate | None, form: str = "+.1f") -> str:
    """Mean and interval, with marks for what the interval does not cover."""
    if found is None:
        return NONE
    text = format(found.value, form)
    if found.low is not None and found.high is not None:
        text += f" [{found.low:{form}}, {found.high:{form}}]"
    return text + ("" if found.over_runs else "†") + ("‡" if found.few_groups else "")


def percent(fraction: float | None) -> str:
    """A fraction as percent."""
    return NONE if fraction is None else f"{100 * fraction:.1f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> Iterator[str]:
    """A Markdown table; the first `left` columns hold text, the others figures."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "|".join("---" if at < left else "---:" for at in range(len(head))) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def picture(name: str, drawn: Sequence[str], title: str) -> Iterator[str]:
    if name in drawn:
        yield f"![{title}]({name}.svg)"
        yield ""
