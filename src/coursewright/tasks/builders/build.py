"""From a mapping and a path to a finished task folder, or to one error and no folder at all."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coursewright
from coursewright.errors import TaskError
from coursewright.records import Problem
from coursewright.scoring import GoldCheck
from coursewright.seeding import derive
from coursewright.store.durable import storage, sync_folder, temporary
from coursewright.tasks.builders.database import (
    invented_script,
    open_database,
    read_schema,
    schema_text,
    useless,
)
from coursewright.tasks.builders.files import SourceFile, find_files
from coursewright.tasks.builders.grouping import name_groups, units_of, without_repeats
from coursewright.tasks.builders.items import Candidate, Dropped, candidates
from coursewright.tasks.builders.mapping import Mapping, load_mapping, mapping_path
from coursewright.tasks.builders.splitting import Unit, at_most, divide
from coursewright.tasks.builders.writing import (
    sample_rows,
    scorer_spec,
    task_names,
    write_description,
    write_items,
    write_manifest,
    write_rows,
    write_task,
)
from coursewright.tasks.check import inspect
from coursewright.tasks.reading import LARGEST_FILE, read_text

_DATABASE = "database.sql"
_LEFT_OUT = "not needed for the sizes asked for"
_REFUSED = "the scorer rejects this gold answer"


@dataclass(frozen=True)
class Built:
    """What was written."""

    folder: Path
    splits: dict[str, int]
    """Items (or seeds) by split."""
    groups: dict[str, int]
    """Units that stay together, by split."""
    dropped: dict[str, int]
    """Records left out, by reason."""


@dataclass(frozen=True)
class _Plan:
    """Which items go where."""

    splits: dict[str, list[Unit]]
    seeds: list[Candidate]
    samples: list[Candidate]


def build_task(builder: str, source: Path, output: Path, changes: dict[str, str]) -> Built:
    """Build a task folder at `output`, which must not exist or be empty.

    `builder` is the name of a shipped mapping or the path of a mapping file, `changes` are its
    `--set` options. Everything is written beside `output` and renamed at the end, after the same
    check that `task check` makes.

    Raises:
        TaskError: anything wrong with mapping, options, files or records, with its place.
        StorageError: `output` cannot be written.
    """
    mapping = load_mapping(builder, changes)
    files = find_files(source, mapping.source, mapping.source.files)
    seed_files: list[SourceFile] = []
    if mapping.seeds.files:
        seed_files = find_files(source, mapping.source, mapping.seeds.files, required=False)
        own = {file.name for file in seed_files}
        files = [file for file in files if file.name not in own]
        if not files:
            raise TaskError("every file is one of seeds; nothing is left for items", file=source)
    dropped = Dropped()
    items = without_repeats(list(candidates(mapping, files, dropped, seeds=False)), dropped)
    seeds = list(candidates(mapping, seed_files, dropped, seeds=True))
    _refuse_empty(items, dropped, source)
    with _fresh_folder(output) as folder:
        items, names = _prepared(mapping, source, folder, items, dropped)
        spec = scorer_spec(mapping, names)
        gold = GoldCheck(spec, folder)
        items, unfixable = _graded(gold, items, dropped)
        _refuse_empty(items, dropped, source)
        _settle_ids(mapping, items, seeds)
        plan, units = _planned(mapping, items, seeds, unfixable, dropped)
        name_groups(items, units)
        used = {at for chosen in plan.splits.values() for unit in chosen for at in unit.members}
        exam = {items[at].id for at in used}
        known = sorted(one.id for one in unfixable if one.id in exam)
        write_task(folder, mapping, spec, names, known)
        rows = sample_rows(mapping, names, plan.samples, gold.scorer)
        write_rows(folder, rows)
        write_description(folder, mapping, names, rows)
        for split, chosen in plan.splits.items():
            write_items(folder / f"{split}.jsonl", _members(items, chosen))
        if plan.seeds:
            write_items(folder / "seeds.jsonl", plan.seeds, seeds=True)
        recipe = {
            "builder": mapping.name,
            "mapping_sha256": hashlib.sha256(mapping_path(builder).read_bytes()).hexdigest(),
            "coursewright": coursewright.__version__,
            "options": changes,
            "licence": mapping.license,
            "origin": mapping.origin,
            "sources": [
                {"file": file.name, "sha256": file.sha256, "use": use}
                for use, group in (("items", files), ("seeds", seed_files))
                for file in group
            ],
        }
        write_manifest(folder, recipe | _accounts(items, plan, dropped))
        _refuse_problems(folder)
    return Built(
        folder=output,
        splits=_sizes(plan),
        groups={split: len(chosen) for split, chosen in plan.splits.items()},
        dropped=dict(dropped.counts),
    )


def _prepared(
    mapping: Mapping, source: Path, folder: Path, items: list[Candidate], dropped: Dropped
) -> tuple[list[Candidate], dict[str, Any]]:
    """Names for the task's texts; with a database its script too, and items that find rows."""
    part = mapping.database
    if part is None:
        return items, task_names(mapping, items)
    pattern = part.script or part.schema_ or "*schema.csv"
    found = find_files(source, mapping.source, (pattern,))[0]
    if part.script is not None:
        script, schema = read_text(found.path.parent, found.path.name, LARGEST_FILE), ""
    else:
        tables = read_schema(found.path)
        queries = sorted({str(one.answer) for one in items})
        script = invented_script(tables, queries, part.rows, mapping.split.seed)
        schema = schema_text(tables)
    (folder / _DATABASE).write_text(script, encoding="utf-8", newline="\n")
    database = open_database(folder, _DATABASE, found.path)
    faults = {query: useless(database, query) for query in {str(one.answer) for one in items}}
    kept = []
    for one in items:
        fault = faults[str(one.answer)]
        if fault is None:
            kept.append(one)
        else:
            dropped.note(fault, one.place)
    return kept, task_names(mapping, kept) | {"schema": schema}


def _graded(
    gold: GoldCheck, items: list[Candidate], dropped: Dropped
) -> tuple[list[Candidate], list[Candidate]]:
    """The items whose gold answer the scorer can take, and those of them that only papers keep.

    What an official rule rejects and the repaired one accepts stays, for the official figures
    count such items as wrong for everybody.
    """
    kept, unfixable = [], []
    for one in items:
        try:
            verdict = gold.verdict(one.answer)
        except Exception as error:  # a user's scorer may raise anything
            message = f"{one.place}: the scorer fails on this gold answer: {str(error)[:200]}"
            raise TaskError(message, field="answer") from error
        if verdict == "rejected":
            dropped.note(_REFUSED, one.place)
            continue
        kept.append(one)
        if verdict == "unfixable":
            unfixable.append(one)
    return kept, unfixable


def _settle_ids(mapping: Mapping, items: list[Candidate], seeds: list[Candidate]) -> None:
    """Make ids unique where the mapping allows it, else refuse the second of two."""
    known: dict[str, str] = {}
    for one in [*items, *seeds]:
        plain, again = one.id, 1
        while one.id in known:
            if mapping.repeated_ids == "refuse" and one.answer is not None:
                message = f"the id {plain!r} stands in {known[plain]} and in {one.place}"
                hint = "; map item.id to something else, or set repeated_ids: number"
                raise TaskError(message + hint, field="item.id")
            again += 1
            one.id = f"{plain}.{again}"
        known[one.id] = one.place


def _planned(
    mapping: Mapping,
    items: list[Candidate],
    seeds: list[Candidate],
    unfixable: list[Candidate],
    dropped: Dropped,
) -> tuple[_Plan, list[Unit]]:
    split = mapping.split
    units, free = units_of(items, seeds, mapping.near, dropped)
    barred = {one.id for one in unfixable}
    shown = [unit for unit in units if not any(items[at].id in barred for at in unit.members)]
    samples = _samples(shown, mapping.task.samples, split.seed)
    taken = {unit.key for unit in samples}
    rest = [unit for unit in units if unit.key not in taken]
    if mapping.seeds.share:
        total = sum(unit.size for unit in rest)
        chosen, rest = divide(rest, mapping.seeds.share * total, derive(split.seed, "seeds"))
        free += _members(items, chosen)
    left: list[Unit] = []
    if split.most is not None:
        rest, left = at_most(rest, split.most, derive(split.seed, "most"))
    total = sum(unit.size for unit in rest)
    private, rest = divide(rest, _wanted(split.private, total), derive(split.seed, "private"))
    total = sum(unit.size for unit in rest)
    scored, visible = divide(rest, _wanted(split.scored, total), derive(split.seed, "scored"))
    if split.visible is not None:
        total = sum(unit.size for unit in visible)
        wanted = _wanted(split.visible, total)
        visible, more = divide(visible, wanted, derive(split.seed, "visible"))
        left += more
    splits = {"visible": visible, "scored": scored, "private": private}
    for name, chosen in splits.items():
        if not chosen:
            message = (
                f"no group is left for the {name} split: {len(items)} items in {len(units)} groups"
                "; give more data, smaller groups or other sizes"
            )
            raise TaskError(message, field=f"split.{name}")
    for one in _members(items, left):
        dropped.note(_LEFT_OUT, one.place)
    most = mapping.seeds.most
    if len(free) > most:
        order = sorted(free, key=lambda one: derive(split.seed, "seed", one.id))[:most]
        chosen_ids = {one.id for one in order}
        free = [one for one in free if one.id in chosen_ids]
    return _Plan(splits, free, _members(items, samples)), units


def _samples(units: list[Unit], number: int, seed: int) -> list[Unit]:
    """Small units, of different topics where there are, to show what a training row looks like."""
    order = sorted(units, key=lambda one: (one.size, derive(seed, "sample", one.key)))
    chosen: list[Unit] = []
    for again in (False, True):
        for unit in order:
            size = sum(one.size for one in chosen)
            told = {one.topics[0] for one in chosen}
            fits = not chosen or size + unit.size <= number
            if fits and unit not in chosen and (again or unit.topics[0] not in told):
                chosen.append(unit)
            if sum(one.size for one in chosen) >= number:
                break
    return chosen


def _wanted(size: float, total: int) -> float:
    return size * total if size < 1 else min(size, total)


def _members(items: Sequence[Candidate], units: Sequence[Unit]) -> list[Candidate]:
    """The items of these units, in the order of their ids: it must not tell how they were read."""
    chosen = [items[at] for unit in units for at in unit.members]
    return sorted(chosen, key=lambda one: hashlib.sha256(one.id.encode()).digest())


def _sizes(plan: _Plan) -> dict[str, int]:
    sizes = {name: sum(unit.size for unit in chosen) for name, chosen in plan.splits.items()}
    return sizes | ({"seeds": len(plan.seeds)} if plan.seeds else {})


def _accounts(items: list[Candidate], plan: _Plan, dropped: Dropped) -> dict[str, Any]:
    """What became of the records, for the manifest."""
    splits: dict[str, Any] = {
        name: {
            "items": sum(unit.size for unit in chosen),
            "groups": len(chosen),
            "ids": [one.id for one in _members(items, chosen)],
        }
        for name, chosen in plan.splits.items()
    }
    return {
        "dropped": [
            {"why": why, "count": count, "examples": dropped.places[why]}
            for why, count in sorted(dropped.counts.items())
        ],
        "splits": splits,
        "seeds": [one.id for one in plan.seeds],
        "samples": [one.id for one in plan.samples],
    }


def _refuse_empty(items: list[Candidate], dropped: Dropped, source: Path) -> None:
    if items:
        return
    reasons = ", ".join(f"{why} ({count})" for why, count in dropped.counts.most_common(5))
    raise TaskError(f"no item is left: {reasons or 'the files hold no records'}", file=source)


def _refuse_problems(folder: Path) -> None:
    """What was built must pass the check that any folder must pass."""
    problems = inspect(folder, similar=True).problems
    if problems:
        first = problems[0]
        name = Path(first.file or "").name
        place = Problem(file=name, line=first.line, field=first.field, message=first.message)
        message = f"the built task would not pass its check: {place.message}"
        raise TaskError(message, file=name, line=first.line, field=first.field)


@contextlib.contextmanager
def _fresh_folder(output: Path) -> Iterator[Path]:
    """A temporary folder beside `output` that takes its name when all went well."""
    with storage(output, otherwise="choose another -o folder"):
        if output.is_symlink() or (output.exists() and not output.is_dir()):
            raise TaskError("is not a folder; choose another name", file=output)
        if output.exists() and any(output.iterdir()):
            raise TaskError("is not empty; choose another name", file=output)
        parent = output.absolute().parent
        parent.mkdir(parents=True, exist_ok=True)
        part = temporary(parent)
        part.mkdir()
        try:
            yield part
            part.rename(output.absolute())
            sync_folder(parent)
        finally:
            shutil.rmtree(part, ignore_errors=True)
