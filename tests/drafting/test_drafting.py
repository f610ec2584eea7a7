"""From examples and documents to a queue: what is kept, what is dropped, and what it costs."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursewright.config import OpenAITeacher
from coursewright.drafting.drafting import require_may_leave
from coursewright.drafting.queue import DraftFolder
from coursewright.drafting.settings import DraftSettings, parse_settings
from coursewright.drafting.splitting import share_out
from coursewright.errors import ConfigError, RunHeld, TaskError
from coursewright.records import Passage
from coursewright.tasks.corpus import Documents

from .conftest import Drafts

pytestmark = pytest.mark.long

New = Callable[..., Drafts]


def rewrite(drafts: Drafts, text: str) -> None:
    """Put a text into every document, before its facts."""
    for path in drafts.documents.iterdir():
        path.write_text(f"{text}\n\n{path.read_text()}")


def test_items_are_drafted_for_every_split_from_documents_of_its_own(made: Drafts) -> None:
    homes = defaultdict(set)
    counts = defaultdict(int)
    for item in made.queue():
        homes[item.document].add(item.split)
        counts[item.split] += 1
        assert str(item.answer) in item.text
        assert len(item.votes) == 3
        assert len(item.blind) == 2
    assert dict(counts) == {"visible": 2, "scored": 2, "private": 8}
    assert all(len(splits) == 1 for splits in homes.values())
    searched = {name.partition(":")[0] for name in DraftFolder(made.task).note().corpus}
    assert searched
    assert not searched & set(homes)


def test_asking_again_costs_nothing_and_gives_the_same_queue(drafted: Drafts) -> None:
    before, calls = drafted.queue(), drafted.calls()
    drafted.draft()
    assert drafted.calls() == calls
    assert drafted.queue() == before


@pytest.mark.parametrize(
    ("owner", "weight", "why"),
    [
        ("Doubt", 500, "repeated answers do not agree"),
        ("Fame", 77, "is answered without the passage"),
    ],
)
def test_what_is_unclear_or_known_by_heart_is_dropped(
    new: New, owner: str, weight: int, why: str
) -> None:
    drafts = new(6)
    for number, path in enumerate(sorted(drafts.documents.iterdir())):
        story = f"Book {number} of the town, with its own {'very ' * number}long story."
        fact = f"The {'abcdef'[number] * 3}bell of {owner} weighs {weight} kilos."
        path.write_text(f"{story}\n\n{fact}")
    note, counts = drafts.draft(items=3)
    assert sum(counts.values()) == 0
    # Passages that gave nothing were asked a second time, and said the same.
    again = note.dropped["repeats an example or another item"]
    assert note.dropped[why] == note.asked - again > 0


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("nonsense", "the teacher's response could not be read"),
        ("copycat", "repeats an example or another item"),
    ],
)
def test_a_teacher_that_babbles_or_copies_loses_those_proposals(
    new: New, word: str, why: str
) -> None:
    drafts = new(8)
    rewrite(drafts, f"A {word} lives here.")
    note, counts = drafts.draft(items=3)
    assert note.dropped[why] > 0
    assert (sum(counts.values()) == 0) is (word == "nonsense")


def test_what_is_printed_as_control_characters_never_gets_in(new: New) -> None:
    drafts = new(8)
    rewrite(drafts, "A hostile reader was here.")
    note, _ = drafts.draft(items=3, blind=0)
    assert note.dropped["a proposal had no question, or no answer of the examples' kind"] > 0
    assert {item.question for item in drafts.queue()} <= {
        "[bold]How[/bold] many kilos does the {{gate}} weigh?"
    }
    assert all(item.answer == 5 for item in drafts.queue())


def test_calls_are_capped_and_what_they_paid_for_is_kept(new: New) -> None:
    drafts = new()
    _, counts = drafts.draft(calls=30)
    assert drafts.calls() <= 30
    first = sum(counts.values())
    _, counts = drafts.draft(calls=300)
    assert sum(counts.values()) == 12 > first


def test_closed_questions_leave_every_document_to_be_searched(new: New) -> None:
    drafts = new()
    drafts.draft(context="none", items=3)
    searched = {name.partition(":")[0] for name in DraftFolder(drafts.task).note().corpus}
    assert searched == {path.name for path in drafts.documents.iterdir()}


def test_other_documents_do_not_join_a_draft(drafted: Drafts, tmp_path: Path) -> None:
    other = tmp_path / "books"
    other.mkdir()
    for path in drafted.documents.iterdir():
        (other / path.name).write_text(path.read_text())
    (other / "town-00.md").write_text("Something else.")
    changed = Drafts(drafted.task, drafted.examples, other, drafted.log)
    with pytest.raises(TaskError, match="drafted from other examples or documents"):
        changed.draft()


def test_two_drafts_at_once_are_refused(drafted: Drafts) -> None:
    with DraftFolder(drafted.task), pytest.raises(RunHeld, match="another process"):
        drafted.draft()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"question": "Why?"}, r"examples\.jsonl:3 \[answer\]: is missing"),
        ({"question": " ", "answer": 1}, r"examples\.jsonl:3 \[question\]: is blank"),
        ({"question": "Why?", "answer": {"a": 1}}, "rejects this answer"),
        ([1], r"examples\.jsonl:3: expected one JSON object"),
    ],
)
def test_bad_examples_leave_nothing_behind(new: New, line: object, message: str) -> None:
    drafts = new()
    with drafts.examples.open("a") as stream:
        stream.write(json.dumps(line) + "\n")
    with pytest.raises(TaskError, match=message):
        drafts.draft()
    assert not drafts.task.exists()


def test_bad_places_leave_nothing_behind(new: New, tmp_path: Path) -> None:
    drafts = new(2)
    with pytest.raises(TaskError, match=r"holds 2 different documents.*corpus"):
        drafts.draft()
    assert not drafts.task.exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    many = Drafts(tmp_path / "full", drafts.examples, drafts.documents, drafts.log)
    for number in range(6):
        (drafts.documents / f"more-{number}.txt").write_text(f"Number {number} " * (number + 1))
    with pytest.raises(TaskError, match="is not empty and holds no draft"):
        many.draft()
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["notes.txt"]


def test_a_teacher_that_may_not_see_documents_cannot_draft() -> None:
    teacher = OpenAITeacher(model="m", base_url="http://127.0.0.1:1/v1", may_leave=("visible",))
    with pytest.raises(ConfigError, match=r"teacher\.may_leave.*corpus"):
        require_may_leave(DraftSettings(teacher=teacher))


@settings(deadline=None, max_examples=30)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=4, max_size=40),
    seed=st.integers(0, 999),
    share=st.sampled_from([0.0, 0.3, 0.5]),
)
def test_documents_are_shared_out_whole_and_every_part_has_one(
    sizes: list[int], seed: int, share: float
) -> None:
    rng = random.Random(seed)
    passages = [
        Passage(
            id=f"d{number}.txt:{line}",
            document=f"d{number}.txt",
            line=line,
            text=" ".join(str(rng.random()) for _ in range(12)),
        )
        for number, size in enumerate(sizes)
        for line in range(1, size + 1)
    ]
    parts = share_out(Documents(Path("d"), passages), seed, share)
    assert parts == share_out(Documents(Path("d"), passages), seed, share)
    assert set(parts) == {"visible", "scored", "private"} | ({"corpus"} if share else set())
    assert all(parts.values())
    held = [p.id for units in parts.values() for unit in units for p in unit.passages]
    assert sorted(held) == sorted(p.id for p in passages)
    for units in parts.values():
        for unit in units:
            assert len({p.document for p in unit.passages}) == 1


def test_documents_that_are_nearly_equal_stay_together() -> None:
    words = [str(n) for n in range(100)]
    texts = {"a": words, "b": ["x" + w for w in words], "c": [*words[:98], "other", "words"]}
    texts |= {name: [name + w for w in words] for name in "defg"}
    passages = [
        Passage(id=f"{n}.txt:1", document=f"{n}.txt", line=1, text=" ".join(t))
        for n, t in texts.items()
    ]
    for seed in range(5):
        parts = share_out(Documents(Path("d"), passages), seed, 0.3)
        (together,) = [u for units in parts.values() for u in units if len(u.passages) > 1]
        assert {p.document for p in together.passages} == {"a.txt", "c.txt"}


def test_settings_name_the_field_that_is_wrong() -> None:
    made = parse_settings({"items": 9}, ["votes=5", "scorer.kind=label", "summary=Some words"])
    assert (made.items, made.votes, made.scorer, made.summary) == (
        9,
        5,
        {"kind": "label"},
        "Some words",
    )
    for pair, field in (("votes=0", "votes"), ("vote=1", "vote"), ("votes", "--set")):
        with pytest.raises(ConfigError, match=rf"\[{field}\]"):
            parse_settings({}, [pair])
    for text in ("2001-13-45", "!!bool maybe", "[" * 5000):
        with pytest.raises(ConfigError, match=r"is not YAML"):
            parse_settings({}, [f"summary={text}"])
    with pytest.raises(ConfigError, match="the NAME of the environment variable") as caught:
        parse_settings({"teacher": {"kind": "openai", "model": "m"}}, ["teacher.key=sk-12"])
    assert "sk-12" not in str(caught.value)
