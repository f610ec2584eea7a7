"""Everything a user can get wrong in a task folder, with file, line and field.

`inspect` reads the whole folder once and collects problems instead of stopping at the first:
files and fields, golds the scorer would refuse, seeds with answers, splits that overlap.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coursewright.chat import item_body
from coursewright.errors import LocatedError, TaskError
from coursewright.records import Item, ProbeName, Row, RowForm, Seed
from coursewright.scoring import GoldCheck
from coursewright.similarity import near_duplicates, normalised
from coursewright.tasks.corpus import Documents, leaks, read_documents
from coursewright.tasks.forms import (
    form_of,
    gold_faults,
    item_problem,
    sample_row,
    spec_problem,
)
from coursewright.tasks.probes import NEAR, NEAR_WORDS, overlaps
from coursewright.tasks.reading import (
    LARGEST_FILE,
    LARGEST_TEXT,
    parse_json,
    read_bytes,
    read_lines,
    read_text,
    read_yaml,
)
from coursewright.tasks.spec import TaskSpec, item_fields, item_problems, parse_spec

SPLITS = ("visible", "scored", "private")
CORPUS = "corpus"
"""Optional folder of documents that programs can search."""
_MOST_PROBLEMS = 200
LONG_CONTEXT = 200
"""Characters from which on an equal context in two splits is no coincidence."""


@dataclass
class Inspection:
    """What was read of a folder, and what is wrong with it."""

    folder: Path
    spec: TaskSpec | None = None
    gold: GoldCheck | None = None
    description: str = ""
    sample: tuple[Row, ...] = ()
    items: dict[str, list[Item]] = field(default_factory=dict)
    seeds: list[Seed] = field(default_factory=list)
    probes: dict[ProbeName, list[Item]] = field(default_factory=dict)
    corpus: Documents | None = None
    digests: dict[str, str] = field(default_factory=dict)
    problems: list[LocatedError] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    """Line of each item or seed, by id."""
    spec_lines: dict[tuple[str, ...], int] = field(default_factory=dict)
    """Line of each field of task.yaml, by its path."""
    unfixable: set[str] = field(default_factory=set)
    """Ids of the golds that only the official rule rejects."""

    def note(
        self, message: str, file: str, line: int | None = None, field: str | None = None
    ) -> None:
        """Add a problem."""
        self.problems.append(TaskError(message, file=self.folder / file, line=line, field=field))


def inspect(folder: Path, *, similar: bool) -> Inspection:
    """Read and check a folder; `similar` also looks for near-duplicates across splits."""
    found = Inspection(folder)
    if not folder.is_dir():
        message = "is not a folder" if folder.exists() else "does not exist"
        found.problems.append(TaskError(message, file=folder))
        return found
    _inspect_spec(found)
    _inspect_description(found)
    ids: dict[str, str] = {}
    for split in SPLITS:
        found.items[split] = list(_inspect_items(found, f"{split}.jsonl", ids))
    if (folder / "seeds.jsonl").exists() or (folder / "seeds.jsonl").is_symlink():
        found.seeds = list(_inspect_seeds(found, ids))
    files = dict(_inspect_probes(found, ids))
    _inspect_scorer_files(found)
    _inspect_unfixable(found)
    _inspect_sample(found)
    _inspect_overlap(found)
    _inspect_groups(found)
    _inspect_corpus(found)
    if similar:
        _inspect_near(found)
    known = list(_bodies(found))
    for problem in overlaps(known, files, found.lines, similar=similar):
        found.note(*problem)
    return found


def _inspect_spec(found: Inspection) -> None:
    name = "task.yaml"
    try:
        values, found.spec_lines = read_yaml(found.folder, name)
    except TaskError as problem:
        found.problems.append(problem)
        return
    found.digests[name] = _digest(read_bytes(found.folder, name, LARGEST_TEXT))
    found.spec, problems = parse_spec(values, found.spec_lines, found.folder / name)
    found.problems.extend(problems)
    if found.spec is None:
        return
    try:
        found.gold = GoldCheck(found.spec.scorer, found.folder)
    except LocatedError as problem:
        place = tuple((problem.field or "scorer").split("."))
        line = found.spec_lines.get(place) or found.spec_lines.get(("scorer",))
        found.note(problem.message, name, line, problem.field or "scorer")


def _inspect_description(found: Inspection) -> None:
    try:
        found.description = read_text(found.folder, "description.md")
        found.digests["description.md"] = _digest(found.description.encode())
    except TaskError as problem:
        found.problems.append(problem)


def _objects(found: Inspection, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The readable lines of a JSONL file; the others become problems."""
    try:
        content = read_bytes(found.folder, name, LARGEST_FILE)
    except TaskError as problem:
        found.problems.append(problem)
        return
    found.digests[name] = _digest(content)
    for number, value in read_lines(content, found.folder / name):
        if isinstance(value, TaskError):
            found.problems.append(value)
        else:
            yield number, value
        if len(found.problems) >= _MOST_PROBLEMS:
            return


def _inspect_items(
    found: Inspection, name: str, ids: dict[str, str], own: GoldCheck | None = None
) -> Iterator[Item]:
    """The good items of a file; `own` checks their golds where it is not the task's scorer."""
    for number, line in _objects(found, name):
        problems = list(item_problems(line, seed=False, system=_system(found)))
        for at, message in problems:
            found.note(message, name, number, at)
        if problems or not _unique(found, ids, line["id"], name, number):
            continue
        item = Item.model_validate(item_fields(line, _system(found)))
        if (gold := own or found.gold) is not None:
            _inspect_gold(found, gold, item, name, number)
        yield item


def _inspect_gold(found: Inspection, gold: GoldCheck, item: Item, name: str, number: int) -> None:
    try:
        verdict = gold.verdict(item.answer)
    except Exception as error:  # a user's scorer may raise anything
        message = f"the scorer fails on this gold answer: {type(error).__name__}: {error}"
        found.note(message[:400], name, number, "answer")
        return
    if verdict == "rejected":
        message = f"the scorer rejects this gold answer: {str(item.answer)[:80]!r}"
        found.note(message, name, number, "answer")
    elif verdict == "unfixable":
        found.unfixable.add(item.id)
        if found.spec is not None and item.id not in found.spec.unfixable:
            message = f"policy official rejects this gold answer: {str(item.answer)[:80]!r}; "
            message += "list its id under `unfixable` in task.yaml, or choose policy: repaired"
            found.note(message, name, number, "answer")
    elif gold is found.gold:
        for fault in gold_faults(item.answer, found.spec) if found.spec else ():
            found.note(fault, name, number, "answer")


def _inspect_probes(
    found: Inspection, ids: dict[str, str]
) -> Iterator[tuple[str, tuple[ProbeName, list[Item]]]]:
    """(file, name of its probe, its items) of each probe that task.yaml declares."""
    declared = found.spec.probes if found.spec is not None else {}
    for name, parts in declared.items():
        found.probes[name] = []
        for at, part in enumerate(parts):
            place = ("probes", name) if len(parts) == 1 else ("probes", name, str(at))
            if part.file in found.digests:
                line = found.spec_lines.get(place)
                found.note(f"{part.file} stands here twice", "task.yaml", line, ".".join(place))
                continue
            try:
                own = None if part.scorer is None else GoldCheck(part.scorer, found.folder)
            except LocatedError as problem:
                field = ".".join((*place, problem.field or "scorer"))
                found.note(problem.message, "task.yaml", found.spec_lines.get(place), field)
                continue
            items = list(_inspect_items(found, part.file, ids, own))
            found.probes[name] += items
            yield part.file, (name, items)


def _inspect_scorer_files(found: Inspection) -> None:
    """Digest what the scorer itself reads of the folder, such as databases."""
    files = getattr(found.gold.scorer if found.gold else None, "files", None)
    for name in files() if callable(files) else ():
        try:
            found.digests[name] = _digest(read_bytes(found.folder, name, LARGEST_FILE))
        except TaskError as problem:
            found.problems.append(problem)


def _inspect_unfixable(found: Inspection) -> None:
    """What task.yaml calls unfixable must be just that."""
    if found.spec is None or found.gold is None:
        return
    for at, key in enumerate(found.spec.unfixable):
        if key in found.unfixable:
            continue
        if not found.gold.official:
            message = "is for `policy: official` alone"
        elif key not in found.lines:
            message = f"no item has the id {key[:80]!r}"
        else:
            message = (
                f"the gold of {key[:80]!r} is not one that only `official` rejects; take it out"
            )
        line = found.spec_lines.get(("unfixable", str(at)))
        found.note(message, "task.yaml", line, f"unfixable.{at}")


def _inspect_seeds(found: Inspection, ids: dict[str, str]) -> Iterator[Seed]:
    name = "seeds.jsonl"
    for number, line in _objects(found, name):
        problems = list(item_problems(line, seed=True, system=_system(found)))
        for at, message in problems:
            found.note(message, name, number, at)
        if not problems and _unique(found, ids, line["id"], name, number):
            yield Seed.model_validate(item_fields(line, _system(found)))


def _system(found: Inspection) -> str:
    return "" if found.spec is None else found.spec.preamble.system


def _unique(found: Inspection, ids: dict[str, str], key: str, name: str, number: int) -> bool:
    if key in ids:
        found.note(f"the id {key!r} stands in {ids[key]} too", name, number, "id")
        return False
    ids[key] = f"{name} line {number}"
    found.lines[key] = number
    return True


def _inspect_sample(found: Inspection) -> None:
    name = "sample_submission.json"
    try:
        text = read_text(found.folder, name)
        rows = parse_json(text, found.folder / name)
    except TaskError as problem:
        found.problems.append(problem)
        return
    found.digests[name] = _digest(text.encode())
    if not isinstance(rows, list) or not 1 <= len(rows) <= 10:
        found.note("expected a list of 1 to 10 rows", name)
        return
    form = form_of(rows)
    good = []
    for number, value in enumerate(rows):
        row = sample_row(value, form, found.spec, None if found.gold is None else found.gold.scorer)
        if isinstance(row, Row):
            good.append(row)
        else:
            found.note(row[1], name, None, f"{number}.{row[0]}".rstrip("."))
    found.sample = tuple(good)
    _inspect_form(found, form)


def _inspect_form(found: Inspection, form: RowForm) -> None:
    """What task.yaml and the items say must fit the form of the rows."""
    if found.spec is not None and (wrong := spec_problem(form, found.spec)) is not None:
        found.note(wrong, "task.yaml", 1, "instruction")
    for split in SPLITS:
        for item in found.items.get(split, ()):
            if (wrong := item_problem(form, item)) is not None:
                found.note(wrong, f"{split}.jsonl", found.lines[item.id], "messages")
                return


def _bodies(found: Inspection) -> Iterator[tuple[str, Item | Seed, str]]:
    """(file, item or seed, full text of its question), visible first."""
    for split in SPLITS:
        for item in found.items.get(split, ()):
            yield f"{split}.jsonl", item, item_body(item.question, item.context)
    for seed in found.seeds:
        yield "seeds.jsonl", seed, item_body(seed.question, seed.context)


def _inspect_overlap(found: Inspection) -> None:
    """The same question, or the same long context, in two files."""
    questions: dict[str, tuple[str, str, Any]] = {}
    contexts: dict[str, tuple[str, str]] = {}
    for name, one, body in _bodies(found):
        answer = getattr(one, "answer", None)
        first = questions.setdefault(normalised(body), (name, one.id, answer))
        line = found.lines[one.id]
        if first[0] != name:
            message = f"the same question stands in {_place(found, first[0], first[1])}"
            found.note(message, name, line, "question")
        elif first[1] != one.id and first[2] != answer:
            message = f"the same question has another answer in {_place(found, first[0], first[1])}"
            found.note(message, name, line, "answer")
        if one.context and len(one.context) >= LONG_CONTEXT:
            other = contexts.setdefault(normalised(one.context), (name, one.id))
            if other[0] != name:
                message = f"the same context stands in {_place(found, *other)}"
                found.note(message, name, line, "context")
        if len(found.problems) >= _MOST_PROBLEMS:
            return
    for number, row in enumerate(found.sample):
        body = item_body(*row.asked)
        if (twin := questions.get(normalised(body))) is not None and body:
            message = f"is the question of {_place(found, twin[0], twin[1])}"
            field = "input" if row.form == "instruction" else row.form
            found.note(message, "sample_submission.json", None, f"{number}.{field}")


def _inspect_groups(found: Inspection) -> None:
    """A group is the unit of splitting: it must lie in one split."""
    homes: dict[str, tuple[str, str]] = {}
    told: set[str] = set()
    for split in SPLITS:
        for item in found.items.get(split, ()):
            if item.group is None:
                continue
            name = f"{split}.jsonl"
            home = homes.setdefault(item.group, (name, item.id))
            if home[0] != name and item.group not in told:
                told.add(item.group)
                message = f"group {item.group!r} crosses splits: see {_place(found, *home)}"
                found.note(message, name, found.lines[item.id], "group")


def _inspect_corpus(found: Inspection) -> None:
    """Documents that cannot be read, or that give away what a split asks.

    Looked at in full before every run, too: no program searches a corpus that leaks.
    """
    place = found.folder / CORPUS
    if not place.exists() and not place.is_symlink():
        return
    found.corpus = read_documents(place)
    found.problems.extend(found.corpus.problems)
    found.digests.update({f"{CORPUS}/{n}": digest for n, digest in found.corpus.digests.items()})
    homes = {item.id: f"{split}.jsonl" for split in SPLITS for item in found.items.get(split, ())}
    items = [item for split in SPLITS for item in found.items.get(split, ())]
    for leak in leaks(found.corpus.passages, items):
        message = f"holds {leak.what} of {_place(found, homes[leak.item.id], leak.item.id)}"
        found.note(message, f"{CORPUS}/{leak.passage.document}", leak.passage.line)
        if len(found.problems) >= _MOST_PROBLEMS:
            return


def _inspect_near(found: Inspection) -> None:
    """Questions that differ in a word or two from one in another file."""
    ordered = [entry for entry in _bodies(found) if len(entry[2].split()) >= NEAR_WORDS]
    texts = [body for _, _, body in ordered]
    names = {name: at for at, name in enumerate(dict.fromkeys(name for name, _, _ in ordered))}
    kinds = [names[name] for name, _, _ in ordered]
    for left, right, overlap in near_duplicates(texts, NEAR, kinds=kinds):
        (first, one, _), (second, other, body) = ordered[left], ordered[right]
        if normalised(texts[left]) == normalised(body):
            continue
        message = f"{overlap:.0%} the same as {_place(found, first, one.id)}"
        found.note(message, second, found.lines[other.id], "question")
        if len(found.problems) >= _MOST_PROBLEMS:
            return


def _place(found: Inspection, name: str, identifier: str) -> str:
    return f"{name} line {found.lines[identifier]}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
