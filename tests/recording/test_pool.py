"""Data sets drawn from a pool, and results as bits."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.record_trainings import items_of, packed
from benchmarks.recording.pool import Pool
from benchmarks.recording.table import TableError, unpack
from coursewright.records import TracedRow
from tests.search.histories import TOPICS, exam

METHODS = ("own", "other")


def pool(rows: int = 30) -> Pool:
    made = {
        (method, topic): tuple(
            TracedRow(instruction="Say.", input=f"{method} {topic} {n}", output="x")
            for n in range(rows)
        )
        for method in METHODS
        for topic in TOPICS
    }
    return Pool(METHODS, TOPICS, made)


def asked(rows: list[TracedRow]) -> set[str]:
    return {row.input for row in rows}


def test_a_draw_has_the_rows_that_were_asked_for() -> None:
    counts = np.array([[3, 0, 30], [1, 5, 0]])
    drawn = pool().drawn(counts, 7)
    assert len(asked(drawn)) == len(drawn) == counts.sum()
    for method, rows in zip(METHODS, counts.tolist(), strict=True):
        for topic, count in zip(TOPICS, rows, strict=True):
            assert sum(one.startswith(f"{method} {topic} ") for one in asked(drawn)) == count
    assert [row.input for row in drawn] == [row.input for row in pool().drawn(counts, 7)]


def test_of_one_draw_fewer_rows_are_some_of_more() -> None:
    more, fewer = np.array([[9, 4, 2], [8, 0, 6]]), np.array([[5, 4, 0], [8, 0, 1]])
    whole, part, other = (pool().drawn(c, d) for c, d in ((more, 1), (fewer, 1), (more, 2)))
    assert asked(part) < asked(whole)
    assert asked(other) != asked(whole)


def test_kinds_are_mixed_in_the_order_of_training() -> None:
    order = [row.input.split()[0] for row in pool().drawn(np.full((2, 3), 20), 3)]
    assert 20 < order[:60].count("own") < 40


def test_another_pool_has_another_digest() -> None:
    assert pool().digest == pool().digest != pool(31).digest


def test_results_become_bits_and_grades_are_refused() -> None:
    right = [1.0, 0.0, 0.0, 1.0, 1.0]
    assert unpack(packed(exam(right)), 5).tolist() == [True, False, False, True, True]
    with pytest.raises(TableError, match="grades"):
        packed(exam([1.0, 0.5]))


def test_items_keep_topic_and_group_by_number() -> None:
    found = items_of({"visible": exam([0.0] * 4, "visible"), "scored": exam([0.0] * 2)}, TOPICS)
    assert [topic for topic, _ in found["visible"]] == [0, 1, 2, 0]
    assert [group for _, group in found["scored"]] == [0, 1]  # the same ids: the same groups
