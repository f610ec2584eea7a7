"""`verify`: is a run what its result says?

    files         only what a bundle may hold, whole, and as its manifest says
    databases     journal and ledgers are plain tables of ours
    artifacts     every data set and submission has the digest that names it
    config        the task is the checker's own; every stage belongs to this config and these inputs
    record        the digest over all stages and calls is the one in the result (and, if the
                  checker has it from elsewhere, the published one)
    result        comes out the same from the recorded stages: choice, scores, intervals, p-values
    rounds        the readable rounds say what the journal says
    predictions   every stored answer, scored again, has the score it was given
    audits        every round's rows, audited again against the ledger, leave the same data set
    calls         usage in result and rounds is what the ledgers hold

A check that cannot run does not hold. Nothing is trained, and no model or network is asked.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

import coursewright
from coursewright.auditors import make_auditor
from coursewright.briefing import full_brief, public_items
from coursewright.config import CustomPart, RunConfig
from coursewright.config.policy import Classifier, Policy
from coursewright.errors import CoursewrightError, NotVerified, RunFolderError
from coursewright.guardrails import licensed, settled_policy
from coursewright.records import Audit, Execution, Record, Round
from coursewright.store import RunStore, digest_of, read_stages, record_digest
from coursewright.store.folder import first_change, settings
from coursewright.store.ledger import Ledger
from coursewright.tasks import load_task, read_corpus
from coursewright.verification.bundle import row_artifacts
from coursewright.verification.databases import database_fault
from coursewright.verification.members import DATABASES, MANIFEST
from coursewright.verification.replaying import replay, totals_of
from coursewright.verification.rescoring import prediction_faults
from coursewright.verification.taking import (
    Taken,
    other_artifacts,
    take_artifacts,
    take_folder,
    take_zip,
)

_NOT_COMPARED = {"run", "path", "seconds", "record"}
"""Of a result: where the run lies, and what a clock decides; `record` has its own check."""
_LATER = {"near_visible"}
"""Of a result: what runs made before it do not name, so that they claim nothing of it."""
_DEPTH = 20
"""Of a config's nesting."""
_MOST = 20
"""Faults told of one check."""


class Check(Record):
    """One check, and what it found wrong, a line each."""

    name: str
    faults: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.faults


class Verification(Record):
    """What `verify` found."""

    bundle: str
    holds: bool
    task: str = ""
    made_by: str = ""
    """Version of coursewright that began the run."""
    record: str | None = None
    """Digest over the record, as recomputed: compare it with the one that was published."""
    checks: tuple[Check, ...]


@dataclass
class _Case:
    """What is known of a bundle so far."""

    place: Path
    taken: Taken
    task_name: str | None
    expected: str | None
    source: Path
    checks: list[Check] = field(default_factory=list)
    store: Any = None
    config: Any = None
    task: Any = None
    result: Any = None
    stages: Sequence[Any] = ()
    rounds: tuple[Round, ...] = ()
    record: str | None = None


def verify(bundle: Path, *, task: str | None = None, record: str | None = None) -> Verification:
    """Check a bundle (zip file or folder) or a run folder.

    `task` is the checker's own copy of the task, a folder or a built-in name; by default the one
    that the config names. `record` is the digest that was published, if the checker has it.

    Raises:
        RunFolderError: there is no such file or folder.
    """
    if not bundle.exists():
        raise RunFolderError("there is no such bundle or run folder", file=bundle)
    with (
        tempfile.TemporaryDirectory(prefix="coursewright-") as place,
        contextlib.ExitStack() as held,
    ):
        folder = Path(place) / "run"
        for name in ("artifacts", "rounds"):
            (folder / name).mkdir(parents=True)
        case = _Case(folder, Taken(folder), task, record, bundle)
        for name, check in _CHECKS.items():
            if name == "config" and any(not done.holds for done in case.checks[:2]):
                break  # nothing of ours reads what is not ours
            case.checks.append(Check(name=name, faults=tuple(_told(check, case, held))))
            if name == "config" and case.store is None:
                break
        done = {check.name for check in case.checks}
        skipped = [
            Check(name=name, faults=("could not be checked",))
            for name in _CHECKS
            if name not in done
        ]
        return Verification(
            bundle=str(bundle),
            holds=not skipped and all(check.holds for check in case.checks),
            task="" if case.task is None else case.task.name,
            made_by="" if case.store is None else case.store.marker.coursewright,
            record=case.record,
            checks=(*case.checks, *skipped),
        )


def _told(
    check: Callable[[_Case, contextlib.ExitStack], Iterator[str]],
    case: _Case,
    held: contextlib.ExitStack,
) -> Iterator[str]:
    """The faults a check finds; one that breaks on what it reads has found one."""
    told = 0
    try:
        for fault in check(case, held):
            told += 1
            if told > _MOST:
                yield "and more"
                return
            yield " ".join(fault.split())
    except CoursewrightError as error:
        yield " ".join(str(error).split())
    except (
        *(ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError),
        *(AssertionError, IndexError, sqlite3.Error, yaml.YAMLError),
    ) as error:
        yield f"could not be checked: {type(error).__name__}: {' '.join(str(error).split())[:200]}"


# ---------------------------------------------------------------- what was handed in


def _files(case: _Case, held: contextlib.ExitStack) -> Iterator[str]:
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


def _databases(case: _Case, held: contextlib.ExitStack) -> Iterator[str]:
    for name in DATABASES:
        if name in case.taken.digests and (fault := database_fault(case.place / name)) is not None:
            yield f"{name}: {fault}"


def _config(case: _Case, held: contextlib.ExitStack) -> Iterator[str]:
    text = (case.place / "run.yaml").read_text(encoding="utf-8")
    if not _is_plain(text):
        yield "run.yaml: holds aliases or deep nesting, which no run's config does"
        return
    store = held.enter_context(RunStore.open(case.place))
    config: RunConfig = store.config
    code = [
        *(getattr(config, name) for name in ("scorer", "search")),
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


# ---------------------------------------------------------------- what it says


def _artifacts(case: _Case, held: contextlib.ExitStack) -> Iterator[str]:
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


def _record(case: _Case, held: contextlib.ExitStack) -> Iterator[str]:
    case.record = record_digest(case.store)
    if case.result.record is None:
        yield "result.json: names no digest of its record; runs made before this check have none"
    elif case.result.record != case.record:
        yield f"stages or calls were changed: the result names {case.result.record[:80]!a}"
    if case.expected is not None and case.expected != case.record:
        yield "is not the record that was published (--record)"


def _result(case: _Case, held: contextlib.ExitStack) -> Iterator[str]:
    students = {
        str(json.loads(stage["inputs"])["student"])
        for stage in case.stages
        if stage["kind"] == "evaluate"
    }
    if len(students) != 1:
        raise NotVerified(f"the journal names {len(students)} students as the base, not one")
    done = replay(case.store, case.config, case.task, case.result, students.pop())
    case.rounds = done.rounds
    was, now = (
        json.loads(one.model_dump_json(by_alias=True, exclude=_NOT_COMPARED))
        for one in (case.result, done.result)
    )
    for name in was:
        if name in _LATER and name not in case.result.model_fields_set:
            continue
        if (change := first_change(was[name], now.get(name), name)) is not None:
            place, told, found = change
            yield f"result.json [{place}]: says {told!a}, the record comes to {found!a}"


def _rounds(case: _Case, held: contextlib.ExitStack) -> Iterator[str]:
    known = {done.number: done for done in case.rounds}
    for name in sorted(case.taken.digests):
        if not name.startswith("rounds/"):
            continue
        _, number, file = name.split("/")
        done = known.get(int(number))
        if done is None:
            yield f"{name}: the journal has no such round"
            continue
        content = (case.place / name).read_bytes()
        if file == "round.json" and Round.model_validate_json(content) != done:
            yield f"{name}: is not the round of the journal"
        if file == "code.py" and content != done.proposal.code.encode():
            yield f"{name}: is not the program of the journal"
        if file == "feedback.md" and content != f"{done.feedback.text}\n".encode():
            yield f"{name}: is not the feedback of the journal"
    missing = [n for n in known if f"rounds/{n:03d}/round.json" not in case.taken.digests]
    yield from (f"rounds/{number:03d}/round.json: is not there" for number in missing)


def _predictions(case: _Case, held: contextlib.ExitStack) -> Iterator[str]:
    yield from prediction_faults(case.config, case.task, case.stages)


def _audits(case: _Case, held: contextlib.ExitStack) -> Iterator[str]:
    config, task = case.config, case.task
    exam, passages = public_items(config, task), read_corpus(task)
    if (policy := settled_policy(config)) is not None:
        _, passages = licensed(policy, task, full_brief(config, task), passages)
    auditor = make_auditor(config, task, case.store, exam, passages)
    for stage in case.stages:
        if stage["kind"] not in ("audit", "audit_final") or stage["failed"]:
            continue
        inputs = json.loads(stage["inputs"])
        earlier = [(int(number), str(rows)) for number, rows in inputs["earlier"]]
        was = Audit.model_validate_json(stage["outcome"])
        if stage["kind"] == "audit":
            where = f"round {inputs['round']}"
            now = auditor.audit(inputs["rows"], inputs["round"], earlier)
        else:
            where = "the final audit"
            now = auditor.audit_final(inputs["rows"], earlier)
        change = first_change(_untimed(was), _untimed(now))
        if change is not None:
            yield (f"{where}: {change[0]} is recorded as {change[1]!a}, and comes to {change[2]!a}")


def _untimed(audit: Audit) -> Any:
    """An audit as plain data, without the seconds it took."""
    data = audit.model_dump(mode="json", exclude={"seconds": True})
    for check in data["checks"]:
        check.pop("seconds", None)
    return data


def _calls(case: _Case, held: contextlib.ExitStack) -> Iterator[str]:
    store = case.store
    for path in (store.ledger_path, store.student_ledger_path):
        if path.is_file():
            with Ledger.read_only(path) as ledger:
                if wrong := ledger.misnamed_requests():
                    yield f"{path.name}: {wrong} requests have another text than their digest says"
    for stage in case.stages:
        if stage["kind"] != "program" or stage["failed"]:
            continue
        number = int(json.loads(stage["inputs"])["round"])
        execution = Execution.model_validate_json(stage["outcome"])
        for who, told, path in (
            ("teacher", execution.teacher, store.ledger_path),
            ("student", execution.student, store.student_ledger_path),
        ):
            found = totals_of(path, number)
            pairs = {
                "calls": (told.calls, found.calls),
                "answers from the cache": (told.cached, found.cached),
                "prompt tokens": (told.prompt_tokens, found.prompt_tokens),
                "completion tokens": (told.completion_tokens, found.completion_tokens),
            }
            for what, (was, now) in pairs.items():
                if was != now:
                    yield f"round {number}: {was} {who} {what} are told, the ledger holds {now}"


_CHECKS: dict[str, Callable[[_Case, contextlib.ExitStack], Iterator[str]]] = {
    "files": _files,
    "databases": _databases,
    "config": _config,
    "artifacts": _artifacts,
    "record": _record,
    "result": _result,
    "rounds": _rounds,
    "predictions": _predictions,
    "audits": _audits,
    "calls": _calls,
}
