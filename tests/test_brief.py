"""How much an agent is told beforehand, and what stays behind the brief whatever it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coursewright.agents import make_agent
from coursewright.anchoring import inputs_of
from coursewright.briefing import make_brief
from coursewright.conclusion import human_inputs
from coursewright.config import HeuristicAgent, load_config
from coursewright.errors import ConfigError
from coursewright.records import Allowance, Brief, Outcome, Turn
from coursewright.tasks import load_task, read_probe

TASK = "science-mini"


def told(**settings: Any) -> Brief:
    return make_brief(load_config(None, {"task": TASK, **settings}), load_task(TASK))


def test_each_level_tells_more() -> None:
    line, description = told(brief="line"), told(brief="description")
    visible, seeds = told(brief="visible"), told(brief="seeds", setting="seed")
    assert line.description == line.summary
    assert description.description == visible.description != line.description
    assert (line.visible, description.visible, description.seeds) == ((), (), ())
    assert visible.visible == seeds.visible != ()
    assert (visible.seeds, bool(seeds.seeds)) == ((), True)


def test_no_brief_holds_a_probe() -> None:
    task = load_task(TASK)
    items = [i for parts in task.probes.values() for p in parts for i in read_probe(task, p)]
    assert len(items) > 600
    for settings in ({}, {"setting": "seed"}, {"protocol": "paper"}):
        text = told(**settings).model_dump_json()
        assert not [item.id for item in items if item.question in text or item.id in text]


def test_without_a_level_the_setting_decides() -> None:
    assert told() == told(brief="visible")
    assert told(setting="seed") == told(brief="seeds", setting="seed")


def test_notes_are_told_once_they_are_there_and_count_as_human_inputs(tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("Speeds are in metres per second.")
    for settings in ({}, {"brief": "notes", "setting": "seed"}):
        config = load_config(None, {"task": TASK, "notes": str(notes), **settings})
        assert "metres per second" in make_brief(config, load_task(TASK)).description
        assert "notes" in human_inputs(config, Outcome(base=(), rounds=()))
        assert "notes" in inputs_of(config, load_task(TASK))
    assert "metres" not in told(notes=str(notes), brief="description").description


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"brief": "seeds"}, "setting: seed"),
        ({"brief": "visible", "setting": "seed"}, "setting: scratch"),
        ({"brief": "notes", "setting": "seed"}, "needs the file"),
        ({"brief": "everything"}, "brief"),
    ],
)
def test_a_level_that_does_not_fit_is_refused(settings: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        told(**settings)
    assert refused.value.field == "brief"


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"x" * 100_000])
def test_notes_that_are_no_short_text_are_refused(tmp_path: Path, content: bytes | None) -> None:
    notes = tmp_path / "notes.md"
    if content is not None:
        notes.write_bytes(content)
    with pytest.raises(ConfigError, match="notes"):
        told(notes=str(notes))


@pytest.mark.parametrize("level", ["line", "description"])
def test_the_heuristic_agent_makes_do_with_little(level: str) -> None:
    turn = Turn(
        number=0,
        operation="draft",
        allowance=Allowance(seconds=100.0, calls=400, round_calls=400),
        seed=1,
    )
    proposal = make_agent(HeuristicAgent()).propose(told(brief=level), turn)
    compile(proposal.code, "program", "exec")
