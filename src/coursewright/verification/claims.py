"""Checks of what a record claims: whether it comes out again from what it holds.

Each yields its faults, a line each; see `checking` for what they say together.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from coursewright.auditors import make_auditor
from coursewright.briefing import full_brief, public_items
from coursewright.errors import NotVerified
from coursewright.guardrails import licensed, settled_policy
from coursewright.records import Audit, Execution, Round
from coursewright.store import canonical, read_rows, record_digest
from coursewright.store.folder import first_change
from coursewright.store.ledger import Ledger
from coursewright.tasks import read_corpus
from coursewright.verification.case import Case
from coursewright.verification.replaying import replay, totals_of
from coursewright.verification.rescoring import prediction_faults

_NOT_COMPARED = {"run", "path", "seconds", "record"}
"""Of a result: where the run lies, and what a clock decides; `record` has its own check."""
_LATER = {"near_visible"}
"""Of a result: what runs made before it do not name, so that they claim nothing of it."""


def record(case: Case, held: contextlib.ExitStack) -> Iterator[str]:
    """The digest over all stages and calls is the one in the result, and the published one."""
    case.record = record_digest(case.store)
    if case.result.record is None:
        yield "result.json: names no digest of its record; runs made before this check have none"
    elif case.result.record != case.record:
        yield f"stages or calls were changed: the result names {case.result.record[:80]!a}"
    if case.expected is not None and case.expected != case.record:
        yield "is not the record that was published (--record)"


def result(case: Case, held: contextlib.ExitStack) -> Iterator[str]:
    """It comes out the same from the recorded stages."""
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


def rounds(case: Case, held: contextlib.ExitStack) -> Iterator[str]:
    """The readable rounds say what the journal says."""
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


def predictions(case: Case, held: contextlib.ExitStack) -> Iterator[str]:
    """Every stored answer, scored again, has the score it was given."""
    yield from prediction_faults(case.config, case.task, case.stages)


def audits(case: Case, held: contextlib.ExitStack) -> Iterator[str]:
    """Every round's rows, audited again against the ledger, leave the same data set."""
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


def smallest(case: Case, held: contextlib.ExitStack) -> Iterator[str]:
    """Its rows are rows of the delivered data set, each of them once, and as many as it says."""
    found, final = case.result.smallest, case.result.final
    if found is None or found.dataset is None:
        return
    few, all_rows = (
        Counter(map(canonical, read_rows(case.store.artifacts, str(digest))))
        for digest in (found.dataset, final.dataset)
    )
    if not few <= all_rows:
        yield f"{(few - all_rows).total()} rows of the smallest set are not of the delivered one"
    if (few.total(), all_rows.total()) != (found.rows, found.of):
        yield (
            f"result.json [smallest]: says {found.rows} of {found.of} rows, and there are "
            f"{few.total()} of {all_rows.total()}"
        )


def _untimed(audit: Audit) -> Any:
    """An audit as plain data, without the seconds it took."""
    data = audit.model_dump(mode="json", exclude={"seconds": True})
    for check in data["checks"]:
        check.pop("seconds", None)
    return data


def calls(case: Case, held: contextlib.ExitStack) -> Iterator[str]:
    """Usage in result and rounds is what the ledgers hold."""
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
