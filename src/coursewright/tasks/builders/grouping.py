"""Which candidates must stay together, and which repeat one another."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence

from coursewright.similarity import DisjointSets, group_by_overlap, group_by_runs, normalised
from coursewright.tasks.builders.items import Candidate, Dropped
from coursewright.tasks.builders.mapping import Near
from coursewright.tasks.builders.splitting import Unit
from coursewright.tasks.check import LONG_CONTEXT
from coursewright.tasks.probes import NEAR, NEAR_WORDS

_REPEATED = "repeats an earlier question"
_CONTRADICTED = "the same question has several answers"
_TESTED = "a seed repeats or resembles an exam item, or shares its group"


def without_repeats(items: Sequence[Candidate], dropped: Dropped) -> list[Candidate]:
    """The first of each question; none of those that come with different answers."""
    answers: defaultdict[str, set[str]] = defaultdict(set)
    keys = [normalised(item.body) for item in items]
    for key, item in zip(keys, items, strict=True):
        answers[key].add(json.dumps(item.answer, sort_keys=True))
    kept: list[Candidate] = []
    known: set[str] = set()
    for key, item in zip(keys, items, strict=True):
        if len(answers[key]) > 1:
            dropped.note(_CONTRADICTED, item.place)
        elif key in known:
            dropped.note(_REPEATED, item.place)
        else:
            known.add(key)
            kept.append(item)
    return kept


def units_of(
    items: Sequence[Candidate], seeds: Sequence[Candidate], near: Sequence[Near], dropped: Dropped
) -> tuple[list[Unit], list[Candidate]]:
    """Items in the units that must stay together, and the seeds that resemble none of them.

    Together are: the same group, the same long context, near-copies by any entry of `near`, and
    in any case what `task check` would refuse to see in two files.
    """
    everything = [*items, *seeds]
    sets = DisjointSets(len(everything))
    _join_equal(sets, [one.group for one in everything])
    _join_equal(sets, [_long_context(one.context) for one in everything])
    for number, rule in enumerate(near):
        texts = [one.compared[number] for one in everything]
        _join_near(sets, texts, rule)
    _join_near(sets, [one.body for one in everything], Near(overlap=NEAR, least=NEAR_WORDS))
    members: defaultdict[int, list[int]] = defaultdict(list)
    for at in range(len(items)):
        members[sets.find(at)].append(at)
    units = [
        Unit(
            key=items[found[0]].id,
            members=tuple(found),
            topics=tuple(items[at].topic or "" for at in found),
        )
        for found in members.values()
    ]
    return units, _free_seeds(seeds, len(items), sets, members, items, dropped)


def name_groups(items: Sequence[Candidate], units: Sequence[Unit]) -> None:
    """Write into each item the group it is in: its own where the whole unit has that one."""
    used: Counter[str] = Counter()
    for unit in units:
        given = {items[at].group for at in unit.members} - {None}
        if len(unit.members) == 1 and not given:
            continue
        name = given.pop() if len(given) == 1 else None
        group = name or f"near:{unit.key}"
        used[group] += 1
        for at in unit.members:
            items[at].group = group if used[group] == 1 else f"{group}#{used[group]}"


def _join_equal(sets: DisjointSets, values: Sequence[str | None]) -> None:
    first: dict[str, int] = {}
    for at, value in enumerate(values):
        if value is not None:
            sets.join(first.setdefault(value, at), at)


def _long_context(context: str | None) -> str | None:
    return normalised(context) if context and len(context) >= LONG_CONTEXT else None


def _join_near(sets: DisjointSets, texts: Sequence[str], rule: Near) -> None:
    compared = [at for at, text in enumerate(texts) if len(text.split()) >= rule.least]
    find = group_by_runs if rule.by == "runs" else group_by_overlap
    known = [sets.find(at) for at in compared]
    first = find([texts[at] for at in compared], rule.overlap, known)
    for at, twin in zip(compared, first, strict=True):
        sets.join(at, compared[twin])


def _free_seeds(
    seeds: Sequence[Candidate],
    start: int,
    sets: DisjointSets,
    members: dict[int, list[int]],
    items: Sequence[Candidate],
    dropped: Dropped,
) -> list[Candidate]:
    known = {normalised(item.body) for item in items}
    free = []
    for at, seed in enumerate(seeds, start):
        key = normalised(seed.body)
        if sets.find(at) in members or key in known:
            dropped.note(_TESTED, seed.place)
            continue
        known.add(key)
        free.append(seed)
    return free
