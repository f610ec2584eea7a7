"""Task folders: found, loaded, their splits opened."""

from __future__ import annotations

import hashlib
from pathlib import Path

from coursewright.config import load_policy
from coursewright.errors import ConfigError, TaskError
from coursewright.records import (
    Item,
    Passage,
    ProbePart,
    Problem,
    Split,
    SplitSize,
    Task,
)
from coursewright.tasks.check import CORPUS, Inspection, inspect
from coursewright.tasks.corpus import read_documents, summary
from coursewright.tasks.reading import LARGEST_FILE, read_bytes, read_lines, read_yaml
from coursewright.tasks.sizes import split_sizes
from coursewright.tasks.spec import item_fields

POLICY = "policy.yaml"
"""What a task folder calls the rules for its data."""
BUILTIN = Path(__file__).resolve().parent / "builtin"


def builtin_tasks() -> dict[str, str]:
    """Name and summary of each built-in task."""
    return {
        folder.name: str(read_yaml(folder, "task.yaml")[0]["summary"])
        for folder in _builtin_folders()
    }


def task_folder(task: str) -> Path:
    """The folder of a task: a path where there is one, else a built-in of that name.

    Raises `TaskError` when there is neither.
    """
    known = [folder.name for folder in _builtin_folders()]
    try:
        path = Path(task).expanduser()
        if task.strip() and path.is_dir():
            return path
        if task in known:
            return BUILTIN / task
        if task.strip() and path.exists():
            raise TaskError("is not a folder", file=path)
    except (OSError, ValueError, RuntimeError):
        pass  # too long, a NUL, an unknown ~user: no folder has such a name
    names = ", ".join(known)
    message = f"no such task folder, and the built-in tasks are {names}"
    raise TaskError(message, file=task[:200] or "''")


def _builtin_folders() -> list[Path]:
    return sorted(path.parent for path in BUILTIN.glob("*/task.yaml"))


def check_task(task: str) -> list[Problem]:
    """Everything `inspect` finds in a folder or built-in task; an empty list if all is well."""
    return review_task(task)[0]


def review_task(task: str) -> tuple[list[Problem], list[SplitSize]]:
    """What is wrong with a folder or built-in task, and what gains its splits can show."""
    sizes: list[SplitSize] = []
    try:
        found = inspect(task_folder(task), similar=True)
        _inspect_policy(found)
        problems, sizes = found.problems, split_sizes(found.items)
    except TaskError as missing:
        problems = [missing]
    told = [
        Problem(
            file=problem.file or task,
            line=problem.line,
            field=problem.field,
            message=problem.message,
        )
        for problem in problems
    ]
    return told, sizes


def _inspect_policy(found: Inspection) -> None:
    """Rules for the data that lie in the folder; a run may be given others in their place."""
    file = found.folder / POLICY
    if not file.is_file():
        return
    try:
        load_policy(file, trusted=False)
    except ConfigError as problem:
        found.problems.append(problem)


def load_task(task: str) -> Task:
    """A task ready to run, without its hidden splits.

    Those are validated with the rest, so that no run ends on a malformed line, but only their
    digests are kept. Raises the first problem as `TaskError`.
    """
    found = inspect(task_folder(task), similar=False)
    if found.problems:
        first = found.problems[0]
        more = len(found.problems) - 1
        hint = f" (and {more} more; see `coursewright task check {task}`)" if more else ""
        raise TaskError(first.message + hint, file=first.file, line=first.line, field=first.field)
    return _as_task(found)


def _as_task(found: Inspection) -> Task:
    spec = found.spec
    if spec is None:
        raise TaskError("has no readable task.yaml", file=found.folder)
    return Task(
        name=spec.name,
        summary=spec.summary,
        instruction=spec.instruction,
        preamble=spec.preamble,
        answer_format=spec.answer_format,
        description=found.description,
        sample=found.sample,
        visible=tuple(found.items["visible"]),
        seeds=tuple(found.seeds),
        scorer=spec.scorer,
        generation=spec.generation,
        rows=spec.rows,
        diversity=spec.diversity,
        baselines=tuple(spec.baselines),
        probes=spec.probes,
        license=spec.license,
        corpus=None if found.corpus is None else summary(found.corpus),
        folder=str(found.folder.resolve()),
        digests=found.digests,
    )


def read_split(task: Task, split: Split) -> tuple[Item, ...]:
    """The items of one split, in the order of its file.

    Raises `TaskError` if the file is no longer the one that was checked when the task was loaded.
    """
    return _read_items(task, f"{split}.jsonl")


def read_probe(task: Task, part: ProbePart) -> tuple[Item, ...]:
    """The items of one file of a probe, in its order; raises as `read_split`."""
    return _read_items(task, part.file)


def _read_items(task: Task, name: str) -> tuple[Item, ...]:
    folder = Path(task.folder)
    content = read_bytes(folder, name, LARGEST_FILE)
    if hashlib.sha256(content).hexdigest() != task.digests.get(name):
        raise TaskError("has changed since the run began; restore it", file=folder / name)
    items = []
    for _, line in read_lines(content, folder / name):
        if isinstance(line, TaskError):
            raise line
        items.append(Item.model_validate(item_fields(line, task.preamble.system)))
    return tuple(items)


def read_corpus(task: Task) -> tuple[Passage, ...]:
    """The passages of a task's documents, in their order; none where it has no corpus.

    Raises `TaskError` if a document is no longer the one that was checked when the task was loaded.
    """
    if task.corpus is None:
        return ()
    folder = Path(task.folder) / CORPUS
    documents = read_documents(folder)
    if documents.problems:
        raise documents.problems[0]
    now = {f"{CORPUS}/{name}": digest for name, digest in documents.digests.items()}
    then = {name: d for name, d in task.digests.items() if name.startswith(f"{CORPUS}/")}
    if now != then:
        changed = sorted(set(now.items()) ^ set(then.items()))[0][0]
        message = "has changed since the run began; restore it"
        raise TaskError(message, file=Path(task.folder) / changed)
    return tuple(documents.passages)
