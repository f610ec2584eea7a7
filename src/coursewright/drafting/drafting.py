"""One draft from its beginning: examples and documents in, a queue for a person out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from coursewright.config import TEXT_KINDS, Budget, Endpoint
from coursewright.drafting.examples import Examples, read_examples
from coursewright.drafting.proposing import Drafter
from coursewright.drafting.queue import SPLIT, Drafted, DraftFolder, DraftNote
from coursewright.drafting.settings import DraftSettings
from coursewright.drafting.splitting import CORPUS, SHARES, Unit, share_out
from coursewright.errors import ConfigError, Interrupted, StageFailed, TaskError
from coursewright.protocols import Progress
from coursewright.records import Passage
from coursewright.sandbox.coursewright_program import Teacher
from coursewright.store import storage, temporary
from coursewright.tasks.corpus import Documents, read_documents
from coursewright.teacher import GatewayTeacher


def draft(
    task: Path, examples_file: Path, folder: Path, settings: DraftSettings, progress: Progress
) -> tuple[DraftNote, dict[str, int]]:
    """Draft items into the queue of `task`; what was asked before costs nothing again.

    Returns how it came about, and how many items each split has in the queue.

    Raises:
        TaskError: examples or documents cannot be used, or `task` holds something else.
        ConfigError: the teacher may not be sent them.
        RunHeld: another process drafts or reviews there.
        Interrupted: the teacher is gone.
    """
    require_may_leave(settings)
    examples = read_examples(examples_file, settings)
    documents = read_documents(folder)
    if documents.problems:
        raise documents.problems[0]
    share = settings.corpus_share if examples.form.with_passage else 0.0
    parts = share_out(documents, settings.seed, share)
    with _place(task), DraftFolder(task) as place:
        _require_same(place, documents, examples)
        _copy(documents, place)
        searched = _searched(parts, documents, examples)
        with _teacher(place, settings) as (teacher, gateway):
            drafter = Drafter(examples, settings, teacher, searched, progress.say)
            queue: list[Drafted] = []
            wanted = _wanted(settings.items)
            for split in SHARES:
                queue += drafter.items(cast(SPLIT, split), parts[split], wanted[split])
            usage = gateway.usage()
        if drafter.out_of_calls:
            progress.say(f"the {settings.calls} teacher calls are used up: --set calls=N for more")
        note = DraftNote(
            settings=settings.model_dump(mode="json"),
            form={
                "instruction": examples.form.instruction,
                "answer_format": examples.form.answer_format,
                "scorer": examples.form.scorer_spec,
                "topics": list(examples.form.topics),
                "with_passage": examples.form.with_passage,
            },
            examples=tuple(item.model_dump(mode="json") for item in examples.items),
            digests={"examples": examples.digest, **_named(documents)},
            corpus=tuple(dict.fromkeys(passage.id for passage in searched)),
            asked=drafter.asked,
            dropped=dict(drafter.dropped.most_common()),
            wanted=wanted,
            usage=usage.model_dump(mode="json"),
        )
        place.write(note, queue)
        return note, {name: sum(one.split == name for one in queue) for name in wanted}


def require_may_leave(settings: DraftSettings) -> None:
    """Refuse a teacher that may not be sent examples and documents: there is no other way."""
    teacher = settings.teacher
    may = teacher.may_leave if isinstance(teacher, Endpoint) else TEXT_KINDS
    for kind in ("corpus", "visible"):
        if kind not in may:
            message = f"drafting sends the teacher texts of the kind {kind!r}; allow it"
            raise ConfigError(message, field="teacher.may_leave")


def _wanted(items: int) -> dict[str, int]:
    """Items of each split: visible and scored to private as 1 : 3, none of them empty."""
    wanted = {name: max(1, round(items * share)) for name, share in SHARES.items()}
    wanted["private"] = max(1, items - wanted["visible"] - wanted["scored"])
    return wanted


@contextmanager
def _place(task: Path) -> Iterator[None]:
    """Make the drafting folder, and take it away again when nothing came of it."""
    path = task / "draft"
    if task.is_symlink() or (task.exists() and not task.is_dir()):
        raise TaskError("is not a folder; choose another name", file=task)
    if task.is_dir() and any(task.iterdir()) and not path.is_dir():
        raise TaskError("is not empty and holds no draft; choose another name", file=task)
    fresh = not path.exists()
    with storage(path, otherwise="choose another folder"):
        path.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        # Paid answers stay; a folder without any is not left behind.
        if fresh and not (path / "calls.sqlite").exists():
            shutil.rmtree(path, ignore_errors=True)
            if not any(task.iterdir()):
                task.rmdir()
        raise


def _require_same(place: DraftFolder, documents: Documents, examples: Examples) -> None:
    """Another set of documents would be split anew, and what was accepted could change its side."""
    if not (place.path / "draft.json").exists():
        return
    if place.note().digests != {"examples": examples.digest, **_named(documents)}:
        message = "was drafted from other examples or documents; choose another folder"
        raise TaskError(message, file=place.path)


def _named(documents: Documents) -> dict[str, str]:
    return {f"documents/{name}": digest for name, digest in documents.digests.items()}


def _copy(documents: Documents, place: DraftFolder) -> None:
    """Keep the documents as they were read: the corpus is written from them much later."""
    if place.documents.exists():
        return
    with storage(place.documents, otherwise="choose another folder"):
        part = temporary(place.path)
        try:
            for name in documents.digests:
                (part / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(documents.folder / name, part / name)
            if read_documents(part).digests != documents.digests:
                raise TaskError("changed while it was read; try again", file=documents.folder)
            part.rename(place.documents)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _searched(
    parts: dict[str, list[Unit]], documents: Documents, examples: Examples
) -> list[Passage]:
    """Passages that programs may search: those of no split, or all where none is shown."""
    if not examples.form.with_passage:
        return documents.passages
    return [passage for unit in parts.get(CORPUS, ()) for passage in unit.passages]


@contextmanager
def _teacher(
    place: DraftFolder, settings: DraftSettings
) -> Iterator[tuple[Teacher, GatewayTeacher]]:
    """The teacher behind its gateway, metered by the draft's own ledger."""
    budget = Budget(
        calls=settings.calls,
        round_calls=settings.calls,
        cost_usd=settings.cost_usd,
        concurrency=settings.concurrency,
        max_tokens=settings.max_tokens,
    )
    gateway = GatewayTeacher(
        settings.teacher, ledger=place.ledger, seed=settings.seed, budget=budget
    )
    try:
        with gateway, gateway.line(0, settings.calls) as line:
            teacher = Teacher(str(line.socket), settings.concurrency)
            try:
                yield teacher, gateway
            finally:
                teacher.close()
    except (Interrupted, StageFailed) as gone:
        message = f"{str(gone).partition('; mend that')[0]}; the same command goes on from here"
        raise Interrupted(message) from gone
