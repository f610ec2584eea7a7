"""Searches play invented and recorded surfaces; anybody's search may."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import search
from benchmarks.recording.table import line_of
from benchmarks.surfaces.invented import WORLDS, Invented
from benchmarks.surfaces.playing import play
from benchmarks.surfaces.recorded import Landscape, RecordedSurface
from coursewright.protocols import Search
from coursewright.records import Branch, Decision, Evaluation, Part, Round, Shard
from coursewright.search import GreedySearch, TreeSearch
from tests.recording.invented import METHODS, POOL, World, table


@pytest.fixture(scope="module")
def world() -> World:
    return World(training=0.15, rows=0.1)


@pytest.fixture(scope="module")
def landscape(world: World) -> Landscape:
    return Landscape(table(world, 240))


class Drafts:
    """A policy: drafts by one method after another; takes the best."""

    def __init__(self, seed: int, families: Mapping[str, Sequence[str]]) -> None:
        self._methods = [name for names in families.values() for name in names]

    def next(self, rounds: Sequence[Round], base: Evaluation) -> Decision:
        method = self._methods[len(rounds) % len(self._methods)]
        return Decision(operation="draft", parent=None, branch=Branch(method=method))

    def best(self, rounds: Sequence[Round]) -> Round | None:
        return GreedySearch().best(rounds)


def held(shards: Sequence[Shard]) -> dict[tuple[str | None, str, int], int]:
    return {(shard.topic, shard.method, shard.round): shard.rows for shard in shards}


@pytest.mark.parametrize("recorded", [False, True])
def test_the_same_seed_plays_the_same_game(landscape: Landscape, recorded: bool) -> None:
    def once(seed: int) -> tuple[Any, ...]:
        surface = RecordedSurface(landscape, seed) if recorded else Invented(WORLDS[0], seed)
        played = play(TreeSearch(seed=1, families=landscape.families), surface, 8)
        return played.truths, [r.branch for r in played.rounds]

    assert once(1) == once(1)
    assert once(1)[0] != once(2)[0]


def test_what_is_true_on_a_recorded_surface_is_near_what_was(
    landscape: Landscape, world: World
) -> None:
    apart = []
    for seed in range(12):
        search_: Search = Drafts(seed, landscape.families)
        for done in play(search_, RecordedSurface(landscape, seed), 4).rounds:
            if done.scored is None:
                continue
            counts = np.zeros_like(POOL)
            for shard in done.shards:
                topic = landscape.table.header.topics.index(str(shard.topic))
                counts[METHODS.index(shard.method), topic] = shard.rows
            assert sum(shard.rows for shard in done.shards) <= 600
            apart.append(done.scored.accuracy - world.truth(counts))
    assert abs(np.mean(apart)) < 0.03
    assert 0.02 < np.std(apart) < 0.12  # of items, rows and training


def test_a_merge_takes_the_rows_of_each_topic_from_its_winner(landscape: Landscape) -> None:
    surface, topics = RecordedSurface(landscape, 0), landscape.table.header.topics
    rounds = play(Drafts(0, landscape.families), surface, 2).rounds
    winner = {topic: number % 2 for number, topic in enumerate(topics)}
    parts = tuple(Part(topic=topic, round=number) for topic, number in winner.items())
    merged = surface.answer(
        Decision(operation="merge", parent=0, branch=Branch(parts=parts)), rounds
    )
    assert merged is not None
    rows = held(merged.shards)
    for number, done in enumerate(rounds):
        won = {s.topic for s in done.shards if winner[str(s.topic)] == number}
        for label, count in held(done.shards).items():
            assert rows[label] == count if label[0] in won else rows.get(label, 0) <= count


def test_an_ablation_leaves_one_shard_out(landscape: Landscape) -> None:
    search_ = TreeSearch(seed=3, families=landscape.families, patience=None, ablations=3)
    played = play(search_, RecordedSurface(landscape, 3), 30).rounds
    ablations = [r for r in played if r.operation == "ablate"]
    assert ablations
    for done in ablations:
        assert done.branch is not None
        assert done.branch.without is not None
        before, after = held(played[done.parent or 0].shards), held(done.shards)
        assert before.keys() - after.keys() == held([done.branch.without]).keys()
        assert all(before[label] == rows for label, rows in after.items())


def test_families_hold_what_was_recorded(landscape: Landscape) -> None:
    names = {name for names in landscape.families.values() for name in names}
    assert names == set(METHODS) - {"own"}


@pytest.fixture
def file(tmp_path: Path, landscape: Landscape) -> Path:
    path = tmp_path / "table.jsonl"
    lines = [landscape.table.header, *landscape.table.trainings[:60]]
    path.write_text("".join(map(line_of, lines)))
    return path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["search", *arguments])
    search.main()


def test_policies_are_compared_on_a_file(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = f"{__name__}:Drafts"
    run(monkeypatch, "--recorded", str(file), "--runs", "2", "--policy", mine)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["policy"] for line in lines] == [*search.POLICIES, mine]
    assert {line["surface"] for line in lines} == {"recorded: invented"}
    assert all(1 <= line["trainings_until_mean_curve"] <= 30 for line in lines)
    assert len({line["target_gain_points"] for line in lines}) == 1


def test_a_file_is_checked(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "--recorded", str(file), "--check")
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert line["trainings"] == 60
    assert line["rank_correlation"] > 0.5


@pytest.mark.parametrize("what", ["missing", "policy", "empty", "no own"])
def test_what_cannot_be_played_is_told_in_a_line(
    what: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["--recorded", str(file), "--runs", "1"]
    if what == "missing":
        arguments[1] = str(file.parent / "nothing")
    elif what == "policy":
        arguments += ["--policy", "benchmarks.search:NoSuch"]
    elif what == "empty":
        file.write_text(file.read_text().splitlines()[0] + "\n")
    else:
        file.write_text(file.read_text().replace('"own"', '"mine"'))
    with pytest.raises(SystemExit) as caught:
        run(monkeypatch, *arguments)
    assert isinstance(caught.value.code, str)
    assert "\n" not in caught.value.code
