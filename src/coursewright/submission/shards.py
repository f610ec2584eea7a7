"""Data sets as shards: rows of one topic that one method first made in one round.

A row's topic is guessed from the visible items of each topic, its round is the first whose audited
rows hold it. Neither is taken from what a program says.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from itertools import accumulate, pairwise

from coursewright.chat import item_body
from coursewright.records import Cuts, Item, Joined, Labels, Part, Shard, TracedRow
from coursewright.similarity import TopicGuesser, evenly
from coursewright.store import Artifacts, canonical, put_rows, read_rows
from coursewright.submission.balance import balanced_order, grid

AGREEMENT = 0.4
"""Cohen's kappa of guessed and true topics of visible items below which no topic is guessed."""

LEAST_SAMPLE = 50
"""Rows of a sample, where there are as many."""

Made = tuple[int, str, str]
"""Number, method and rows (a digest) of a round."""


class RowShards:
    """Meets `protocols.Shards`."""

    def __init__(self, artifacts: Artifacts, visible: Sequence[Item], maximum: int) -> None:
        """`visible` items show what belongs to a topic; a data set has at most `maximum` rows."""
        self._artifacts = artifacts
        self._visible = visible
        self._maximum = maximum

    def label(self, rows: str, made: tuple[int, str], earlier: Sequence[Made]) -> Labels:
        """Return the shards of these rows; `made` are number and method of their own round."""
        read = read_rows(self._artifacts, rows)
        origins = self._origins(earlier)
        counts: Counter[tuple[str | None, int, str]] = Counter()
        for row, topic in zip(read, self._topics(read), strict=True):
            number, method = origins.get(_key(row), made)
            counts[topic, number, method] += 1
        shards = (
            Shard(topic=topic, method=method, round=number, rows=count)
            for (topic, number, method), count in counts.items()
        )
        return Labels(
            shards=tuple(sorted(shards, key=lambda s: (s.round, s.topic or "", s.method)))
        )

    def join(self, parts: Sequence[Part], datasets: Mapping[int, str]) -> Joined:
        """Join each topic's rows of the round that a part names, up to the task's limit.

        A row that two rounds hold stands once. A topic's winner may have few rows of it, so what is
        then missing to the largest of the data sets is filled up with their other rows, those of
        the round for all other rows first. Where rows are too many, every topic gives up the same
        share; topics are mixed, so that any beginning of the rows is balanced as the whole.
        """
        read = {n: read_rows(self._artifacts, digest) for n, digest in datasets.items()}
        told = {n: list(zip(self._topics(rows), rows, strict=True)) for n, rows in read.items()}
        return self._kept(joined(parts, told, self._maximum))

    def without(self, shard: Shard, rows: str, earlier: Sequence[Made]) -> Joined:
        """Leave a shard out of these rows; `earlier` holds the round that made it."""
        read = read_rows(self._artifacts, rows)
        origins = self._origins(earlier)
        gone = (shard.round, shard.method)
        topics = self._topics(read)
        return self._kept(
            [
                row
                for row, topic in zip(read, topics, strict=True)
                if topic != shard.topic or origins.get(_key(row)) != gone
            ]
        )

    def cut(self, rows: str, earlier: Sequence[Made], minimum: int, count: int) -> Cuts:
        """Return beginnings of these rows, ordered so that each is balanced as the whole.

        At most `count` of them, from `minimum` rows on, each larger by one factor. Balanced by
        topic, and within a topic by the rounds and methods that made its rows (see `balance`).
        """
        read = read_rows(self._artifacts, rows)
        sizes = grid(minimum, len(read), count)
        if not sizes:
            return Cuts(of=len(read))
        origins = self._origins(earlier)
        made = [origins.get(_key(row)) for row in read]
        labels = list(zip(self._topics(read), made, strict=True))
        texts = [f"{_asked(row)}\n{row.answer}" for row in read]
        order = balanced_order(labels, texts, sizes[-1])
        return Cuts(
            of=len(read),
            cuts=tuple(self._kept([read[row] for row in order[:size]]) for size in sizes),
        )

    def sample(self, rows: str, share: float, seed: int) -> Joined:
        """Draw this share of the rows at random, in their order; `LEAST_SAMPLE` if there are."""
        read = read_rows(self._artifacts, rows)
        count = min(max(LEAST_SAMPLE, round(share * len(read))), len(read))
        drawn = sorted(random.Random(seed).sample(range(len(read)), count))
        return self._kept([read[n] for n in drawn])

    def _kept(self, rows: Sequence[TracedRow]) -> Joined:
        return Joined(rows=put_rows(self._artifacts, rows), kept=len(rows))

    def _origins(self, earlier: Sequence[Made]) -> dict[bytes, tuple[int, str]]:
        """Number and method of the first round that held each row."""
        first: dict[bytes, tuple[int, str]] = {}
        for number, method, digest in earlier:
            for row in read_rows(self._artifacts, digest):
                first.setdefault(_key(row), (number, method))
        return first

    def _topics(self, rows: Sequence[TracedRow]) -> list[str | None]:
        if self._guesser is None:
            return [None] * len(rows)
        names = self._guesser.topics
        return [names[number] for number in self._guesser.guess([_asked(row) for row in rows])]

    @cached_property
    def _guesser(self) -> TopicGuesser | None:
        """Guesses topics of rows; None where that cannot be done well enough."""
        known = [item for item in self._visible if item.topic]
        if len({item.topic for item in known}) < 2:
            return None
        guesser = TopicGuesser(
            [item_body(item.question, item.context) for item in known],
            [item.topic or "" for item in known],
            [item.group or item.id for item in known],
        )
        return guesser if guesser.agreement >= AGREEMENT else None


def joined(
    parts: Sequence[Part], datasets: Mapping[int, Sequence[tuple[str | None, TracedRow]]], most: int
) -> list[TracedRow]:
    """Return the rows of a join (see `RowShards.join`) of rows whose topics are known."""
    wanted = {part.topic: part.round for part in parts}
    order = sorted(datasets, key=lambda number: (number != wanted.get(None), number))
    chosen: dict[str | None, list[TracedRow]] = {}
    spare: list[tuple[str | None, TracedRow]] = []
    seen: set[bytes] = set()
    for number in order:
        for topic, row in datasets[number]:
            kind = topic if topic in wanted else None
            if wanted.get(kind) != number:
                spare.append((kind, row))
            elif _key(row) not in seen:
                seen.add(_key(row))
                chosen.setdefault(kind, []).append(row)
    missing = min(max(map(len, datasets.values()), default=0), most) - len(seen)
    for kind, row in spare:
        if missing > 0 and _key(row) not in seen:
            seen.add(_key(row))
            chosen.setdefault(kind, []).append(row)
            missing -= 1
    return _mixed(list(chosen.values()), most)


def _mixed(groups: Sequence[Sequence[TracedRow]], most: int) -> list[TracedRow]:
    """Rows of all groups in turn, in proportion to their sizes; evenly thinned to `most`."""
    total = sum(map(len, groups))
    if total > most:
        ends = [most * upto // total for upto in accumulate(map(len, groups), initial=0)]
        sizes = [end - start for start, end in pairwise(ends)]
        groups = [
            evenly(group, size) if size else [] for group, size in zip(groups, sizes, strict=True)
        ]
    placed = [
        ((place + 0.5) / len(group), number, row)
        for number, group in enumerate(groups)
        for place, row in enumerate(group)
    ]
    return [row for _, _, row in sorted(placed, key=lambda entry: entry[:2])]


def _asked(row: TracedRow) -> str:
    return item_body(*row.asked) or row.instruction


def _key(row: TracedRow) -> bytes:
    """What makes two rows one: what is asked and answered."""
    texts = (row.instruction.strip(), row.input.strip(), row.output.strip())
    said = canonical(row.messages) if row.messages else repr(texts)
    return sha256(said.encode("utf-8", "surrogatepass")).digest()
