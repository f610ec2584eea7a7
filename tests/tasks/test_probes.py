"""Probes of a task folder: declared, checked, read; the built-in ones are what they say."""

import json
import re
import shutil

import pytest

from coursewright.chat import item_body
from coursewright.errors import TaskError
from coursewright.families import load_family
from coursewright.families.drawing import FAMILY_OF
from coursewright.families.past import KNOWN, past_rows
from coursewright.scoring import make_scorer
from coursewright.similarity import normalised
from coursewright.tasks import check_task, load_task, read_probe, read_split, task_folder
from tests.tasks.make_tasks import make_tasks

TASKS = tuple(FAMILY_OF)
PROBES = ("renumbered", "rephrased", "sibling", "abilities")


@pytest.fixture(scope="module")
def items():
    """The items of every probe of the built-in tasks."""
    found = {}
    for name in TASKS:
        task = load_task(name)
        for probe, parts in task.probes.items():
            found[name, probe] = [item for part in parts for item in read_probe(task, part)]
    return found


@pytest.fixture
def folder(tmp_path):
    """A copy of a built-in task that a test may spoil."""
    copy = tmp_path / "task"
    shutil.copytree(task_folder("science-mini"), copy)
    return copy


def declare(folder, text):
    """Put other probes into task.yaml."""
    file = folder / "task.yaml"
    file.write_text(file.read_text().partition("probes:")[0] + text)


def add(folder, name, **line):
    """Append an item to a probe's file."""
    with (folder / "probes" / f"{name}.jsonl").open("a") as file:
        file.write(json.dumps({"id": "added", "answer": 3, **line}) + "\n")


@pytest.mark.parametrize("name", TASKS)
def test_the_script_writes_the_committed_probes_byte_for_byte(name, tmp_path):
    make_tasks([name, "--out", str(tmp_path)], "make_probes.py")
    made = sorted((tmp_path / name / "probes").iterdir())
    assert len(made) == 6
    for file in made:
        assert file.read_bytes() == (task_folder(name) / "probes" / file.name).read_bytes()


@pytest.mark.parametrize("name", TASKS)
def test_every_built_in_task_has_all_probes_of_a_useful_size(name, items):
    sizes = {probe: len(items[name, probe]) for probe in PROBES}
    assert all(150 <= size <= 168 for size in sizes.values())


@pytest.mark.parametrize("name", TASKS)
def test_twins_ask_the_skill_of_their_source_and_no_question_of_any_split(name, items):
    task = load_task(name)
    split = {i.group or i.id: i for i in read_split(task, "private")}
    asked = {
        normalised(item_body(i.question, i.context))
        for part in ("visible", "scored", "private")
        for i in read_split(task, part)
    }
    for probe in ("renumbered", "rephrased"):
        for item in items[name, probe]:
            assert item.group in split
            assert normalised(item_body(item.question, item.context)) not in asked
            if name != "word-problems":
                assert item.topic == split[item.group].topic


@pytest.mark.parametrize("name", ["science-mini", "code-mini", "finance-mini"])
def test_rephrased_twins_keep_the_answer_and_change_the_phrasing(name, items):
    private = {i.id: i for i in read_split(load_task(name), "private")}
    heldout = {s.name: s.heldout for s in load_family(FAMILY_OF[name]).skills}
    new = 0
    for item in items[name, "rephrased"]:
        source = private[item.group]
        assert item.answer == source.answer
        assert item.meta["phrasing"] != source.meta["phrasing"]
        new += item.meta["phrasing"] in heldout[item.topic]
    assert new == len(items[name, "rephrased"]) / 2


def test_word_problems_keep_their_words_or_their_numbers(items):
    private = {i.meta["source"]: i for i in read_split(load_task("word-problems"), "private")}
    numbers = re.compile(r"\d+(?:\.\d+)?")
    for item in items["word-problems", "renumbered"]:
        source = private[item.meta["source"]]
        assert numbers.sub("#", item.question) == numbers.sub("#", source.question)
        old, new = (list(map(float, numbers.findall(i.question))) for i in (source, item))
        order = [sorted(range(len(n)), key=lambda at, n=n: (n[at], at)) for n in (old, new)]
        assert order[0] == order[1]
    for item in items["word-problems", "rephrased"]:
        source = private[item.meta["source"]]
        assert sorted(numbers.findall(item.question)) == sorted(numbers.findall(source.question))
        assert item.answer == source.answer
        assert normalised(item.question) != normalised(source.question)


def test_renumbered_word_problems_are_solved_by_their_equation_with_the_new_numbers(items):
    """Checked by another way than the script's: substitution in the source's equation."""
    private = {i.meta["source"]: i for i in read_split(load_task("word-problems"), "private")}
    scorer = make_scorer(load_task("word-problems").scorer)
    numbers = re.compile(r"\d+(?:\.\d+)?")
    for item in items["word-problems", "renumbered"]:
        source = private[item.meta["source"]]
        olds, news = numbers.findall(source.question), numbers.findall(item.question)
        to = {float(a): b for a, b in zip(olds, news, strict=True)}
        equation = numbers.sub(lambda m, to=to: to[float(m[0])], source.meta["equation"])
        assert scorer.score(equation, item.answer) == 1.0
        assert equation != source.meta["equation"]


def test_siblings_are_other_skills(items):
    for name in ("science-mini", "code-mini", "finance-mini"):
        skills = {skill.name for skill in load_family(FAMILY_OF[name]).skills}
        assert not skills & {item.topic for item in items[name, "sibling"]}


@pytest.mark.parametrize("name", TASKS)
def test_the_panel_is_what_the_students_met_of_the_other_families(name, items):
    own = set(KNOWN[FAMILY_OF[name]])
    others = {s for family, known in KNOWN.items() if family != FAMILY_OF[name] for s in known}
    topics = {item.topic for item in items[name, "abilities"]}
    assert topics == others
    assert not topics & own


def test_past_rows_are_of_the_other_families_and_none_stands_twice(items):
    from random import Random

    rows = past_rows(100, "science", Random(1))
    assert len(rows) == len({row.input for row in rows}) == 100
    assert {row.instruction for row in rows} == {
        load_family(name).instruction for name in ("code", "finance", "words")
    }


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        ("probes: {renumberd: probes/renumbered.jsonl}", "probes.renumberd", "renumbered"),
        ("probes: {sibling: ../private.jsonl}", "probes.sibling", "pattern"),
        ("probes: {sibling: probes/none.jsonl}", None, "is missing"),
        ("probes: {sibling: []}", "probes", "1 to 16 files"),
        (
            "probes: {sibling: probes/sibling.jsonl, rephrased: probes/sibling.jsonl}",
            "probes.rephrased",
            "twice",
        ),
        (
            "probes: {sibling: {file: probes/sibling.jsonl, scorer: {kind: nothing}}}",
            "probes.sibling.scorer.kind",
            "nothing",
        ),
        (
            "probes: {sibling: {file: probes/sibling.jsonl, scorer: {kind: my_code.mod:Scorer}}}",
            "probes.sibling.scorer.kind",
            "your rights",
        ),
    ],
)
def test_a_wrong_declaration_is_told_with_its_field(folder, text, field, message):
    declare(folder, text + "\n")
    problems = check_task(str(folder))
    assert any(
        message in p.message and (field is None or (p.field or "").startswith(field))
        for p in problems
    ), problems
    assert len(problems) == 1


def test_items_of_a_probe_are_checked_like_those_of_a_split(folder):
    declare(folder, "probes: {sibling: probes/sibling.jsonl}\n")
    add(folder, "sibling", question="What is six halves?", answer="three or so")
    [problem] = check_task(str(folder))
    assert problem.file.endswith("sibling.jsonl")
    assert problem.field == "answer"
    assert "rejects" in problem.message


@pytest.mark.parametrize("split", ["visible", "seeds", "private"])
def test_a_probe_repeats_no_question_of_a_split(folder, split):
    line = json.loads((folder / f"{split}.jsonl").read_text().splitlines()[0])
    add(folder, "renumbered", question=line["question"].upper(), context=line.get("context"))
    [problem] = check_task(str(folder))
    assert problem.file.endswith("renumbered.jsonl")
    assert f"{split}.jsonl line 1" in problem.message


def test_a_probe_is_no_slightly_edited_visible_item(folder):
    text = "Four trains leave the old station at noon on every single day of the long year, and "
    text += "they come back late in the evening of the same day with all their noisy guests on "
    text += "board: how many journeys is that a "
    with (folder / "visible.jsonl").open("a") as file:
        file.write(json.dumps({"id": "v-long", "question": f"{text}week?", "answer": 8}) + "\n")
    add(folder, "renumbered", question=f"{text}month?")
    [problem] = check_task(str(folder))
    assert problem.file.endswith("renumbered.jsonl")
    assert "the same as visible.jsonl" in problem.message


def test_probes_are_pinned_with_the_rest_of_the_folder(folder):
    task = load_task(str(folder))
    add(folder, "rephrased", question="Something new?")
    with pytest.raises(TaskError, match="has changed since the run began"):
        read_probe(task, task.probes["rephrased"][0])


def test_a_task_without_probes_has_none(folder):
    declare(folder, "")
    assert load_task(str(folder)).probes == {}
