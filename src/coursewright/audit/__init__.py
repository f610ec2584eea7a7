"""Whether a submission may be believed: two lists of checks, cheapest first, each one small file.

`ROUND_CHECKS` judge every round by what a program may know (visible items, seeds, the call
ledger, earlier rounds). They drop rows or refuse the attempt, and the agent hears their words.
`FINAL_CHECKS` judge the chosen data set once, against the hidden items too, when the choice is
sealed; they drop nothing, and only the result hears of them.

Later checks see what earlier ones have left. A check that cannot run lets nothing pass, and
the verdict is then `unresolved`: what was not checked is not clean.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import overload

from coursewright.audit.checks import (
    AuditCheck,
    Context,
    Finding,
    unresolved,
    verdict_of,
    worst,
)
from coursewright.audit.citing import Citations
from coursewright.audit.contamination import Copies, Exposure, near_items
from coursewright.audit.correctness import Correctness
from coursewright.audit.diversity import Diversity
from coursewright.audit.policy import PolicyCheck
from coursewright.audit.profile import Profile
from coursewright.audit.provenance import Provenance
from coursewright.audit.repeats import Repeats
from coursewright.config import Policy
from coursewright.protocols import Embedder
from coursewright.records import Audit, Item, Row, TracedRow
from coursewright.store import Artifacts, put_rows, read_rows

__all__ = [
    "FINAL_CHECKS",
    "ROUND_CHECKS",
    "AuditCheck",
    "Context",
    "Finding",
    "PolicyCheck",
    "SubmissionAuditor",
    "near_items",
    "with_embedder",
    "with_policy",
]

ROUND_CHECKS: tuple[AuditCheck, ...] = (
    Citations(),
    Provenance(),
    Copies(),
    Repeats(),
    Diversity(),
    Correctness(),
    Profile(),
)
FINAL_CHECKS: tuple[AuditCheck, ...] = (Exposure(),)

SAMPLE = 5
"""Kept rows that are shown to whoever made them."""
_SHOWN = {"instruction": {"instruction", "input", "output"}, "messages": {"messages"}}

Hidden = Mapping[str, Sequence[Item]]


def _nothing_hidden() -> Hidden:
    return {}


class SubmissionAuditor:
    """Decides which rows may be trained on, and what the chosen ones are worth.

    See `protocols.Auditor`.
    """

    def __init__(
        self,
        artifacts: Artifacts,
        context: Context,
        open_hidden: Callable[[], Hidden] = _nothing_hidden,
        round_checks: Sequence[AuditCheck] = ROUND_CHECKS,
        final_checks: Sequence[AuditCheck] = FINAL_CHECKS,
    ) -> None:
        """`context` holds in every round; `open_hidden` is called in the final pass only."""
        self._artifacts = artifacts
        self._context = context
        self._open_hidden = open_hidden
        self._round_checks = round_checks
        self._final_checks = final_checks

    def audit(self, rows: str, round_number: int, earlier: Sequence[tuple[int, str]] = ()) -> Audit:
        """Sift the collected rows (a digest); `earlier` are audited data sets by round number."""
        context = replace(
            self._context,
            round_number=round_number,
            hidden={},
            earlier=_Earlier(self._artifacts, earlier),
        )
        return self._sifted(read_rows(self._artifacts, rows), context, self._round_checks)

    def _sifted(
        self, read: Sequence[TracedRow], context: Context, checks: Sequence[AuditCheck]
    ) -> Audit:
        began = time.monotonic()
        kept = tuple(read)
        findings: list[Finding] = []
        for check in checks:
            findings.append(_examined(check, kept, context))
            kept = findings[-1].kept
        dropped: Counter[str] = Counter()
        originals: dict[str, TracedRow] = {}
        for finding in findings:
            dropped.update(finding.dropped)
            originals.update(finding.originals)
        before = [originals.get(row.model_dump_json(), row) for row in kept] if originals else []
        verdicts = [finding.check.verdict for finding in findings]
        return Audit(
            verdict=worst([*verdicts, verdict_of(len(read) - len(kept), len(read))]),
            rows=put_rows(self._artifacts, kept),
            untouched=put_rows(self._artifacts, before) if originals else None,
            kept=len(kept),
            dropped=dict(dropped),
            examples=tuple(line for finding in findings for line in finding.examples),
            sample=_sample(kept),
            checks=tuple(finding.check for finding in findings),
            refusal=next((f.refusal for f in findings if f.refusal), None),
            seconds=time.monotonic() - began,
        )

    def audit_final(self, rows: str, earlier: Sequence[tuple[int, str]] = ()) -> Audit:
        """Judge the chosen data set (a digest) with the hidden items at hand; keep all of it."""
        began = time.monotonic()
        context = replace(
            self._context,
            round_number=None,
            hidden=self._open_hidden(),
            earlier=_Earlier(self._artifacts, earlier),
        )
        chosen = read_rows(self._artifacts, rows)
        findings = [_examined(check, chosen, context) for check in self._final_checks]
        return Audit(
            verdict=worst([finding.check.verdict for finding in findings]),
            rows=rows,
            kept=len(chosen),
            examples=tuple(line for finding in findings for line in finding.examples),
            checks=tuple(finding.check for finding in findings),
            seconds=time.monotonic() - began,
        )

    def audit_file(self, rows: str) -> Audit:
        """Put rows that are in no round (a digest) through both passes.

        The final checks see all rows, also those that were dropped. Without a call ledger nothing
        can be traced, and that is not checked.
        """
        read = read_rows(self._artifacts, rows)
        traced = self._context.ledger is not None
        checks = [c for c in self._round_checks if traced or c.name != Provenance.name]
        sifted = self._sifted(read, replace(self._context, round_number=None, hidden={}), checks)
        final = self.audit_final(rows)
        return sifted.model_copy(
            update={
                "verdict": worst([sifted.verdict, final.verdict]),
                "checks": (*sifted.checks, *final.checks),
                "examples": (*sifted.examples, *final.examples),
                "seconds": sifted.seconds + final.seconds,
            }
        )


def with_policy(policy: Policy | None) -> tuple[AuditCheck, ...]:
    """Return the checks of a round with a user's policy.

    It follows provenance: rows are traced first and changed then, and all other checks judge
    what may be trained on.
    """
    if policy is None:
        return ROUND_CHECKS
    at = 1 + next(n for n, each in enumerate(ROUND_CHECKS) if each.name == Provenance.name)
    return (*ROUND_CHECKS[:at], PolicyCheck(policy), *ROUND_CHECKS[at:])


def with_embedder(embedder: Embedder | None) -> tuple[AuditCheck, ...]:
    """Return the final checks, with a user's embedder for the comparison of rows and items."""
    return FINAL_CHECKS if embedder is None else (Exposure(embedder),)


class _Earlier(Sequence[tuple[int, Sequence[TracedRow]]]):
    """Data sets of earlier rounds: each is read when somebody looks at it."""

    def __init__(self, artifacts: Artifacts, digests: Sequence[tuple[int, str]]) -> None:
        self._artifacts = artifacts
        self._digests = digests

    def __len__(self) -> int:
        return len(self._digests)

    @overload
    def __getitem__(self, at: int) -> tuple[int, Sequence[TracedRow]]: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[tuple[int, Sequence[TracedRow]]]: ...

    def __getitem__(
        self, at: int | slice
    ) -> tuple[int, Sequence[TracedRow]] | Sequence[tuple[int, Sequence[TracedRow]]]:
        if isinstance(at, slice):
            return _Earlier(self._artifacts, self._digests[at])
        number, digest = self._digests[at]
        return number, read_rows(self._artifacts, digest)


def _sample(rows: Sequence[TracedRow]) -> tuple[Row, ...]:
    step = max(1, len(rows) // SAMPLE)
    shown = rows[::step][:SAMPLE]
    return tuple(Row.model_validate(row.model_dump(include=_SHOWN[row.form])) for row in shown)


def _examined(check: AuditCheck, rows: Sequence[TracedRow], context: Context) -> Finding:
    try:
        return check.examine(rows, context)
    except Exception as error:
        # Rows are hostile: one that breaks a check must not slip past it.
        return unresolved(check.name, rows, f"{type(error).__name__}: {error}")
