"""What the splits of a task can show, and how large they ought to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coursewright.power import groups_needed, smallest_gain
from coursewright.records import Item, SplitSize

_WORTH_SEEING = 5.0
"""Points: a gain that a run of the study's size should be able to show."""
_ENOUGH_VISIBLE = 30
"""Items from which an agent sees what an exam is like; more help it little."""


def split_sizes(items: Mapping[str, Sequence[Item]]) -> list[SplitSize]:
    """Size, smallest detectable gain and advice for each split that holds items."""
    return [_size(split, found) for split, found in items.items() if found]


def _size(split: str, items: Sequence[Item]) -> SplitSize:
    groups = len({item.group or item.id for item in items})
    gain = round(smallest_gain(groups), 1)
    line = f"{split:<8} {len(items):>6} items in {groups} groups: "
    if split == "visible":
        line += "shows what the exam is like"
        if len(items) < _ENOUGH_VISIBLE:
            line += f"; {_ENOUGH_VISIBLE} items or more would show it better"
    else:
        line += f"shows gains of {gain:g} points or more"
        if gain > _WORTH_SEEING:
            line += f"; {groups_needed(_WORTH_SEEING)} groups would show {_WORTH_SEEING:g}"
    return SplitSize(split=split, items=len(items), groups=groups, smallest_gain=gain, line=line)
