"""The noise floor: its baseline data, its step, and a cache that nothing depends on."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from coursewright.evaluation import NoiseFloor
from coursewright.evaluation.choice import ladder_step
from coursewright.records import Item, Message, Task
from coursewright.scoring import accepts, make_scorer
from coursewright.store import Artifacts, Kept, read_rows
from coursewright.tasks import load_task
from tests.fakes import evaluation

SCORED = [evaluation(accuracy) for accuracy in (0.40, 0.45, 0.50)]


task_named = functools.cache(load_task)


def floor(place: Path, key: str = "k", task: str = "science-mini") -> NoiseFloor:
    """The noise floor of a run whose files, and the user's cache, lie at `place`."""
    loaded = task_named(task)
    scorer = make_scorer(loaded.scorer)
    kept = Kept(place / "cache")
    (place / "kept").mkdir(exist_ok=True)
    return NoiseFloor(loaded, scorer, Artifacts(place / "kept"), kept, lambda: key)


@pytest.mark.parametrize("name", ["science-mini", "code-mini", "finance-mini", "word-problems"])
def test_the_baseline_data_are_the_visible_items_with_answers_that_score(
    name: str, tmp_path: Path
) -> None:
    task = task_named(name)
    scorer = make_scorer(task.scorer)
    rows = read_rows(Artifacts(tmp_path / "kept"), floor(tmp_path, task=name).rows())
    assert len(rows) == len(task.visible)
    for row, item in zip(rows, task.visible, strict=True):
        assert item.question.strip() in row.input
        assert scorer.score(row.output, item.answer) == float(accepts(scorer, item.answer)) == 1.0


def test_a_conversation_gets_its_gold_as_last_turn(tmp_path: Path) -> None:
    asked = Message(role="user", content="hello")
    item = Item.model_validate({"id": "a", "messages": [asked.model_dump()], "answer": "hi"})
    task = Task.model_validate(
        {**task_named("science-mini").model_dump(), "visible": [item.model_dump()]}
    )
    artifacts = Artifacts(tmp_path)
    scorer = make_scorer({"kind": "label"})
    noise = NoiseFloor(task, scorer, artifacts, Kept(tmp_path / "c"), lambda: "k")
    (row,) = read_rows(artifacts, noise.rows())
    assert row.messages == (asked, Message(role="assistant", content="hi"))


def test_what_was_measured_is_found_by_the_next_run_of_the_same_kind(tmp_path: Path) -> None:
    assert floor(tmp_path).known() is None
    found = floor(tmp_path).settle(evaluation(0.1), SCORED)
    assert found.sd == pytest.approx(0.05)
    assert found.step == ladder_step(0.05, 20)
    assert not found.cached
    again = floor(tmp_path).known()
    assert again is not None
    assert (again.cached, again.sd, again.seconds) == (True, found.sd, 0.0)
    assert floor(tmp_path, key="another student").known() is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"null",
        b'{"rows": 3, "step": 0}',
        b'{"rows": 3, "step": NaN}',
        b'{"rows": 3, "step": 0.1, "sd": -1}',
        b'{"rows": 3, "step": 0.1, "unknown": 1}',
        b"\xff\xfe",
    ],
)
def test_a_broken_entry_is_made_again(content: bytes, tmp_path: Path) -> None:
    floor(tmp_path).settle(evaluation(0.1), SCORED)
    (entry,) = (tmp_path / "cache").iterdir()
    entry.write_bytes(content)
    assert floor(tmp_path).known() is None
    found = floor(tmp_path).settle(evaluation(0.1), SCORED)
    assert floor(tmp_path).known() == found.model_copy(update={"cached": True})


def test_a_cache_that_cannot_be_written_or_read_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    assert floor(tmp_path).known() is None
    assert floor(tmp_path).settle(evaluation(0.1), SCORED).sd == pytest.approx(0.05)


def test_what_could_not_be_measured_is_not_kept_and_the_items_alone_set_the_step(
    tmp_path: Path,
) -> None:
    found = floor(tmp_path).settle(evaluation(0.1), [], "no rows")
    assert (found.sd, found.step, found.problem) == (None, ladder_step(0.0, 20), "no rows")
    assert floor(tmp_path).known() is None
