"""Data sets taken apart by topic and round, and joined again."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursewright.records import Item, Part, Shard, TracedRow
from coursewright.store import Artifacts, put_rows, read_rows
from coursewright.submission import RowShards
from coursewright.submission.shards import joined

WORDS = {
    "fruit": ["apple", "pear", "plum", "cherry", "grape", "melon"],
    "tools": ["hammer", "saw", "drill", "wrench", "pliers", "chisel"],
    "birds": ["robin", "sparrow", "eagle", "heron", "falcon", "owl"],
}


def question(topic: str, rng: random.Random) -> str:
    return " ".join(rng.sample(WORDS[topic], 4))


def visible(labelled: bool = True) -> list[Item]:
    rng = random.Random(0)
    return [
        Item(
            id=f"v{n}",
            question=question(topic, rng),
            answer="x",
            topic=topic if labelled else None,
        )
        for n, topic in enumerate(list(WORDS) * 12)
    ]


def rows(number: int, **counts: int) -> list[TracedRow]:
    """Rows of a round, so many of each topic, in the order of the topics."""
    rng = random.Random(number)
    return [
        TracedRow(
            instruction="Do.",
            input=f"{question(topic, rng)} {number}x{n}",
            output=topic,
            response=f"r{number}-{n}",
        )
        for topic, count in counts.items()
        for n in range(count)
    ]


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(tmp_path)


def test_a_row_belongs_to_the_first_round_that_held_it(artifacts: Artifacts) -> None:
    old, new = rows(0, fruit=5, tools=4), rows(1, fruit=3, birds=2)
    first = put_rows(artifacts, old)
    second = put_rows(artifacts, [*old[:6], *new])
    found = RowShards(artifacts, visible(), 100).label(second, (1, "voting"), [(0, "own", first)])
    assert set(found.shards) == {
        Shard(topic="fruit", method="own", round=0, rows=5),
        Shard(topic="tools", method="own", round=0, rows=1),
        Shard(topic="fruit", method="voting", round=1, rows=3),
        Shard(topic="birds", method="voting", round=1, rows=2),
    }


def test_without_topics_a_round_is_one_shard(artifacts: Artifacts) -> None:
    digest = put_rows(artifacts, rows(0, fruit=5, tools=4))
    shards = RowShards(artifacts, visible(labelled=False), 100)
    assert shards.label(digest, (0, "own"), []).shards == (
        Shard(topic=None, method="own", round=0, rows=9),
    )


def test_leaving_a_shard_out_takes_its_rows_and_no_others(artifacts: Artifacts) -> None:
    old, new = rows(0, fruit=5), rows(1, fruit=3, birds=2)
    first, second = put_rows(artifacts, old), put_rows(artifacts, [*old, *new])
    shards = RowShards(artifacts, visible(), 100)
    left_out = Shard(topic="fruit", method="voting", round=1, rows=3)
    earlier = [(0, "own", first), (1, "voting", second)]
    kept = shards.without(left_out, second, earlier)
    assert read_rows(artifacts, kept.rows) == (*old, *new[3:])
    assert kept.kept == 7


sizes = st.fixed_dictionaries({topic: st.integers(0, 25) for topic in WORDS})


@settings(max_examples=60, deadline=None)
@given(sizes, sizes, st.permutations([0, 0, 1]), st.integers(5, 60))
def test_a_join_takes_each_topic_from_its_winner_and_holds_to_the_limit(
    one: dict[str, int], two: dict[str, int], winners: list[int], most: int
) -> None:
    shared = rows(7, fruit=3)  # which both hold
    sets = {0: [*shared, *rows(0, **one)], 1: [*shared, *rows(1, **two)]}
    wanted = dict(zip(WORDS, winners, strict=True))
    parts = [Part(topic=topic, round=number) for topic, number in wanted.items()]
    told = {number: [(row.output, row) for row in made] for number, made in sets.items()}
    found = joined([*parts, Part(topic=None, round=0)], told, most)
    texts = [row.model_dump_json() for row in found]
    assert len(set(texts)) == len(texts) <= most
    # Every row is one of theirs, with its response.
    assert set(texts) <= {row.model_dump_json() for made in sets.values() for row in made}
    of_winners = {r.input for n, made in sets.items() for r in made if wanted[r.output] == n}
    if len(of_winners) <= most:
        assert of_winners <= {r.input for r in found}
    assert len(found) >= min(most, *map(len, sets.values()))


def test_any_beginning_of_a_join_is_balanced(artifacts: Artifacts) -> None:
    digests = {0: put_rows(artifacts, rows(0, fruit=20)), 1: put_rows(artifacts, rows(1, birds=20))}
    parts = [Part(topic="fruit", round=0), Part(topic="birds", round=1), Part(topic=None, round=0)]
    made = RowShards(artifacts, visible(), 100).join(parts, digests)
    beginning = read_rows(artifacts, made.rows)[:10]
    assert sorted(row.output for row in beginning) == ["birds"] * 5 + ["fruit"] * 5
