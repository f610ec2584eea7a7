"""Where a run's policy comes from, and what its licences keep from programs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from coursewright.config import Policy, RunConfig, load_policy
from coursewright.errors import ConfigError
from coursewright.guardrails import licensed, settled_policy
from coursewright.records import CorpusSummary, Passage, Seed, Task
from coursewright.tasks import load_task, task_folder
from tests.agents.fake_course import make_brief

RULES = {"blocked": [{"name": "war", "patterns": ["(?i)bomb"]}]}


def written(path: Path, rules: Any) -> Path:
    path.write_text(rules if isinstance(rules, str) else yaml.safe_dump(rules))
    return path


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"blockd": []}, "blockd"),
        ({"blocked": [{"name": "x", "patterns": ["(?=a)"]}]}, "blocked.0.patterns.0"),
        ({"blocked": [{"name": "x", "patterns": ["a*"]}]}, "matches the empty text"),
        ({"languages": {"scripts": ["Klingon"]}}, "languages"),
        ({"topics": [{"name": "x", "patterns": ["a"]}]}, "topics.0"),
        ("- a\n- b\n", "mapping of rules"),
        ("{", "valid YAML"),
        ("x" * (1024**2 + 1), "larger than"),
    ],
)
def test_a_wrong_rule_is_told_with_its_place(tmp_path: Path, rules: Any, told: str) -> None:
    path = written(tmp_path / "policy.yaml", rules)
    with pytest.raises(ConfigError, match=r"policy\.yaml") as error:
        load_policy(path)
    assert told in str(error.value)


def test_a_tasks_own_policy_holds_and_the_users_comes_before_it(tmp_path: Path) -> None:
    task = tmp_path / "task"
    shutil.copytree(task_folder("science-mini"), task)
    assert settled_policy(RunConfig(task=str(task))) is None
    written(task / "policy.yaml", RULES)
    load_task(str(task))
    own = settled_policy(RunConfig(task=str(task)))
    assert own == Policy.model_validate(RULES)
    mine = written(tmp_path / "mine.yaml", {"limit": 0.5})
    assert settled_policy(RunConfig(task=str(task), policy=mine)) == Policy(limit=0.5)


def test_a_tasks_own_policy_runs_no_class(tmp_path: Path) -> None:
    task = tmp_path / "task"
    shutil.copytree(task_folder("science-mini"), task)
    rules = {"classifiers": [{"name": "x", "path": "os:system"}]}
    written(task / "policy.yaml", rules)
    with pytest.raises(ConfigError, match="may name no class"):
        settled_policy(RunConfig(task=str(task)))


def test_the_record_of_a_run_holds_the_rules_themselves() -> None:
    config = RunConfig(task="science-mini", policy=Policy.model_validate(RULES))
    again = RunConfig.model_validate(config.model_dump(mode="json"))
    assert again == config
    assert settled_policy(again) == config.policy


def test_what_other_licences_hold_is_kept_from_programs() -> None:
    task = load_task("science-mini").model_copy(update={"license": "MIT"})
    passages = tuple(
        Passage(id=f"{name}:1", document=name, line=1, text="x" * 10)
        for name in ("manual/a.md", "manual/b.md", "blog/c.md")
    )
    brief = make_brief(
        seeds=(
            Seed(id="1", question="a"),
            Seed(id="2", question="b", meta={"license": "cc-by-4.0"}),
            Seed(id="3", question="c", meta={"license": "proprietary"}),
            Seed(id="4", question="d", meta={"license": 7}),
        ),
        corpus=CorpusSummary(documents=3, passages=3, characters=30, excerpts=passages),
    )
    policy = Policy.model_validate(
        {"sources": {"licences": ["mit", "CC-BY-4.0"], "of": {"blog/*": "proprietary"}}}
    )
    told, left = licensed(policy, task, brief, passages)
    assert [seed.id for seed in told.seeds] == ["1", "2"]
    assert [passage.document for passage in left] == ["manual/a.md", "manual/b.md"]
    assert told.corpus is not None
    assert (told.corpus.documents, told.corpus.characters) == (2, 20)
    assert told.corpus.excerpts == left


def test_without_licences_everything_is_handed_out() -> None:
    brief = make_brief(seeds=(Seed(id="1", question="a", meta={"license": "secret"}),))
    task: Task = load_task("science-mini")
    assert licensed(Policy(), task, brief, ()) == (brief, ())


def test_the_example_is_a_policy() -> None:
    example = Path(__file__).parents[1] / "examples" / "policies" / "school.yaml"
    policy = load_policy(example)
    assert {name for name in Policy.model_fields if getattr(policy, name)} >= {
        *("blocked", "topics", "personal_data", "sources", "languages", "transforms"),
    }
