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
    smallest      the rows of the smallest set, if there is one, are rows of the delivered data set
    audits        every round's rows, audited again against the ledger, leave the same data set
    calls         usage in result and rounds is what the ledgers hold

A check that cannot run does not hold. Nothing is trained, and no model or network is asked.
"""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from coursewright.errors import CoursewrightError, RunFolderError
from coursewright.records import Record
from coursewright.verification import claims, handed_in
from coursewright.verification.case import Case, Check
from coursewright.verification.taking import Taken

_MOST = 20
"""Faults told of one check."""


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


_CHECKS: dict[str, Callable[[Case, contextlib.ExitStack], Iterator[str]]] = {
    "files": handed_in.files,
    "databases": handed_in.databases,
    "config": handed_in.config,
    "artifacts": handed_in.artifacts,
    "record": claims.record,
    "result": claims.result,
    "rounds": claims.rounds,
    "predictions": claims.predictions,
    "smallest": claims.smallest,
    "audits": claims.audits,
    "calls": claims.calls,
}


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
        case = Case(folder, Taken(folder), task, record, bundle)
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
    check: Callable[[Case, contextlib.ExitStack], Iterator[str]],
    case: Case,
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
