"""What an agent is told of a run, and what its programs find in their data folder.

make_brief      the brief of the agent, as far as `config.brief` lets it
full_brief      the same with nothing held back and no human notes
program_files   the brief as read-only files, with the index of a corpus
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from coursewright.config import CommandAgent, RunConfig
from coursewright.errors import ConfigError
from coursewright.records import Brief, Item, Passage, Record, Seed, Task
from coursewright.sandbox import CORPUS_INDEX, installed_packages, program_interface, write_index
from coursewright.store import TEMPORARY, RunStore, storage
from coursewright.tasks import read_split

NOTES_BYTES = 64 * 1024

I = TypeVar("I", Item, Seed)  # noqa: E741


def make_brief(config: RunConfig, task: Task) -> Brief:
    """Return all that the agent is told, as far as `config.brief` lets it.

    Raises:
        ConfigError: the notes cannot be read.
    """
    brief = full_brief(config, task)
    update: dict[str, Any] = {}
    if config.brief == "line":
        update["description"] = brief.summary
        if brief.corpus is not None:
            update["corpus"] = brief.corpus.model_copy(update={"excerpts": ()})
    elif config.notes is not None and config.brief in (None, "notes"):
        update["description"] = f"{brief.description.rstrip()}\n\n{read_notes(config.notes)}"
    if config.brief in ("line", "description"):
        update["visible"] = ()
    return brief.model_copy(update=update)


def full_brief(config: RunConfig, task: Task) -> Brief:
    """Return what there is to tell in the config's setting, without human notes."""
    return Brief(
        task=task.name,
        summary=task.summary,
        description=task.description,
        instruction=task.instruction,
        preamble=task.preamble,
        answer_format=task.answer_format,
        sample=task.sample,
        visible=public_items(config, task),
        seeds=tuple(map(without_meta, task.seeds)) if config.setting == "seed" else (),
        rows=task.rows,
        teacher=part_name(config.teacher),
        student=part_name(config.student),
        packages=installed_packages(),
        interface=program_interface(corpus=task.corpus is not None),
        corpus=task.corpus,
        program_seconds=config.budget.program_seconds,
        student_calls=student_calls(config),
        concurrency=config.budget.concurrency,
    )


def read_notes(path: Path) -> str:
    """Return a file of human notes under a heading of its own.

    Raises:
        ConfigError: it is missing, too long, or no text in UTF-8.
    """
    try:
        with path.open("rb") as stream:
            text = stream.read(NOTES_BYTES + 1).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise ConfigError(f"cannot be read: {reason}", file=path, field="notes") from error
    if len(text) > NOTES_BYTES or "\0" in text or not text.strip():
        raise ConfigError(
            f"expected a text of 1 to {NOTES_BYTES:,} bytes without NUL", file=path, field="notes"
        )
    return f"# Notes from people\n\n{text.strip()}\n"


def public_items(config: RunConfig, task: Task) -> tuple[Item, ...]:
    """Return the items that feedback is about, whether or not the brief shows them.

    Under `paper`, visible and scored are one public set.
    """
    scored = read_split(task, "scored") if config.protocol == "paper" else ()
    return tuple(map(without_meta, (*task.visible, *scored)))


def without_meta(item: I) -> I:
    """Return an item or seed without the author's notes, which may say how it was made."""
    return item.model_copy(update={"meta": {}})


def student_calls(config: RunConfig) -> int:
    """Return how many questions a program may put to the base student in one round.

    None where servers rest in turn: the teacher holds the memory while a program runs.
    """
    if any(server.rest != "stay" for server in config.servers):
        return 0
    return min(config.budget.student_calls, config.budget.round_student_calls)


def part_name(part: Any) -> str:
    """Return the short name of an agent, teacher or student config."""
    target = getattr(part, "model", None) or getattr(part, "path", None)
    if isinstance(part, CommandAgent):
        # Without its arguments: they are in the config, and may be long.
        target = Path(part.command[0]).name
    return str(part.kind if target is None else f"{part.kind}:{target}")


def program_files(
    store: RunStore, brief: Brief, passages: Sequence[Passage] = ()
) -> dict[str, Path]:
    """Return the read-only files of every program's data folder.

    The index of the `passages` is among them where the brief tells of a corpus.
    """

    def lines(records: Sequence[Record]) -> bytes:
        return "".join(r.model_dump_json(exclude_none=True) + "\n" for r in records).encode()

    told = brief.model_dump(mode="json", exclude={"visible", "seeds", "sample", "interface"})
    contents = {
        "brief.json": json.dumps(told, ensure_ascii=False).encode(),
        "sample.json": json.dumps([r.model_dump() for r in brief.sample]).encode(),
        "visible.jsonl": lines(brief.visible),
        "seeds.jsonl": lines(brief.seeds),
    }
    artifacts = store.artifacts
    digests = {name: artifacts.put_bytes(data) for name, data in contents.items()}
    if brief.corpus is not None:
        with tempfile.TemporaryDirectory(dir=store.path, prefix=TEMPORARY) as place:
            index = Path(place) / CORPUS_INDEX
            with storage(index):
                write_index(passages, index)
            digests[CORPUS_INDEX] = artifacts.put_file(index)
    return {name: artifacts.path_of(digest) for name, digest in digests.items()}
