"""How likely a student finds given answers."""

from __future__ import annotations

import math

import pytest

from conftest import FolderStore, colour_rows
from coursewright.chat import layout
from coursewright.errors import StageFailed
from coursewright.student import LocalStudent

pytestmark = [pytest.mark.train, pytest.mark.long]


def test_what_was_taught_is_likelier_than_before_and_than_its_contrary(
    student: LocalStudent, store: FolderStore
) -> None:
    rows = colour_rows(96)
    wrong = [{**row, "output": "red" if row["output"] == "blue" else "blue"} for row in rows]
    trained = student.train(store.put_rows(rows), seed=1)
    right, contrary = (
        student.likelihood(trained.weights, store.put_rows(kind)) for kind in (rows, wrong)
    )
    before = student.likelihood(None, store.put_rows(rows))
    assert len(right.means) == len(rows)
    assert all(mean <= 0 for mean in (*right.means, *contrary.means, *before.means))
    assert min(right.means) > max(contrary.means)
    assert sum(right.means) > sum(before.means)


def test_a_row_is_as_likely_alone_as_among_longer_ones(
    student: LocalStudent, store: FolderStore
) -> None:
    rows = [
        {"instruction": "Add", "input": f"{n} + {n}" * (n + 1), "output": str(n) * (n + 1)}
        for n in range(6)
    ]
    together = student.likelihood(None, store.put_rows(rows)).means
    alone = [student.likelihood(None, store.put_rows([row])).means[0] for row in rows]
    assert together == pytest.approx(alone, abs=1e-4)


def test_the_greedy_answer_is_likelier_than_others(
    student: LocalStudent, store: FolderStore
) -> None:
    (said,) = student.answer(None, [layout("Add", "2 + 2")])
    outputs = [said, *(word for word in ("7", "eleven", "blue") if word != said)]
    rows = [{"instruction": "Add", "input": "2 + 2", "output": word} for word in outputs]
    means = student.likelihood(None, store.put_rows(rows)).means
    assert max(means) == means[0]
    assert all(math.isfinite(mean) for mean in means)


def test_rows_without_an_answer_are_told(student: LocalStudent, store: FolderStore) -> None:
    long = {"instruction": "Say", "input": "word " * 5000, "output": "x"}
    with pytest.raises(StageFailed, match="fits the student's context"):
        student.likelihood(None, store.put_rows([long]))
