"""Probes of a task folder: read, and held against what agents see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from coursewright.chat import item_body
from coursewright.records import Item, ProbeName, Seed
from coursewright.similarity import near_duplicates, normalised

NEAR = 0.9
"""Shared word 3-grams from which on two questions count as the same one, slightly edited."""
NEAR_WORDS = 12
"""Shorter questions differ in one word and are still two questions."""
SHOWN = ("visible.jsonl", "seeds.jsonl")

Body = tuple[str, Item | Seed, str]
"""(file, item or seed, full text of its question)"""
Fault = tuple[str, str, int, str]
"""(message, file, line, field)"""


def overlaps(
    known: Sequence[Body],
    probes: Mapping[str, tuple[ProbeName, Sequence[Item]]],
    lines: Mapping[str, int],
    *,
    similar: bool,
) -> Iterator[Fault]:
    """What probes must not have in common with the other files.

    A question stands nowhere else; `similar` also looks for ones that differ in a word or two from
    what agents see. Contexts may be shared: a rephrased item has that of its source. So may
    groups, and they should be: what is made from one item belongs together in the statistics.

    `known` are the texts of splits and seeds, `probes` are their names and items by file, `lines`
    those of all items by id.
    """
    first = {normalised(body): (name, one.id) for name, one, body in known}
    texts: list[Body] = [
        (name, item, item_body(item.question, item.context))
        for name, (_, items) in probes.items()
        for item in items
    ]
    for name, one, body in texts:
        other = first.setdefault(normalised(body), (name, one.id))
        if other[1] != one.id:
            message = f"the same question stands in {other[0]} line {lines[other[1]]}"
            yield message, name, lines[one.id], "question"
    if not similar:
        return
    shown = [entry for entry in known if entry[0] in SHOWN]
    long = [entry for entry in [*shown, *texts] if len(entry[2].split()) >= NEAR_WORDS]
    kinds = [int(entry[0] in probes) for entry in long]
    for left, right, overlap in near_duplicates([body for *_, body in long], NEAR, kinds=kinds):
        # One is of the shown, which come first in `long`.
        (name, one, body), (place, probe, copy) = long[left], long[right]
        if normalised(body) != normalised(copy):
            message = f"{overlap:.0%} the same as {name} line {lines[one.id]}"
            yield message, place, lines[probe.id], "question"
