"""What a search that keeps several branches says beyond the next operation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from coursewright.records.base import Record

OWN_METHOD = "own"
"""Method of rows whose program its agent wrote without having been given one."""


class Shard(Record):
    """The rows of a data set that are of one topic and were first made by one method in one round.

    The topic is guessed, not declared: a program's word for it would count for nothing.
    """

    topic: str | None
    """None where topics cannot be guessed from the visible items."""
    method: str
    round: int
    rows: int


class Part(Record):
    """Which round a merge takes the rows of a topic from; topic None is for all other rows."""

    topic: str | None
    round: int


class Credit(Record):
    """What a shard is believed to be worth, by visible items alone: agents are told of it."""

    shard: Shard
    of: int
    """The round whose data set it is part of."""
    points: float
    """0-100; of the topic's items for an estimate, of all items for an ablation."""
    error: float
    """Standard error of the points, over groups of items."""
    how: Literal["estimate", "ablation"]
    """`estimate`: the rise of the topic's items from the parent's student to this one's, which all
    new shards of the topic share. `ablation`: a student was trained without the shard."""


class Branch(Record):
    """What of a decision a plain hill climb does not know."""

    method: str = Field(default="", exclude_if=lambda name: not name)
    """Card of the method library that a draft, or a round that widens, is to follow, and that what
    is built upon it goes on with; empty: the agent's own choice."""
    family: str = Field(default="", exclude_if=lambda name: not name)
    """Of the method."""
    widen: bool = Field(default=False, exclude_if=lambda widen: not widen)
    """Rounds have stopped gaining: ideas from outside are put before the agent."""
    start: int | None = Field(default=None, exclude_if=lambda number: number is None)
    """The scored or gathered round whose rows are built upon (`load_best()`); None: the best one's,
    of which a draft makes no use."""
    gathers: bool = Field(default=False, exclude_if=lambda gathers: not gathers)
    """No student is trained on its rows: the next round builds upon them."""
    wave: int | None = Field(default=None, exclude_if=lambda number: number is None)
    """The first of the rounds that were decided together with this one; None: it is the first."""
    mates: int = Field(default=0, exclude_if=lambda count: not count)
    """Rounds of the same wave, decided before this one, that improve on the same round."""
    alike: float | None = Field(default=None, exclude_if=lambda share: share is None)
    """How much a program may resemble an earlier one that started from the same rows, 0-1; a
    program beyond it is not run. None: any program is run."""
    parts: tuple[Part, ...] = Field(default=(), exclude_if=lambda parts: not parts)
    """Of a merge."""
    promise: float | None = Field(default=None, exclude_if=lambda gain: gain is None)
    """Of a merge: its gain over the best round, as a fraction, were every topic as good as in the
    round that its rows come from. By scored items, and never told to an agent."""
    without: Shard | None = Field(default=None, exclude_if=lambda shard: shard is None)
    """Of an ablation: the shard that is left out of the parent's rows."""
    credit: tuple[Credit, ...] = Field(default=(), exclude_if=lambda credit: not credit)
    """What the agent is told of the parent's shards."""
    reason: str = Field(default="", exclude_if=lambda text: not text)
    """Why this, for the record; never told to an agent, since it may speak of scored."""


class Guidance(Record):
    """What an agent is told of a branch."""

    method: str = ""
    family: str = ""
    mates: int = 0
    """So many others improve on the same round at this moment, told the same: whoever would do what
    comes first to mind takes the next thing instead."""
    widen: bool = False
    """The last rounds brought nothing better: the method is to be brought in now."""
    credit: tuple[Credit, ...] = ()


class Labels(Record):
    """The shards of a data set."""

    shards: tuple[Shard, ...]


class Joined(Record):
    """Rows of earlier rounds put together, before any audit."""

    rows: str
    """Digest (JSONL of `TracedRow`)."""
    kept: int


class Cuts(Record):
    """Beginnings of a data set's rows in a balanced order, from few rows to many."""

    of: int
    """Rows of the whole."""
    cuts: tuple[Joined, ...] = ()


class Novelty(Record):
    """Whether a program was found to repeat an earlier one."""

    repeats: int | None = None
    """Number of the round; None: it is new."""
