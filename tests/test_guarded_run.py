"""Whole runs under the guarded protocol, with a student that learns at once, or nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from coursewright.bench.measured import private_exam
from coursewright.config import Budget, CustomPart, IncumbentConfig, ProgramAgent, RunConfig
from coursewright.display import Silent
from coursewright.errors import ConfigError, NoValidSubmission, RunFolderError
from coursewright.export import export_run
from coursewright.records import Prompt
from coursewright.runs import reproduce, run, try_question
from coursewright.store import RunFolder, read_rows
from coursewright.store.places import CACHE, STATE
from coursewright.wiring import make_rules
from tests.home import PROGRAM, HomeParrot, exercise, make_home

pytestmark = pytest.mark.long


class Stubborn(HomeParrot):
    """Learns nothing, whatever it is trained on."""

    def answer(self, weights: str | None, prompts: Sequence[Prompt]) -> list[str]:
        return super().answer(None, prompts)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    monkeypatch.setenv(STATE, str(tmp_path / "state"))
    return tmp_path


def config_for(place: Path, student: str = "tests.home:HomeParrot", **more: Any) -> RunConfig:
    program, home = place / "program.py", place / "home"
    program.write_text(PROGRAM)
    return RunConfig(
        **{
            "task": str(home if home.is_dir() else make_home(home)),
            "agent": ProgramAgent(path=program),
            "teacher": CustomPart(path="tests.home:HomeTeacher"),
            "student": CustomPart(path=student),
            "budget": Budget(rounds=2),
            "retrainings": 2,
            "runs": place / "runs",
            "name": "first",
            **more,
        }
    )


def own_rows(place: Path) -> Path:
    """A data set of the user's: the exercises 100 to 189 by number, of which programs have 78."""
    file = place / "mine.jsonl"
    rows = []
    for number in range(100, 190):
        asked, call = exercise(number)
        turns = [{"role": "user", "content": asked}, {"role": "assistant", "tool_calls": [call]}]
        rows.append(json.dumps({"messages": turns}))
    file.write_text("\n".join(rows))
    return file


def test_a_guarded_run_says_what_its_number_rests_on(places: Path) -> None:
    mine = own_rows(places)
    result = run(config_for(places, incumbent=IncumbentConfig(path=mine, mix=True)))
    assert (result.protocol, result.delivered, result.improved) == ("guarded", "student", True)
    assert result.noise is not None
    assert (result.noise.sd_points, result.noise.cached) == (0.0, False)
    assert result.confirmation is not None
    assert (result.confirmation.verdict, result.confirmation.queries) == ("improved", 2)
    # The second round has the same score as the first: nothing new to tell.
    assert result.scored_queries == 1
    assert result.private_openings == 1
    assert result.incumbent is not None
    assert (result.incumbent.rows, result.incumbent.private) == (90, 1.0)
    assert result.incumbent.verdict == "inconclusive"
    assert "rows of their own" in result.human_inputs
    folder = RunFolder(places / "runs" / "first")
    assert result.final is not None
    mixed = read_rows(folder.artifacts, str(result.final.dataset))
    audited = read_rows(folder.artifacts, str(result.rounds[0].dataset))
    assert mixed[: len(audited)] == audited
    assert 90 <= len(mixed) < len(audited) + 90, "what both have is there once"

    # A study looks at the base model and the run's own students alone.
    assert [one.accuracy for one in private_exam(folder, result)] == [0.0, 1.0, 1.0]

    # A replay needs neither the user's file nor what this machine knows, and changes none of it.
    mine.unlink()
    before = sorted((path, path.stat().st_mtime_ns) for path in (places / "state").iterdir())
    (entry,) = (places / "cache" / "noise").iterdir()
    entry.unlink()
    found = reproduce("first", places / "runs", Silent(), retrain=False)
    assert (found.identical, found.new_calls) == (True, 0), found.lines
    assert not list((places / "cache" / "noise").iterdir())
    after = sorted((path, path.stat().st_mtime_ns) for path in (places / "state").iterdir())
    assert before == after


def test_the_next_run_finds_the_noise_floor_measured_and_counts_its_own_opening(
    places: Path,
) -> None:
    run(config_for(places))
    again = run(config_for(places, name="second", seed=7))
    assert again.noise is not None
    assert again.noise.cached
    assert again.private_openings == 2
    trained = [s for s in (places / "runs" / "second" / "artifacts").rglob("*") if s.is_file()]
    assert trained  # its own students, and none for the noise floor
    assert again.seconds["noise"] == 0.0


def test_a_run_that_beats_nothing_delivers_the_base_model_and_says_so(places: Path) -> None:
    result = run(config_for(places, "tests.test_guarded_run:Stubborn"))
    assert (result.status, result.delivered, result.improved) == ("finished", "base", False)
    assert result.base is not None
    assert result.final is not None
    assert (result.final.round, result.final.dataset, result.final.retrainings) == (None, None, 0)
    assert result.final.private == result.base.private
    assert result.gain_points == 0.0
    assert (result.confirmation, result.scored_queries) == (None, 0)
    assert result.private_openings == 1
    folder = RunFolder(places / "runs" / "first")
    assert not folder.student_path.exists()
    base, student = private_exam(folder, result)
    assert base == student, "in a study that is a gain of 0, not a run without a submission"
    with pytest.raises(NoValidSubmission, match="base model"):
        export_run("first", places / "runs", str(places / "out"))
    with pytest.raises(RunFolderError, match="base model"):
        try_question("first", places / "runs", "hello?")
    found = reproduce("first", places / "runs", Silent(), retrain=False)
    assert (found.identical, found.new_calls) == (True, 0), found.lines


def test_an_agent_hears_of_scored_in_steps_only(places: Path) -> None:
    run(config_for(places))
    first, second = RunFolder(places / "runs" / "first").rounds()
    assert first.feedback.scored is not None
    assert "a rise of" in first.feedback.text
    assert second.feedback.scored is None
    assert "no rise of" in second.feedback.text


def test_one_shot_measures_no_noise_floor_and_the_paper_has_no_guard_at_all(places: Path) -> None:
    one = run(config_for(places, mode="one-shot"))
    assert (one.noise, one.scored_queries) == (None, 0)
    assert one.confirmation is not None
    paper = run(config_for(places, protocol="paper", name="paper"))
    assert paper.protocol == "paper"
    assert (paper.noise, paper.confirmation) == (None, None)
    assert paper.scored_queries == 2, "every round's score is told"


def test_a_state_folder_that_cannot_be_written_leaves_the_count_unknown(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = places / "blocked"
    blocked.write_text("")
    monkeypatch.setenv(STATE, str(blocked))
    monkeypatch.setenv(CACHE, str(blocked))
    result = run(config_for(places))
    assert result.private_openings is None
    assert result.improved


def test_a_data_set_of_the_users_that_cannot_be_used_is_told_before_anything_begins(
    places: Path,
) -> None:
    bad = places / "bad.jsonl"
    bad.write_text('{"instruction": "hello"}\n')
    for path, why in ((bad, "row 1"), (places / "none.jsonl", "no such file")):
        with pytest.raises(ConfigError, match=why):
            run(config_for(places, incumbent=IncumbentConfig(path=path)))
    assert not (places / "runs").exists()


def test_runs_of_the_older_protocol_stay_what_they_were() -> None:
    old = RunConfig.model_validate({"task": "t", "protocol": "guarded-basic"})
    assert (make_rules(old).guarded, make_rules(old).noise_seeds) == (False, None)
    new = RunConfig.model_validate({"task": "t"})
    assert (make_rules(new).guarded, make_rules(new).noise_seeds) == (True, 3)
    # Settings that a run does not use leave no trace in its config: old digests stay the same.
    assert {"noise_seeds", "incumbent"}.isdisjoint(new.model_dump())
