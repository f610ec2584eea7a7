"""Orders of rows of which every beginning is balanced."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from coursewright.store import Artifacts, put_rows, read_rows
from coursewright.submission import RowShards
from coursewright.submission.balance import FINEST, Label, apportioned, balanced_order, grid
from tests.submission.test_shards import rows, visible

LABELS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz")), min_size=1)


@given(minimum=st.integers(1, 3000), rows=st.integers(1, 3000), count=st.integers(0, 300))
def test_sizes_rise_from_the_minimum_by_a_factor_and_stay_below_the_whole(
    minimum: int, rows: int, count: int
) -> None:
    sizes = grid(minimum, rows, count)
    assert len(sizes) <= count
    assert sizes == sorted(set(sizes))
    if minimum >= rows or not count:
        assert sizes == []
        return
    assert sizes[0] == minimum
    assert sizes[-1] < rows
    for one, after in zip(sizes, [*sizes[1:], rows], strict=True):
        assert after - one >= one * (FINEST - 1) - 1 or len(sizes) == 1


@given(sizes=st.lists(st.integers(0, 40), min_size=1, max_size=8))
def test_every_beginning_has_each_part_in_its_share(sizes: list[int]) -> None:
    total = sum(sizes)
    order = apportioned(sizes, total)
    assert Counter(order) == Counter({part: size for part, size in enumerate(sizes) if size})
    for end in range(1, total + 1):
        held = Counter(order[:end])
        for part, size in enumerate(sizes):
            fair = end * size / total
            assert held[part] < fair + 1
            assert held[part] > fair - max(1, len(sizes) * size / total)
    parts = sum(map(bool, sizes))
    assert len(set(order[:parts])) == parts, "each part stands once before any stands twice"


@given(labels=LABELS, data=st.data())
def test_an_order_holds_each_row_once_and_begins_alike_however_far_it_goes(
    labels: list[Label], data: st.DataObject
) -> None:
    texts = [f"row {number * number}" for number in range(len(labels))]
    whole = balanced_order(labels, texts, len(labels))
    assert sorted(whole) == list(range(len(labels)))
    most = data.draw(st.integers(0, len(labels)))
    assert balanced_order(labels, texts, most) == whole[:most]
    told = Counter(topic for topic, _ in labels)
    for end in range(1, len(whole) + 1):
        held = Counter(labels[row][0] for row in whole[:end])
        assert all(held[t] < end * n / len(labels) + 1 for t, n in told.items())


def test_within_a_topic_rounds_and_methods_are_balanced_too() -> None:
    labels: list[Label] = [("a", 0)] * 30 + [("a", 1)] * 10
    order = balanced_order(labels, [f"text {n}" for n in range(40)], 8)
    assert Counter(labels[row][1] for row in order) == {0: 6, 1: 2}


def test_rows_that_differ_come_before_copies_of_those_taken() -> None:
    texts = ["the sun is hot"] * 8 + ["seven birds sing", "a door of iron", "milk and honey"]
    order = balanced_order([("a", 0)] * len(texts), texts, 4)
    assert len({texts[row] for row in order}) == 4


def test_a_data_set_is_cut_into_beginnings_of_one_order(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    first, second = rows(0, fruit=60, tools=20), rows(1, birds=20)
    old, whole = put_rows(artifacts, first), put_rows(artifacts, [*first, *second])
    shards = RowShards(artifacts, visible(), 1000)
    earlier = [(0, "own", old), (1, "quiz", whole)]
    found = shards.cut(whole, earlier, 10, 7)
    assert (found.of, found.cuts[0].kept) == (100, 10)
    cuts = [read_rows(artifacts, cut.rows) for cut in found.cuts]
    assert [len(cut) for cut in cuts] == [cut.kept for cut in found.cuts]
    for one, after in pairwise(cuts):
        assert after[: len(one)] == one
    assert set(cuts[-1]) <= {*first, *second}
    assert Counter(row.output for row in cuts[0]) == {"fruit": 6, "tools": 2, "birds": 2}
    assert shards.cut(whole, earlier, 10, 7) == found
    assert shards.cut(whole, earlier, 100, 7).cuts == ()


def test_without_topics_rounds_alone_are_balanced(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    first, second = rows(0, fruit=30), rows(1, birds=30)
    old, whole = put_rows(artifacts, first), put_rows(artifacts, [*first, *second])
    shards = RowShards(artifacts, visible(labelled=False), 1000)
    (cut, *_) = shards.cut(whole, [(0, "own", old)], 20, 3).cuts
    assert Counter(row.output for row in read_rows(artifacts, cut.rows)) == {
        "fruit": 10,
        "birds": 10,
    }
