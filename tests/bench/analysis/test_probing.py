"""Sealed runs are looked into; open ones stay shut, and pruned ones say so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from coursewright.bench.analysis import probing
from coursewright.bench.analysis.book import open_book
from coursewright.bench.analysis.options import AnalysisOptions
from coursewright.bench.analysis.probing import probe
from coursewright.bench.analysis.quality import gold_of, quality_of
from coursewright.bench.cells import Measured
from coursewright.config import RunConfig
from coursewright.display import Silent
from coursewright.records import Audit, Round, TracedRow
from coursewright.scoring import make_scorer
from coursewright.similarity import evenly
from coursewright.store import RunStore, prune, put_rows
from coursewright.tasks import load_task, read_split
from tests.bench.analysis.invented import cell, measured, rounds, scores
from tests.store.builders import result, round_record

CURVES = AnalysisOptions(private_by_round=True, profiles=False)
PROFILES = AnalysisOptions(sample=20)


def rows(count: int, wrong: int = 0) -> list[TracedRow]:
    """Questions of science-mini with their answers, some of them wrong."""
    return [
        TracedRow(
            instruction="Answer.",
            input=f"Given (Chen, cart): m = {n + 2} kg, a = 2 m/s2. Find F.",
            output=f"{n + 2} * 2 = {2 * (n + 2) + (1 if n < wrong else 0)}",
        )
        for n in range(count)
    ]


class Parrot:
    """A student that answers 8 to all questions, and counts them."""

    asked = 0

    def answer(self, weights: str | None, prompts: Sequence[str]) -> list[str]:
        Parrot.asked += len(prompts)
        return ["4 * 2 = 8"] * len(prompts)

    def wait(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def parrot(monkeypatch: pytest.MonkeyPatch) -> type[Parrot]:
    Parrot.asked = 0
    monkeypatch.setattr(probing, "own_student", lambda *_: Parrot())
    return Parrot


def sealed(folder: Path, *, finished: bool = True) -> Measured:
    """A run of one round in a folder of its own, and the cell that names it."""
    with RunStore.create(folder / "runs", "one", RunConfig(task="science-mini")) as store:
        (folder / "weights").mkdir()
        (folder / "weights" / "w").write_bytes(b"w")
        weights = store.artifacts.put_folder(folder / "weights")
        digest = put_rows(store.artifacts, rows(40, wrong=10))
        done = round_record(store, weights)
        scored = {"split": "scored", "results": (), "accuracy": 0.5, "readable": 1, "seconds": 1}
        whole = Round.model_validate(
            {
                **done.model_dump(),
                "scored": scored,
                "audit": Audit(verdict="clean", rows=digest, kept=40),
            }
        )
        store.archive.round_done(whole)
        # The journal is what pruning goes by.
        store.journal.stage("train", {"rows": digest}, lambda: done.training, type(done.training))  # type: ignore[arg-type, return-value]
        if finished:
            store.write_result(result("one"))
    summary = rounds(["scored"], [0.5])[0].model_copy(update={"dataset": digest})
    one = measured(cell(task="science-mini"), scores(20), scores(30), done=[summary])
    return one.model_copy(update={"run": "runs/one"})


def test_every_round_is_scored_on_private_once_and_kept_beside_the_run(
    tmp_path: Path, parrot: type[Parrot]
) -> None:
    book = open_book([sealed(tmp_path)])
    before = sorted(path.name for path in (tmp_path / "runs" / "one").rglob("*"))
    found = probe(book, tmp_path, CURVES, Silent())
    items = len(read_split(load_task("science-mini"), "private"))
    assert parrot.asked == items
    assert found.remarks == ()
    assert 0 < found.curves["runs/one"][0] < 0.2  # eight is right now and then
    assert sorted(path.name for path in (tmp_path / "runs" / "one").rglob("*")) == before
    assert probe(book, tmp_path, CURVES, Silent()) == found
    assert parrot.asked == items  # not again


def test_a_run_without_a_result_keeps_its_private_split_shut(
    tmp_path: Path, parrot: type[Parrot]
) -> None:
    found = probe(open_book([sealed(tmp_path, finished=False)]), tmp_path, CURVES, Silent())
    assert "its private split stays shut" in found.remarks[0]
    assert (found.curves, parrot.asked) == ({}, 0)


def test_pruned_weights_are_told(tmp_path: Path, parrot: type[Parrot]) -> None:
    one = sealed(tmp_path)
    prune(tmp_path / "runs" / "one")
    found = probe(open_book([one]), tmp_path, CURVES, Silent())
    assert "no longer kept (pruned)" in found.remarks[0]
    assert (found.curves, parrot.asked) == ({}, 0)


def test_a_submission_is_profiled_and_the_profile_kept(
    tmp_path: Path, parrot: type[Parrot]
) -> None:
    book = open_book([sealed(tmp_path)])
    (profile,) = probe(book, tmp_path, PROFILES, Silent()).profiles
    assert (profile.place, profile.rows, profile.sample, profile.asked) == ("first", 40, 20, 20)
    assert (profile.verified, profile.quality) == (20, 0.75)
    eights = sum(gold_of(load_task("science-mini"), row.input) == 8 for row in evenly(rows(40), 20))
    assert profile.difficulty == pytest.approx(1 - eights / 20)  # the parrot always answers 8
    assert probe(book, tmp_path, PROFILES, Silent()).profiles == (profile,)
    assert parrot.asked == 20


def test_rows_are_sampled_evenly() -> None:
    assert evenly(rows(3), 10) == rows(3)
    whole = rows(10)
    for at, row in enumerate(evenly(whole, 5)):
        assert row in whole[2 * at : 2 * at + 2]


def test_a_task_of_the_users_has_no_solver_and_says_nothing_of_quality(tmp_path: Path) -> None:
    task: Any = load_task("science-mini").model_copy(update={"folder": str(tmp_path)})
    scorer = make_scorer(task.scorer)
    assert gold_of(task, rows(1)[0].input) is None
    made = quality_of(rows(5), 5, task, scorer, lambda prompts: ["2 * 2 = 4"] * len(prompts))
    assert (made.quality, made.verified) == (None, 0)
    # Without a solver the row's own answer stands in.
    assert made.difficulty == pytest.approx(4 / 5)
