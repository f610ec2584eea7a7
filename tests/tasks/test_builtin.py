"""The built-in tasks: sound, balanced, reproducible, and not to be met by chance."""

import json
import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from coursewright.chat import item_body
from coursewright.families import load_family
from coursewright.scoring import make_scorer
from coursewright.similarity import group_by_overlap, normalised
from coursewright.tasks import (
    baseline_scores,
    builtin_tasks,
    check_task,
    load_task,
    read_split,
    task_folder,
)
from tests.tasks.make_tasks import make_tasks

SPLITS = ("visible", "scored", "private")
MINIS = {"science-mini": "science", "code-mini": "code", "finance-mini": "finance"}
SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.mark.parametrize("name", [*MINIS, "word-problems"])
def test_task_check_finds_nothing(name):
    assert check_task(name) == []


@pytest.mark.parametrize("name", [*MINIS, "word-problems"])
def test_the_script_writes_the_committed_files_byte_for_byte(name, tmp_path):
    make_tasks([name, "--out", str(tmp_path)])
    for file in sorted((tmp_path / name).iterdir()):
        assert file.read_bytes() == (task_folder(name) / file.name).read_bytes(), file.name


@pytest.mark.parametrize(("name", "family"), MINIS.items())
def test_a_mini_task_is_balanced_over_the_skills_of_its_family(name, family):
    task = load_task(name)
    skills = {skill.name for skill in load_family(family).skills}
    assert task.instruction == load_family(family).instruction
    for split, least in (("visible", 150), ("scored", 300), ("private", 1350)):
        items = read_split(task, split)
        counts = Counter(item.topic for item in items)
        assert set(counts) == skills
        assert max(counts.values()) == min(counts.values())
        assert len(items) >= least
    assert len(task.seeds) >= 300


@pytest.mark.parametrize(("name", "family"), MINIS.items())
def test_test_only_phrasings_are_marked_rare_and_never_shown(name, family):
    task = load_task(name)
    heldout = {skill.name: skill.heldout for skill in load_family(family).skills}
    for split in SPLITS:
        items = read_split(task, split)
        marked = [item for item in items if item.meta.get("heldout")]
        assert marked == [i for i in items if i.meta["phrasing"] in heldout[i.topic]]
        assert 0 < len(marked) <= 0.2 * len(items) if split != "visible" else not marked
    assert not any(seed.meta.get("heldout") for seed in task.seeds)


@pytest.mark.parametrize(("name", "family"), MINIS.items())
def test_a_clean_file_of_the_generator_hardly_meets_the_test(name, family):
    task, skills, rng = load_task(name), load_family(family).skills, Random(99)
    clean = set()
    for number in range(2000):
        sample = skills[number % len(skills)].sample(rng)
        clean.add(normalised(item_body(sample.question, sample.context)))
    items = [item for split in SPLITS for item in read_split(task, split)]
    met = sum(normalised(item_body(item.question, item.context)) in clean for item in items)
    assert met < 0.01 * len(items)


@pytest.mark.parametrize("name", [*MINIS, "word-problems"])
def test_the_description_names_every_topic_of_the_test_in_a_sentence(name):
    task = load_task(name)
    bullets = dict(re.findall(r"^- \*\*(.+?)\*\*: (.+)$", task.description, re.MULTILINE))
    topics = {item.topic for split in SPLITS for item in read_split(task, split)}
    assert set(bullets) == topics
    assert all(len(sentence.split()) >= 5 for sentence in bullets.values())


@pytest.mark.parametrize("name", [*MINIS, "word-problems"])
def test_ids_do_not_tell_the_answer(name):
    task = load_task(name)
    for split in SPLITS:
        for number, item in enumerate(read_split(task, split), 1):
            assert item.id == f"{name}-{split[0]}-{number:04d}"


def test_word_problems_are_all_of_svamp_split_by_group():
    task = load_task("word-problems")
    items = {split: read_split(task, split) for split in SPLITS}
    problems = json.loads((SCRIPTS / "sources/svamp/SVAMP.json").read_text())
    sources = [item.meta["source"] for split in SPLITS for item in items[split]]
    assert sorted(sources) == sorted(problem["ID"] for problem in problems)
    homes = {item.meta["source"]: split for split in SPLITS for item in items[split]}
    groups = group_by_overlap([problem["Body"] for problem in problems], 0.6)
    assert len(set(groups)) == 158
    for problem, first in zip(problems, groups, strict=True):
        assert homes[problem["ID"]] == homes[problems[first]["ID"]]
    assert [len(items[split]) for split in SPLITS] == pytest.approx([150, 350, 500], abs=5)


def test_word_problems_have_the_same_mix_of_types_in_every_split():
    task = load_task("word-problems")
    for split in SPLITS:
        items = read_split(task, split)
        share = Counter(item.topic for item in items)
        for topic, expected in (
            ("subtraction", 0.531),
            ("addition", 0.195),
            ("division", 0.166),
            ("multiplication", 0.108),
        ):
            assert share[topic] / len(items) == pytest.approx(expected, abs=0.02)


def test_word_problems_carry_their_notices():
    for notice in ("LICENSE-SVAMP", "LICENSE-GSM8K"):
        assert "MIT License" in (task_folder("word-problems") / notice).read_text()


def test_the_constant_baseline_is_the_known_one():
    """The absolute difference of the first two numbers solves 23.4 % of SVAMP."""
    task = load_task("word-problems")
    scorer = make_scorer(task.scorer)
    items = [item for split in SPLITS for item in read_split(task, split)]
    scores = baseline_scores(task, items, scorer)
    assert scores["constant-expression"] == pytest.approx(0.234)
    assert 0.2 < scores["keyword-rule"] < 0.4


def test_a_task_without_baselines_has_none():
    task = load_task("science-mini")
    assert baseline_scores(task, read_split(task, "visible"), make_scorer(task.scorer)) == {}


def test_built_in_tasks_are_listed_with_their_summaries():
    assert set(builtin_tasks()) == {*MINIS, "word-problems"}
    assert all(builtin_tasks().values())
