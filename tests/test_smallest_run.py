"""A whole run that looks for the smallest sufficient set: again from its record, and checked."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from coursewright.cli import app
from coursewright.config import Budget, SmallestConfig
from coursewright.display import Silent
from coursewright.records import Prompt, Result, Training
from coursewright.report import read_story, render
from coursewright.runs import reproduce, run
from coursewright.store import RunFolder, read_rows, read_stages
from coursewright.store.places import CACHE, STATE
from coursewright.verification import verify, write_bundle
from tests.home import HomeParrot
from tests.test_guarded_run import config_for

pytestmark = pytest.mark.long

ENOUGH = 25


class Slow(HomeParrot):
    """Learns nothing from fewer rows than it needs."""

    def __init__(self, store: Any, **options: Any) -> None:
        super().__init__(store, **options)
        self._rows: dict[str | None, int] = {None: 0}

    def train(self, rows: str, seed: int) -> Training:
        done = super().train(rows, seed)
        self._rows[done.weights] = done.rows
        return done

    def answer(self, weights: str | None, prompts: Sequence[Prompt]) -> list[str]:
        learned = self._rows[weights] >= ENOUGH
        return super().answer(weights if learned else None, prompts)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    place = tmp_path_factory.mktemp("smallest")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(CACHE, str(place / "cache"))
        patched.setenv(STATE, str(place / "state"))
        wanted = SmallestConfig(minimum=5)
        config = config_for(
            place,
            "tests.test_smallest_run:Slow",
            smallest=wanted,
            noise_seeds=0,
            budget=Budget(rounds=1),
        )
        return place, run(config)


def test_a_run_finds_the_fewest_rows_that_keep_the_gain(made: tuple[Path, Result]) -> None:
    place, result = made
    found = result.smallest
    assert found is not None
    assert found.problem == ""
    assert found.rows is not None
    assert ENOUGH <= found.rows < 1.2 * ENOUGH
    assert (found.confirmed, found.gain_kept) == (True, 1.0)
    assert found.gain_kept_ci95 is not None
    assert found.gain_kept_ci95[0] < 1.0 < found.gain_kept_ci95[1], "twenty items prove little"
    assert found.private_by_retraining == (1.0, 1.0)
    assert all((mean == 1.0) == (rows >= ENOUGH) for rows, mean in found.sizes.items())
    folder = RunFolder(place / "runs" / "first")
    assert result.final is not None
    whole = read_rows(folder.artifacts, str(result.final.dataset))
    few = read_rows(folder.artifacts, str(found.dataset))
    assert len(few) == found.rows
    assert all(row in whole for row in few)
    kinds = [stage["kind"] for stage in read_stages(folder.journal_path)]
    assert kinds.count("private") == 1
    assert kinds.index("choose") < kinds.index("cut") < kinds.index("private")
    # What the run was before is what it would have been without.
    assert result.full_trainings == 1 + 2


def test_it_is_shown_and_every_row_of_it_can_be_read(made: tuple[Path, Result]) -> None:
    place, result = made
    assert result.smallest is not None
    told = CliRunner().invoke(app, ["show", "first", "--runs", str(place / "runs")])
    assert f"smallest   {result.smallest.rows} of {result.smallest.of} rows" in told.stdout
    page = render(read_story(RunFolder(place / "runs" / "first")))
    section = page.partition('<section id="smallest"')[2].partition("</section>")[0]
    assert section.count('<td class="number">') == 2 * result.smallest.rows
    numbers = [int(n) for n in re.findall(r'<tr><td class="number">(\d+)</td>', section)]
    folder = RunFolder(place / "runs" / "first")
    assert result.final is not None
    whole = read_rows(folder.artifacts, str(result.final.dataset))
    few = read_rows(folder.artifacts, str(result.smallest.dataset))
    assert [whole[number - 1] for number in numbers] == list(few)


def test_it_is_reproduced_and_verifies_and_other_rows_in_its_place_do_not(
    made: tuple[Path, Result], tmp_path: Path
) -> None:
    place, _ = made
    again = reproduce("first", place / "runs", Silent(), retrain=False)
    assert (again.identical, again.new_calls) == (True, 0), again.lines
    assert "smallest set: identical" in again.lines
    bundle = tmp_path / "run.zip"
    write_bundle("first", place / "runs", bundle)
    checks = verify(bundle).checks
    assert [check for check in checks if not check.holds] == []

    folder = place / "runs" / "first"
    kept = (folder / "result.json").read_text()
    told = json.loads(kept)
    told["smallest"]["rows"] += 1
    (folder / "result.json").write_text(json.dumps(told))
    failed = {check.name for check in verify(folder).checks if not check.holds}
    (folder / "result.json").write_text(kept)
    assert failed == {"result", "smallest"}
