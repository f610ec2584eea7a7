"""`metrics.jsonl`: a line for every stage of the journal, and figures that a tracker can read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coursewright.errors import StageFailed
from coursewright.records import Evaluation, Proposal, Sitting, Training
from coursewright.store import RunStore
from tests.store.builders import config, proposal, training


def lines(run: Path) -> list[dict[str, Any]]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    text = (run / "metrics.jsonl").read_text()
    return [json.loads(line, parse_constant=refuse) for line in text.splitlines()]


def evaluation() -> Evaluation:
    return Evaluation(split="scored", results=(), accuracy=0.25, readable=0.5, seconds=1.0)


def play(store: RunStore, loss: float = 0.5) -> None:
    store.journal.stage("propose", {"round": 3}, proposal, Proposal)
    store.journal.stage("train", {"rows": "x"}, lambda: training(loss=loss), Training)
    store.journal.stage("evaluate", {"split": "scored"}, evaluation, Evaluation)


def test_every_stage_has_a_line_with_its_figures_and_its_round(tmp_path: Path) -> None:
    with RunStore.create(tmp_path, "run", config()) as store:
        play(store)
        found = lines(store.path)
    assert [line["stage"] for line in found] == ["propose", "train", "evaluate"]
    assert [line["_step"] for line in found] == [0, 1, 2]
    assert {line["round"] for line in found} == {3}
    assert found[1]["train/loss"] == 0.5
    assert found[2]["scored/accuracy"] == 0.25


def test_probes_are_figures_of_the_run_and_of_no_round(tmp_path: Path) -> None:
    def sit() -> Sitting:
        sat = Evaluation(split="abilities", results=(), accuracy=0.5, readable=1.0, seconds=0.1)
        return Sitting(evaluations={"abilities": sat})

    with RunStore.create(tmp_path, "run", config()) as store:
        play(store)
        store.journal.stage("probes", {"weights": None}, sit, Sitting)
        last = lines(store.path)[-1]
    assert last["round"] is None
    assert last["abilities/accuracy"] == 0.5


def test_a_replayed_stage_has_no_second_line(tmp_path: Path) -> None:
    with RunStore.create(tmp_path, "run", config()) as store:
        play(store)
        play(store)
        assert len(lines(store.path)) == 3


def test_a_lost_or_damaged_file_is_made_again_when_the_run_is_taken_up(tmp_path: Path) -> None:
    with RunStore.create(tmp_path, "run", config()) as store:
        play(store)
        before = lines(store.path)
    (store.path / "metrics.jsonl").write_text('{"half')
    with RunStore.open(store.path):
        assert lines(store.path) == before


def test_a_failed_stage_and_a_figure_that_is_none_are_no_trouble(tmp_path: Path) -> None:
    def fail() -> Training:
        raise StageFailed("no", kind="other", stage="train")

    with RunStore.create(tmp_path, "run", config()) as store:
        play(store, loss=float("nan"))
        with pytest.raises(StageFailed):
            store.journal.stage("train", {"rows": "y"}, fail, Training)
        found = lines(store.path)
    assert "train/loss" not in found[1]
    assert found[3]["failed"] is True
