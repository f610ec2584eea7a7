"""Follows a row back through a run folder."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from coursewright.briefing import part_name
from coursewright.errors import NoValidSubmission, RunFolderError, UsageError
from coursewright.lineage.record import Ancestor, Lineage, LineageCall, Maker
from coursewright.records import Round, TracedRow
from coursewright.store import RunFolder, canonical, digest_of, read_rows
from coursewright.store.folder import settings
from coursewright.store.ledger import Call, Ledger


def trace_row(run: RunFolder, number: int) -> Lineage:
    """Return row `number` (from 1) of a finished run's data set, and its whole lineage.

    What an old or pruned run does not hold any more is said in `missing`.

    Raises:
        UsageError: the data set has no such row.
        RunFolderError: the run has not finished, or its data set cannot be read.
        NoValidSubmission: it finished without a data set.
    """
    result = run.result()
    if result is None:
        raise RunFolderError("has no result yet; `coursewright resume` goes on", file=run.path)
    final = result.final
    if final is None:
        raise NoValidSubmission(f"{run.path}: no round left enough valid rows, so there is no row")
    if final.dataset is None or final.round is None:
        raise NoValidSubmission(f"{run.path}: the base model was delivered, so there is no row")
    return trace_in(run, number, final.dataset, final.round)


def trace_in(run: RunFolder, number: int, dataset: str, delivered_by: int) -> Lineage:
    """Return row `number` (from 1) of any data set of a run, and its whole lineage.

    `dataset` is its digest, `delivered_by` the round that it is of; the run need not be over.

    Raises:
        UsageError: the data set has no such row.
        RunFolderError: the data set cannot be read.
    """
    rows = read_rows(run.artifacts, dataset)
    if not 1 <= number <= len(rows):
        raise UsageError(f"--row {number}: the data set has rows 1 to {len(rows)}")
    row = rows[number - 1]
    missing: list[str] = []
    rounds = run.rounds()
    held_by = tuple(_holders(run, rounds, row, missing))
    config = run.config
    maker = None
    if held_by:
        maker = _maker(run, {done.number: done for done in rounds}, held_by[0], missing)
    else:
        missing.append("no round's data set holds the row: it came to the run from outside")
    return Lineage(
        run=run.name,
        coursewright=run.marker.coursewright,
        dataset=dataset,
        rows=len(rows),
        number=number,
        row=row,
        delivered_by=delivered_by,
        maker=maker,
        held_by=held_by,
        calls=tuple(_calls(run, row, missing)),
        config={
            "task": config.task,
            **{role: part_name(getattr(config, role)) for role in ("agent", "teacher", "student")},
            "mode": config.mode,
            "setting": config.setting,
            "protocol": config.protocol,
            "seed": config.seed,
        },
        config_digest=digest_of(settings(config)),
        inputs=run.inputs,
        missing=tuple(missing),
    )


def said(row: TracedRow) -> str:
    """What makes two rows the same: their texts and the response they name."""
    named = (row.instruction, row.input, row.output, row.messages, row.response)
    return canonical(named)


def _holders(
    run: RunFolder, rounds: Sequence[Round], row: TracedRow, missing: list[str]
) -> Iterator[int]:
    """Rounds whose audited data set holds the row, the first of them first."""
    wanted, response = said(row), b""
    if row.response is not None and row.response.isascii() and row.response.isalnum():
        response = row.response.encode()
    held: dict[str, bool] = {}
    for done in rounds:
        digest = None if done.audit is None else done.audit.rows
        if digest is None:
            continue
        if digest not in held:
            try:
                # A row names its response, a key in plain characters: most lines lack it.
                near = read_rows(run.artifacts, digest, lambda line: response in line)
                held[digest] = any(said(one) == wanted for one in near)
            except RunFolderError as error:
                held[digest] = False
                missing.append(f"the data set of round {done.number}: {error}")
        if held[digest]:
            yield done.number


def _maker(run: RunFolder, rounds: dict[int, Round], number: int, missing: list[str]) -> Maker:
    made = rounds[number]
    ancestors = []
    seen = {number}
    parent = made.parent
    while parent is not None and parent in rounds and parent not in seen:
        seen.add(parent)
        before = rounds[parent]
        ancestors.append(
            Ancestor(round=parent, operation=before.operation, code=_digest(before.proposal.code))
        )
        parent = before.parent
    return Maker(
        round=number,
        operation=made.operation,
        parent=made.parent,
        status=made.status,
        analysis=made.proposal.analysis,
        plan=made.proposal.plan,
        code=_digest(made.proposal.code),
        methods=made.proposal.methods,
        agent_calls=_agent_calls(run.agent_ledger_path, number, missing),
        ancestors=tuple(ancestors),
    )


def _digest(code: str) -> str | None:
    return sha256(code.encode("utf-8", "surrogatepass")).hexdigest() if code else None


def _agent_calls(path: Path, number: int, missing: list[str]) -> tuple[str, ...]:
    if not path.is_file():
        return ()
    try:
        with closing(Ledger.read_only(path)) as ledger:
            return tuple(call.key for call in ledger.calls(number))
    except RunFolderError as error:
        missing.append(f"the agent's calls: {error}")
        return ()


def _calls(run: RunFolder, row: TracedRow, missing: list[str]) -> Iterator[LineageCall]:
    """The teacher calls that a row names, in its order."""
    named = [key for key in (row.response, *row.sources) if key]
    if not named:
        return
    if not run.ledger_path.is_file():
        missing.append("the call ledger is not here")
        return
    with contextlib.ExitStack() as stack:
        try:
            ledger = stack.enter_context(closing(Ledger.read_only(run.ledger_path)))
        except RunFolderError as error:
            missing.append(f"the call ledger: {error}")
            return
        for key in named:
            call = ledger.lookup(key)
            if call is None:
                missing.append(f"the call {key[:80]!r} is not in the ledger")
            else:
                yield _told(call)


def _told(call: Call) -> LineageCall:
    return LineageCall(
        key=call.key,
        round=call.round,
        served=call.rounds,
        occurrence=call.occurrence,
        messages=tuple(json.loads(call.request)["messages"]),
        response=call.response,
        prompt_tokens=call.prompt_tokens,
        completion_tokens=call.completion_tokens,
        finish_reason=call.finish_reason,
    )
