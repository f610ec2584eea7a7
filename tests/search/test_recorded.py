"""The bench of searches plays recorded trainings, read from one file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.search import WORLDS, Invented, Recorded, Table, play
from coursewright.search import GreedySearch, TreeSearch
from tests.search.histories import FAMILIES, TOPICS

ITEMS = [[f"i{n}", f"g{n}", TOPICS[n % 3]] for n in range(12)]


def results(right: int) -> dict[str, str]:
    """The first so many of 12 items right, as three hexadecimal digits."""
    bits = "1" * right + "0" * (12 - right)
    digits = "".join(f"{int(bits[at : at + 4], 2):x}" for at in (0, 4, 8))
    return dict.fromkeys(("scored", "visible", "private"), digits)


def training(number: int, start: int | None, right: int, **more: Any) -> dict[str, Any]:
    shards = [[topic, "own", number, 10] for topic in TOPICS]
    operation = "draft" if start is None else "improve"
    line = {"id": number, "start": start, "operation": operation, "method": "", "shards": shards}
    return {**line, "results": results(right), **more}


@pytest.fixture
def table(tmp_path: Path) -> Table:
    first = {**dict.fromkeys(("scored", "visible", "private"), ITEMS), "base": results(1)}
    lines = [
        first,
        training(7, None, 5),
        training(8, 7, 9),
        training(9, 8, 12),
        training(11, None, 3, method="b1"),
    ]
    path = tmp_path / "table.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(line)}\n" for line in lines)
    return Table.read(path)


def test_decisions_are_answered_by_trainings_that_they_could_have_led_to(table: Table) -> None:
    # Whichever draft the table gives: no draft leads from the other one's rows.
    assert table.evaluation("scored", results(5)).accuracy == pytest.approx(5 / 12)
    for seed in range(6):
        surface = Recorded(table, seed)
        played = play(GreedySearch(), surface, 6)
        trainings = [surface.used[r.number] for r in played.rounds if r.scored is not None]
        assert trainings in ([7, 8, 9], [11], [11, 7, 8], [11, 7])
        assert len(set(trainings)) == len(trainings)


def test_a_draft_by_a_method_is_a_training_of_that_method(table: Table) -> None:
    search = TreeSearch(families={"breadth": FAMILIES["breadth"][:1]}, patience=None)
    surface = Recorded(table, 0)
    played = play(search, surface, 3)
    assert [surface.used.get(r.number) for r in played.rounds][:2] == [7, 11]
    assert played.truths[:2] == pytest.approx((5 / 12, 5 / 12))


def test_the_same_seed_plays_the_same_game() -> None:
    one, other = (play(TreeSearch(seed=1), Invented(WORLDS[0], 1), 8) for _ in range(2))
    assert one.truths == other.truths
    assert [r.branch for r in one.rounds] == [r.branch for r in other.rounds]
