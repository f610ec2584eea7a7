"""Invented histories: rounds whose items, topics and shards a test decides."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from coursewright.protocols import Search
from coursewright.records import (
    Answered,
    Decision,
    Evaluation,
    Execution,
    Feedback,
    Proposal,
    Round,
    Shard,
    Split,
)
from coursewright.waves import Candidate

TOPICS = ("red", "green", "blue")
FAMILIES = {"breadth": ("b1", "b2"), "checking": ("c1",), "difficulty": ("d1", "d2")}


def exam(scores: Sequence[float], split: Split = "scored") -> Evaluation:
    """An evaluation with these scores; topics alternate, every item is a group of its own."""
    results = tuple(
        Answered(
            id=f"i{n}",
            group=f"i{n}",
            topic=TOPICS[n % len(TOPICS)],
            output="",
            score=score,
            readable=True,
        )
        for n, score in enumerate(scores)
    )
    mean = sum(scores) / len(scores)
    return Evaluation(split=split, results=results, accuracy=mean, readable=1.0, seconds=0.0)


def drawn(rng: random.Random, abilities: Mapping[str, float], items: int) -> Evaluation:
    """An evaluation of a student with these chances, by topic."""
    return exam([float(rng.random() < abilities[TOPICS[n % 3]]) for n in range(items)])


def shards(number: int, rows: int = 30) -> tuple[Shard, ...]:
    return tuple(Shard(topic=t, method="own", round=number, rows=rows) for t in TOPICS)


def after(
    rounds: Sequence[Round],
    decision: Decision,
    scored: Evaluation | None = None,
    failure: str | None = None,
    status: str = "failed",
    **more: Any,
) -> Round:
    """The round that a decision led to: scored; without an evaluation what `status` says."""
    number = len(rounds)
    fields: dict[str, Any] = {
        "number": number,
        "operation": decision.operation,
        "parent": decision.parent,
        "branch": decision.branch,
        "status": "scored" if scored is not None else status,
        "failure": None if status == "gathered" or scored else failure or "runtime error",
        "proposal": Proposal(plan=f"plan {number}", code=f"x = {number}"),
        "execution": Execution(status="ok", seconds=0.0),
        "feedback": Feedback(text=""),
        **more,
    }
    if scored is not None:
        fields |= {
            "scored": scored,
            "visible": more.get("visible", scored),
            "shards": more.get("shards", shards(number)),
        }
    return Round.model_validate(fields)


def play_out(search: Search, fates: Sequence[tuple[str, int]]) -> list[Round]:
    """Let a search play against fates: what becomes of a round, and how good it is (0-60)."""
    rounds: list[Round] = []
    base = exam([0.0] * 60)
    for fate, right in fates:
        decision = search.next(rounds, base)
        if decision is None:
            break
        if fate == "scored" and decision.branch is not None and decision.branch.gathers:
            done = after(rounds, decision, status="gathered", shards=shards(len(rounds)))
        elif fate == "scored":
            done = after(rounds, decision, exam([float(n < right) for n in range(60)]))
        elif fate == "invalid":
            done = after(rounds, decision, failure="too few valid rows", status="invalid")
        else:
            done = after(rounds, decision, failure=fate)
        rounds.append(done)
    return rounds


def play_waves(search: Search, fates: Sequence[tuple[str, int]], width: int) -> list[list[Round]]:
    """The same in waves, whose decisions know of those before them but of no outcome."""
    waves: list[list[Round]] = []
    rounds: list[Round] = []
    base = exam([0.0] * 60)
    while len(rounds) < len(fates):
        known = list(rounds)
        for _ in range(min(width, len(fates) - len(rounds))):
            decision = search.next(known, base)
            if decision is None:
                break
            known.append(Candidate(len(known), decision).under_way())
        if len(known) == len(rounds):
            break
        decided = known[len(rounds) :]
        for begun, (fate, right) in zip(decided, fates[len(rounds) :], strict=False):
            scored = exam([float(n < right) for n in range(60)]) if fate == "scored" else None
            failure = "too few valid rows" if fate == "invalid" else fate
            status = "invalid" if fate == "invalid" else "failed"
            decision = Decision(operation=begun.operation, parent=begun.parent, branch=begun.branch)
            rounds.append(after(rounds, decision, scored, failure, status))
        waves.append(rounds[decided[0].number :])
    return waves


FATES = st.lists(
    st.tuples(
        st.sampled_from(["scored", "scored", "runtime error", "invalid", "duplicate"]),
        st.integers(0, 60),
    ),
    max_size=24,
)
