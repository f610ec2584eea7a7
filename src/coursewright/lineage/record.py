"""What is known of one row."""

from __future__ import annotations

from typing import Any

from coursewright.records import Operation, Record, TracedRow


class LineageCall(Record):
    """A teacher call that the row names."""

    key: str
    round: int
    """The round that paid for it."""
    served: tuple[int, ...]
    """All rounds it was served to."""
    occurrence: int
    """0 for the first asking of this request within its round."""
    messages: tuple[dict[str, Any], ...]
    """The request, as it went upstream."""
    response: str
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str


class Ancestor(Record):
    """An attempt that the maker's program was written from."""

    round: int
    operation: Operation
    code: str | None
    """SHA-256 of its program; None where it left none."""


class Maker(Record):
    """The round in whose data set the row first stood."""

    round: int
    operation: Operation
    parent: int | None
    status: str
    analysis: str
    plan: str
    """The agent's message, beside the program."""
    code: str | None
    """SHA-256 of the program, which lies in `rounds/NNN/code.py`."""
    methods: tuple[str, ...]
    agent_calls: tuple[str, ...]
    """Keys of the agent's own calls in `agent.sqlite`, where it is a model behind a server."""
    ancestors: tuple[Ancestor, ...]
    """Its parent, the parent of that, and so on."""


class Lineage(Record):
    """A row of the delivered data set and all that led to it."""

    run: str
    coursewright: str
    """Version that began the run."""
    dataset: str
    """Digest of the delivered data set."""
    rows: int
    number: int
    """Of the row, from 1: its line in the data set."""
    row: TracedRow
    delivered_by: int
    """The round whose data set was delivered."""
    maker: Maker | None
    held_by: tuple[int, ...]
    """All rounds whose data set holds the row."""
    calls: tuple[LineageCall, ...]
    config: dict[str, Any]
    """Agent, teacher, student, seed and what else names the run."""
    config_digest: str
    """SHA-256 of the resolved config, as canonical JSON without the place of the run."""
    inputs: dict[str, str]
    """Digests of the outside files that the run depended on, by name."""
    missing: tuple[str, ...]
    """What could not be found, in words."""
