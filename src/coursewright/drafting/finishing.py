"""The task folder out of what people accepted, checked as any folder is, then put in place."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from coursewright.drafting.queue import FOLDER, Decision, Drafted, DraftFolder, DraftNote
from coursewright.drafting.splitting import SHARES
from coursewright.errors import TaskError
from coursewright.records import Item, Problem
from coursewright.scoring import make_scorer, written
from coursewright.store import storage, sync_folder, temporary
from coursewright.tasks import check_task
from coursewright.tasks.check import CORPUS

ITEM_FILES = tuple(f"{split}.jsonl" for split in SHARES)
_THEIRS = ("task.yaml", "description.md", "sample_submission.json")
"""Written once; from then on they are the user's."""
_REPLACED = frozenset((FOLDER, CORPUS, "manifest.json", *ITEM_FILES))
"""What of the folder is not laid over a new one: the draft itself, and what is written anew."""
_MOST_SAMPLES = 3


def finish(place: DraftFolder) -> dict[str, int]:
    """Write the task folder; return the number of items in each split.

    Only accepted and edited items are in it. Item files, corpus and manifest are replaced; what
    describes the task is written once, and then left to the user. What else the user laid into
    the folder, such as seeds, probes or a database, stays there and is checked with the new items.

    Raises:
        TaskError: a split has no accepted item, or the folder would not pass its check.
    """
    note, decisions = place.note(), place.decisions()
    accepted = accepted_items(place.queue(), decisions)
    for split in SHARES:
        if not any(one.split == split for one in accepted):
            message = f"no item of the {split} split is accepted yet; go on reviewing"
            raise TaskError(message, file=place.path / "queue.jsonl")
    with storage(place.task, otherwise="free the folder for writing"):
        part = temporary(place.path)
        part.mkdir()
        try:
            _write(part, place, note, accepted, decisions)
            _lay_over(part, place.task)
            _require_sound(part)
            _put_in_place(part, place.task)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return dict(Counter(one.split for one in accepted))


def accepted_items(
    queue: Iterable[Drafted], decisions: Mapping[str, Decision]
) -> tuple[Drafted, ...]:
    """Return the accepted items as they were accepted, edits made."""
    accepted = []
    for item in queue:
        decision = decisions.get(item.id)
        if decision is not None and decision.decision in ("accepted", "edited"):
            accepted.append(edited(item, decision))
    return tuple(accepted)


def edited(item: Drafted, decision: Decision) -> Drafted:
    """Return an item as a decision leaves it."""
    if decision.decision != "edited":
        return item
    update = {"question": decision.question, "answer": decision.answer, "topic": decision.topic}
    return item.model_copy(update=update)


def _write(
    part: Path,
    place: DraftFolder,
    note: DraftNote,
    accepted: Sequence[Drafted],
    decisions: Mapping[str, Decision],
) -> None:
    with_passage = note.form["with_passage"]
    for split in SHARES:
        lines = (
            _line(one, decisions[one.id], with_passage=with_passage)
            for one in accepted
            if one.split == split
        )
        (part / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8")
    (part / "task.yaml").write_text(_spec(place.task, note), encoding="utf-8")
    (part / "description.md").write_text(_description(place.task, note), encoding="utf-8")
    (part / "sample_submission.json").write_text(_sample(note), encoding="utf-8")
    manifest = _manifest(note, place.queue(), accepted, decisions)
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    (part / "manifest.json").write_text(text, encoding="utf-8")
    _write_corpus(part / CORPUS, place.documents, note.corpus)


def _line(one: Drafted, decision: Decision, *, with_passage: bool) -> str:
    item = Item(
        id=one.id,
        question=one.question,
        context=one.text if with_passage else None,
        answer=one.answer,
        group=one.document,
        topic=one.topic,
        meta={"passage": one.passage, "decision": decision.decision},
    )
    told = item.model_dump(mode="json", exclude_none=True)
    return json.dumps(told, ensure_ascii=False) + "\n"


def _spec(task: Path, note: DraftNote) -> str:
    settings, form = note.settings, note.form
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in task.absolute().name.lower())
    fields = {
        "schema": 1,
        "name": name.strip("-")[:64] or "drafted-task",
        "summary": settings["summary"] or "Questions drafted from documents, accepted by people.",
        "instruction": form["instruction"],
        "answer_format": form["answer_format"],
        "scorer": form["scorer"],
    }
    if settings["license"]:
        fields["license"] = settings["license"]
    head = "# What each field means: docs/task-format.md\n"
    return head + yaml.safe_dump(fields, sort_keys=False, allow_unicode=True)


def _description(task: Path, note: DraftNote) -> str:
    topics = [f"- **{topic}**: Questions of this topic." for topic in note.form["topics"]]
    examples = note.examples[:_MOST_SAMPLES]
    shown = [
        f"> {' '.join(str(one['question']).split())}\n\nA good answer: "
        f"{' '.join(str(one['answer']).split())}"
        for one in examples
    ]
    parts = [
        f"# {task.absolute().name}",
        "Questions on documents of one kind."
        + (
            " The passage a question is about stands above it." if note.form["with_passage"] else ""
        ),
        "## Answers",
        note.form["answer_format"],
        *(["## Topics", "\n".join(topics)] if topics else []),
        "## Examples",
        *shown,
    ]
    return "\n\n".join(parts) + "\n"


def _sample(note: DraftNote) -> str:
    scorer = make_scorer(note.form["scorer"])
    rows = []
    for one in note.examples[:_MOST_SAMPLES]:
        item = Item.model_validate(one)
        body = f"{item.context.strip()}\n{item.question}" if item.context else item.question
        output = written(scorer, item.answer)
        rows.append({"instruction": note.form["instruction"], "input": body, "output": output})
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def _manifest(
    note: DraftNote,
    queue: Sequence[Drafted],
    accepted: Sequence[Drafted],
    decisions: Mapping[str, Decision],
) -> dict[str, Any]:
    """How the folder came about: no texts but the settings', only ids, hashes and counts."""
    mine = {one.id: decisions[one.id] for one in queue if one.id in decisions}
    by: dict[str, Counter[str]] = {}
    for decision in mine.values():
        by.setdefault(decision.by or "unnamed", Counter())[decision.decision] += 1
    counts = Counter(decision.decision for decision in mine.values())
    return {
        "schema": 1,
        "builder": "draft",
        "settings": note.settings,
        "digests": note.digests,
        "asked": note.asked,
        "dropped": [{"why": why, "count": count} for why, count in note.dropped.items()],
        "drafted": len(queue),
        "review": {
            **{name: counts[name] for name in ("accepted", "edited", "rejected")},
            "undecided": len(queue) - len(mine),
            "by": {name: dict(made) for name, made in sorted(by.items())},
        },
        "splits": {
            split: {
                "items": sum(one.split == split for one in accepted),
                "groups": len({one.document for one in accepted if one.split == split}),
                "ids": [one.id for one in accepted if one.split == split],
            }
            for split in SHARES
        },
        "teacher_usage": note.usage,
    }


def _write_corpus(target: Path, documents: Path, passages: Sequence[str]) -> None:
    """Copy the documents programs may search; of a JSONL file only those lines."""
    lines: dict[str, set[int]] = {}
    for passage in passages:
        name, _, place = passage.rpartition(":")
        lines.setdefault(name, set()).add(int(place.partition(".")[0]))
    for name, numbers in lines.items():
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not name.endswith(".jsonl"):
            shutil.copyfile(documents / name, copy)
            continue
        with (documents / name).open("rb") as source, copy.open("wb") as new:
            new.writelines(line for at, line in enumerate(source, 1) if at in numbers)


def _lay_over(part: Path, task: Path) -> None:
    """Copy what the user has in the folder over what was written, for the check to read it."""

    def replaced(folder: str, names: list[str]) -> set[str]:
        return set(_REPLACED.intersection(names)) if Path(folder) == task else set()

    shutil.copytree(task, part, symlinks=True, ignore=replaced, dirs_exist_ok=True)


def _require_sound(part: Path) -> None:
    problems: list[Problem] = check_task(str(part))
    if problems:
        first = problems[0]
        name = Path(first.file).name
        message = f"the drafted task would not pass its check: {first.message}"
        raise TaskError(message, file=name, line=first.line, field=first.field)


def _put_in_place(part: Path, task: Path) -> None:
    """Move the files to where they belong, the manifest last: it says that the rest is whole."""
    if (task / CORPUS).exists():
        shutil.rmtree(task / CORPUS)
    if (part / CORPUS).exists():
        (part / CORPUS).rename(task / CORPUS)
    for name in (*_THEIRS, *ITEM_FILES, "manifest.json"):
        (part / name).replace(task / name)
    sync_folder(task)
