"""Passages that hold what the exam asks are found, and those that are only about it are not."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursewright.errors import TaskError
from coursewright.records import Item, Passage
from coursewright.tasks import check_task, load_task, read_corpus, scaffold_task
from coursewright.tasks.corpus import leaks

LONG = "Which of the two old bridges over the river was built first, and who paid for it?"
WORDS = [f"w{n}" for n in range(400)]


def item(question: str, answer: object = "the guild", context: str | None = None) -> Item:
    return Item(id="i", question=question, answer=answer, context=context)


def passage(text: str, document: str = "a.txt", line: int = 1) -> Passage:
    return Passage(id=f"{document}:{line}", document=document, line=line, text=text)


def found(text: str, *items: Item) -> list[str]:
    return [leak.what for leak in leaks([passage(text)], items)]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"So it was asked:\n{LONG.upper()}", "the question"),
        (f"Q: {LONG.replace(' ', '  ')} A: The Guild.", "the question and its answer"),
        (f"It is {LONG.replace('Which', 'So which')[:-3]} thing.", "nearly the question"),
        (LONG.replace("old", "new").replace("first", "last") + " The guild.", None),
    ],
)
def test_a_question_in_a_passage(text: str, what: str | None) -> None:
    assert found(text, item(LONG)) == ([what] if what else [])


def test_what_is_only_about_the_same_is_no_leak() -> None:
    text = "The guild paid for the first of the two old bridges over the river, built in 1410."
    assert found(text, item(LONG), item("How many days?", 7), item("w")) == []


def test_a_short_question_counts_with_its_answer_only() -> None:
    asked = item("How many bridges?", 7)
    assert found("How many bridges? Nobody knows.", asked) == []
    assert found("How many bridges? 7", asked) == ["the question and its answer"]


def test_a_question_about_a_context_is_asked_of_many() -> None:
    asked = item("What was the total net income of the year?", "55.3", context="short")
    assert found("What was the total net income of the year? 12.1", asked) == []
    assert found("What was the total net income of the year? 55.3", asked) != []


@settings(deadline=None, max_examples=80)
@given(seed=st.integers(0, 10**6), length=st.integers(30, 300), changed=st.integers(0, 10))
def test_any_copy_of_a_context_with_a_word_in_thirty_changed(
    seed: int, length: int, changed: int
) -> None:
    rng = random.Random(seed)
    words = rng.choices(WORDS, k=length)
    asked = item("Why?", context=" ".join(words))
    copy = words[:]
    for at in rng.sample(range(length), min(changed, (length - 2) // 60)):
        copy[at] = "changed"
    noise = " ".join(rng.choices(WORDS, k=50))
    assert found(f"{noise} {' '.join(copy)} {noise}", asked) == ["the context"]
    if length >= 120:  # a piece of it
        assert found(" ".join(copy[40:80]), asked) in (["the context"], [])


def test_a_long_context_is_found_piece_by_piece() -> None:
    words = random.Random(1).choices(WORDS, k=600)
    asked = item("Why?", context=" ".join(words))
    pieces = [passage(" ".join(words[at : at + 200]), line=at + 1) for at in (0, 200, 400)]
    assert [leak.passage.line for leak in leaks(pieces, [asked])] == [1]
    apart = [passage(piece.text, document=str(n)) for n, piece in enumerate(pieces)]
    assert len(list(leaks(apart, [asked]))) == 3


def test_a_question_cut_in_two_by_passages_is_found() -> None:
    words = LONG.split()
    halves = [passage(" ".join(words[:9])), passage(" ".join(words[9:]), line=2)]
    assert [leak.passage.line for leak in leaks(halves, [item(LONG)])] == [2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "my-task"
    scaffold_task(place)
    (place / "corpus").mkdir()
    (place / "corpus" / "weeks.md").write_text("# Weeks\n\nA week has seven days.\n")
    return place


def test_a_corpus_in_order_takes_part_in_the_run(folder: Path) -> None:
    assert check_task(str(folder)) == []
    task = load_task(str(folder))
    assert task.corpus is not None
    assert (task.corpus.documents, task.corpus.passages) == (1, 1)
    assert task.corpus.excerpts[0].text.startswith("# Weeks")
    assert "corpus/weeks.md" in task.digests
    assert [one.id for one in read_corpus(task)] == ["weeks.md:1"]
    (folder / "corpus" / "weeks.md").write_text("A week has eight days.")
    with pytest.raises(TaskError, match=r"weeks\.md: has changed"):
        read_corpus(task)


def test_a_task_without_a_corpus_has_none(folder: Path) -> None:
    (folder / "corpus" / "weeks.md").unlink()
    assert "holds no" in check_task(str(folder))[0].message
    (folder / "corpus").rmdir()
    task = load_task(str(folder))
    assert task.corpus is None
    assert read_corpus(task) == ()


@pytest.mark.parametrize("split", ["visible", "scored", "private"])
def test_a_leak_is_told_with_both_places_and_keeps_the_run_from_starting(
    folder: Path, split: str
) -> None:
    third = json.loads((folder / f"{split}.jsonl").read_text().splitlines()[2])
    page = folder / "corpus" / "copied.md"
    page.write_text(f"First lines.\n\n{'Some prose. ' * 95}\n\n{third['question']}\n")
    (problem,) = check_task(str(folder))
    assert (problem.file, problem.line) == (str(page), 5)
    assert f"of {split}.jsonl line 3" in problem.message
    with pytest.raises(TaskError, match=f"holds the question.*{split}"):
        load_task(str(folder))
