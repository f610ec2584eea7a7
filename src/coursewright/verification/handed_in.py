"""Checks of what was handed in: nothing of ours reads what is not ours.

Each yields its faults, a line each; see `checking` for what they say together.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import yaml

import coursewright
from coursewright.config import CustomPart, RunConfig
from coursewright.config.policy import Classifier, Policy
from coursewright.store import RunStore, digest_of, read_stages
from coursewright.store.folder import settings
from coursewright.tasks import load_task
from coursewright.verification.bundle import row_artifacts
from coursewright.verification.case import Case
from coursewright.verification.databases import database_fault
from coursewright.verification.members import DATABASES, MANIFEST
from coursewright.verification.taking import other_artifacts, take_artifacts, take_folder, take_zip

_DEPTH = 20
"""Of a config's nesting."""


def files(case: Case, held: contextlib.ExitStack) -> Iterator[str]:
    """Only what a bundle may hold, whole, and as its manifest says."""
    taken = case.taken
    if case.source.is_dir():
        take_folder(case.source, taken)
    else:
        take_zip(case.source, taken)
    taken.require_needed()
    if MANIFEST in taken.digests:
        data = json.loads((case.place / MANIFEST).read_bytes())
        listed = data.get("files") if isinstance(data, dict) else None
        if not isinstance(listed, dict):
            yield f"{MANIFEST}: is no manifest"
            listed = {}
        for name, digest in taken.digests.items():
            if name != MANIFEST and listed.get(name) != digest:
                yield f"{name}: is not the file that {MANIFEST} lists"
        for name in listed:
            if name not in taken.digests and not str(name).startswith("artifacts/"):
                yield f"{str(name)[:120]!a}: is listed in {MANIFEST} and not there"
    elif not case.source.is_dir():
        yield f"{MANIFEST}: is not there"
    yield from taken.faults


def databases(case: Case, held: contextlib.ExitStack) -> Iterator[str]:
    """Journal and ledgers are plain tables of ours."""
    for name in DATABASES:
        if name in case.taken.digests and (fault := database_fault(case.place / name)) is not None:
            yield f"{name}: {fault}"


def config(case: Case, held: contextlib.ExitStack) -> Iterator[str]:
    """The task is the checker's own; every stage belongs to this config and these inputs."""
    text = (case.place / "run.yaml").read_text(encoding="utf-8")
    if not _is_plain(text):
        yield "run.yaml: holds aliases or deep nesting, which no run's config does"
        return
    store = held.enter_context(RunStore.open(case.place))
    config: RunConfig = store.config
    code = [
        *(getattr(config, name) for name in ("scorer", "search", "embedder")),
        *(config.policy.classifiers if isinstance(config.policy, Policy) else ()),
    ]
    for part in code:
        if isinstance(part, (CustomPart, Classifier)):
            yield f"run.yaml: {part.path[:80]} is code of its maker's, which is not run here"
            return
    if isinstance(config.policy, Path):
        yield "run.yaml: names a policy by its file; a run's record holds the rules themselves"
        return
    case.task = load_task(case.task_name or config.task)
    # From here on the task is the checker's own; what the run was keyed with stands in the store.
    case.config = config.model_copy(update={"task": case.task.folder})
    case.result = store.result()
    case.stages = read_stages(store.journal_path)
    if case.result is None:
        yield "result.json: is not there"
        return
    case.store = store
    for name, digest in case.task.digests.items():
        if store.inputs.get(name) != digest:
            yield f"the task: {name} is not the file that the run had; give yours with --task"
    versions = {stage["code"] for stage in case.stages}
    if versions != {coursewright.__version__}:
        made = ascii(", ".join(sorted(map(str, versions)))[:80])
        yield f"made by coursewright {made}, this is {coursewright.__version__}: use that"
    context = digest_of({"config": settings(config), "inputs": store.inputs})
    foreign = [
        stage["kind"]
        for stage in case.stages
        if digest_of([stage["kind"], stage["inputs"], stage["code"], context]) != stage["key"]
    ]
    if foreign:
        yield (
            f"{len(foreign)} of {len(case.stages)} stages of the journal do not belong to this "
            "config and these inputs"
        )


def _is_plain(text: str) -> bool:
    """Whether YAML can be loaded without growing: no aliases, and no deep nesting."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH or isinstance(event, yaml.AliasEvent):
            return False
    return True


def artifacts(case: Case, held: contextlib.ExitStack) -> Iterator[str]:
    """Every data set and submission has the digest that names it."""
    taken = case.taken
    wanted = row_artifacts(case.place / "journal.sqlite")
    if case.source.is_dir():
        before = len(taken.faults)
        take_artifacts(case.source, wanted, taken)
        for name, digest in other_artifacts(case.source, taken):
            if name != digest:
                yield f"artifacts/{name}: its content has another digest"
        yield from taken.faults[before:]
    for name, digest in taken.digests.items():
        if name.startswith("artifacts/") and name != f"artifacts/{digest}":
            yield f"{name}: its content has another digest"
