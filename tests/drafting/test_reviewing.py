"""What a person decides is written down at once, and only what was accepted enters a split."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from coursewright.drafting import finish_draft
from coursewright.drafting.queue import Decision, Drafted, DraftFolder
from coursewright.drafting.reviewing import Sitting
from coursewright.drafting.terminal import Lines, review
from coursewright.errors import TaskError
from coursewright.tasks import check_task, load_task, read_split

from .conftest import Drafts


def sit(task: Path, typed: str, reviewer: str = "ada") -> str:
    """Review by lines; what was printed."""
    out = io.StringIO()
    with DraftFolder(task) as place, place.deciding() as journal:
        sitting = Sitting(place.note(), place.queue(), place.decisions(), journal, reviewer)
        console = Console(file=out, width=100, no_color=True)
        review(sitting, console, Lines(io.StringIO(typed)))
    return out.getvalue()


def decided(task: Path) -> dict[str, Decision]:
    return DraftFolder(task).decisions()


def ids(task: Path) -> list[str]:
    return [
        json.loads(line)["id"]
        for split in ("visible", "scored", "private")
        for line in (task / f"{split}.jsonl").read_text().splitlines()
    ]


def test_only_what_was_accepted_enters_a_split(drafted: Drafts) -> None:
    queue = drafted.queue()
    # Accepted, rejected with a reason, edited, skipped, accepted …, and the rest is untouched.
    typed = "a\nr\nsaid twice\ne\nHow heavy is it all?\n12\n\ns\na\na\na\nq\n"
    sit(drafted.task, typed)
    sit(drafted.task, "a\na\nq\n", "bo")
    decisions = decided(drafted.task)
    splits = finish_draft(drafted.task)
    assert sum(splits.values()) == 7 == len(ids(drafted.task))
    accepted = {name for name, one in decisions.items() if one.decision != "rejected"}
    assert set(ids(drafted.task)) == accepted < {item.id for item in queue}
    assert check_task(str(drafted.task)) == []
    edited = next(one for one in decisions.values() if one.decision == "edited")
    task = load_task(str(drafted.task))
    items = [item for split in splits for item in read_split(task, split)]  # type: ignore[arg-type]
    asked = {item.id: item for item in items}[edited.item]
    assert (asked.question, asked.answer) == ("How heavy is it all?", 12)
    manifest = json.loads((drafted.task / "manifest.json").read_text())
    assert manifest["review"] == {
        "accepted": 6,
        "edited": 1,
        "rejected": 1,
        "undecided": 4,
        "by": {"ada": {"accepted": 4, "edited": 1, "rejected": 1}, "bo": {"accepted": 2}},
    }
    assert task.corpus is not None
    assert {item.group for item in items}.isdisjoint(p.document for p in task.corpus.excerpts)
    assert all(item.context and str(item.context) for item in items)


def test_nothing_is_written_while_a_split_has_nothing_accepted(drafted: Drafts) -> None:
    sit(drafted.task, "a\nq\n")
    with pytest.raises(TaskError, match="no item of the scored split is accepted"):
        finish_draft(drafted.task)
    assert [path.name for path in drafted.task.iterdir()] == ["draft"]


def test_finishing_again_keeps_what_the_user_wrote(drafted: Drafts) -> None:
    sit(drafted.task, "a\n" * 11 + "q\n")
    finish_draft(drafted.task)
    text = (drafted.task / "description.md").read_text() + "\nMore words.\n"
    (drafted.task / "description.md").write_text(text)
    sit(drafted.task, "a\n")
    assert sum(finish_draft(drafted.task).values()) == 12
    assert (drafted.task / "description.md").read_text() == text
    assert len(ids(drafted.task)) == 12


def test_an_edit_that_would_not_hold_decides_nothing(drafted: Drafts) -> None:
    other = drafted.queue()[3].question
    typed = f"e\n\nmuch\n\ne\n{other.upper()}\n\n\ne\nWhy\x1b[2J?\n\n\nq\n"
    said = sit(drafted.task, typed)
    assert decided(drafted.task) == {}
    assert said.count("not kept") == 3
    assert "\x1b" not in said
    assert f"that of {drafted.queue()[3].id}" in said


@pytest.fixture
def finished(drafted: Drafts) -> Path:
    """The folder of a draft whose items are all accepted."""
    sit(drafted.task, "a\n" * 12)
    finish_draft(drafted.task)
    return drafted.task


def test_finishing_again_finds_the_probes_that_the_user_added(finished: Path) -> None:
    with (finished / "task.yaml").open("a") as stream:
        stream.write("probes: {sibling: probes/twins.jsonl}\n")
    twin = {"id": "t1", "question": "How many sides have six triangles?", "answer": 18}
    (finished / "probes").mkdir()
    (finished / "probes" / "twins.jsonl").write_text(json.dumps(twin) + "\n")
    assert check_task(str(finished)) == []
    assert sum(finish_draft(finished).values()) == 12
    assert (finished / "probes" / "twins.jsonl").exists()


def test_finishing_again_holds_the_users_seeds_against_the_items(finished: Path) -> None:
    item = json.loads((finished / "private.jsonl").read_text().splitlines()[0])
    seed = {"id": "s1", "question": item["question"], "context": item["context"]}
    (finished / "seeds.jsonl").write_text(json.dumps(seed) + "\n")
    with pytest.raises(TaskError, match=r"seeds\.jsonl:1.*the same question stands in"):
        finish_draft(finished)


@pytest.fixture
def listed(drafted: Drafts) -> Drafts:
    """A draft whose first answer is a list of names, with an apostrophe."""
    place = DraftFolder(drafted.task)
    note, first = place.note(), drafted.queue()[0]
    note = note.model_copy(update={"form": note.form | {"scorer": {"kind": "spans"}}})
    answer = ["O'Brien", "Smith"]
    place.write(note, [first.model_copy(update={"answer": answer}), *drafted.queue()[1:]])
    return drafted


def test_an_edit_of_the_question_alone_keeps_a_list_as_it_was(listed: Drafts) -> None:
    sit(listed.task, "e\nWho signed it?\n\n\nq\n")
    (decision,) = decided(listed.task).values()
    assert decision.answer == ["O'Brien", "Smith"]


@pytest.mark.parametrize("typed", ['["O"Brien", "Smith"]', "Smith", '"Smith"', "null"])
def test_what_is_no_list_cannot_take_the_place_of_one(listed: Drafts, typed: str) -> None:
    said = sit(listed.task, f"e\nWho signed it?\n{typed}\n\nq\n")
    assert decided(listed.task) == {}
    assert 'not kept: the answer must be a list such as ["a", "b"], written as JSON' in said


def test_half_a_surrogate_pair_is_no_part_of_an_answer(listed: Drafts) -> None:
    said = sit(listed.task, 'e\nWho signed it?\n["\\ud800"]\n\nq\n')
    assert decided(listed.task) == {}
    assert "not kept: the answer is empty, or not of the kind" in said


def test_the_end_of_the_input_in_the_middle_of_an_edit_decides_nothing(drafted: Drafts) -> None:
    sit(drafted.task, "e\nHow heavy")
    assert decided(drafted.task) == {}


def test_what_is_shown_cannot_command_the_terminal(drafted: Drafts) -> None:
    place = DraftFolder(drafted.task)
    bad = drafted.queue()[0].model_copy(
        update={"text": "\x1b]0;own\x07 [red]markup[/red] \u202e", "votes": ("\x9b2J",)}
    )
    place.write(place.note(), [bad])
    said = sit(drafted.task, "q\n")
    assert "\\x1b]0;own\\x07 [red]markup[/red] \\u202e" in said
    assert all(sign.isprintable() or sign == "\n" for sign in said)


@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(keys=st.text(alphabet="aarsux?", max_size=40), cut=st.integers(0, 400))
def test_a_sitting_goes_on_where_any_kill_left_it(drafted: Drafts, keys: str, cut: int) -> None:
    journal = drafted.task / "draft" / "decisions.jsonl"
    journal.unlink(missing_ok=True)
    typed = "".join(f"{key}\n" + ("\n" if key == "r" else "") for key in keys)
    sit(drafted.task, typed)
    whole = journal.read_bytes()
    lines = whole[: max(0, len(whole) - cut)].split(b"\n")[:-1]
    os.truncate(journal, max(0, len(whole) - cut))
    # Complete lines count, a torn one does not, and the next sitting writes behind them.
    last = {json.loads(line)["item"]: json.loads(line)["decision"] for line in lines}
    expected = {name: word for name, word in last.items() if word != "reopened"}
    assert {name: one.decision for name, one in decided(drafted.task).items()} == expected
    sit(drafted.task, "a\n" * len(drafted.queue()))
    after = decided(drafted.task)
    assert len(after) == len(drafted.queue())
    assert all(after[name].decision == word for name, word in expected.items())


def test_a_damaged_queue_or_journal_is_one_line(drafted: Drafts) -> None:
    journal = drafted.task / "draft" / "decisions.jsonl"
    journal.write_text('{"item": "a", "decision": "accepted"}\n{"item": 3}\n')
    with pytest.raises(TaskError, match=r"decisions\.jsonl:2: is damaged"):
        decided(drafted.task)
    queue = drafted.task / "draft" / "queue.jsonl"
    queue.write_text(queue.read_text().replace('"private"', '"public"', 1))
    with pytest.raises(TaskError, match=r"queue\.jsonl:\d+: is damaged"):
        DraftFolder(drafted.task).queue()


def test_decisions_on_items_that_are_gone_count_for_nothing(drafted: Drafts) -> None:
    sit(drafted.task, "a\n" * 12)
    gone: Drafted = drafted.queue()[-1]
    place = DraftFolder(drafted.task)
    place.write(place.note(), drafted.queue()[:-1])
    assert sum(finish_draft(drafted.task).values()) == 11
    assert gone.id not in (drafted.task / "manifest.json").read_text()
