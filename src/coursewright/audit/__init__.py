"""Which rows may be trained on: a list of checks, cheapest first, each one small file.

Later checks see what earlier ones have left. A check that cannot run lets nothing pass, and
the verdict is then `unresolved`: what was not checked is not clean.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from coursewright.audit.checks import Finding, RowCheck, unresolved, verdict_of
from coursewright.audit.citing import Citations
from coursewright.audit.overlap import Overlap
from coursewright.audit.provenance import Provenance
from coursewright.records import Audit, Item, Passage, Row, Seed, TracedRow, Verdict
from coursewright.store import Artifacts, put_rows, read_rows

__all__ = ["Finding", "RowCheck", "SubmissionAuditor"]

SAMPLE = 5
"""Kept rows that are shown to whoever made them."""
_SHOWN = {"instruction": {"instruction", "input", "output"}, "messages": {"messages"}}


class SubmissionAuditor:
    """Decides which rows may be trained on (see `protocols.Auditor`)."""

    def __init__(
        self,
        artifacts: Artifacts,
        ledger: Path,
        visible: Sequence[Item],
        seeds: Sequence[Seed] = (),
        instructions: Iterable[str] = (),
        passages: Sequence[Passage] = (),
        checks: Sequence[RowCheck] | None = None,
    ) -> None:
        """`instructions` and `passages` are the task's own; `checks` replace the standard ones."""
        self._artifacts = artifacts
        texts = {passage.id: passage.text for passage in passages}
        self._checks: Sequence[RowCheck] = checks or (
            Citations(texts),
            # Visible items are shown to programs as seeds are, and may be quoted alike.
            Provenance(ledger, instructions, (*seeds, *visible), texts),
            Overlap(visible),
        )

    def audit(self, rows: str, round_number: int) -> Audit:
        """Check the collected rows (a digest) against ledger and visible items."""
        began = time.monotonic()
        read = kept = read_rows(self._artifacts, rows)
        findings: list[Finding] = []
        for check in self._checks:
            findings.append(_examined(check, kept, round_number))
            kept = findings[-1].kept
        dropped: Counter[str] = Counter()
        for finding in findings:
            dropped.update(finding.dropped)
        return Audit(
            verdict=_verdict(findings, len(read) - len(kept), len(read)),
            rows=put_rows(self._artifacts, kept),
            kept=len(kept),
            dropped=dict(dropped),
            examples=tuple(line for finding in findings for line in finding.examples),
            sample=_sample(kept),
            checks=tuple(finding.check for finding in findings),
            seconds=time.monotonic() - began,
        )


def _sample(rows: Sequence[TracedRow]) -> tuple[Row, ...]:
    step = max(1, len(rows) // SAMPLE)
    shown = rows[::step][:SAMPLE]
    return tuple(Row.model_validate(row.model_dump(include=_SHOWN[row.form])) for row in shown)


def _examined(check: RowCheck, rows: Sequence[TracedRow], round_number: int) -> Finding:
    try:
        return check.examine(rows, round_number)
    except Exception as error:
        # Rows are hostile: one that breaks a check must not slip past it.
        return unresolved(check.name, rows, f"{type(error).__name__}: {error}")


def _verdict(findings: Sequence[Finding], dropped: int, read: int) -> Verdict:
    verdicts = {finding.check.verdict for finding in findings}
    if "unresolved" in verdicts:
        return "unresolved"
    return "flagged" if "flagged" in verdicts else verdict_of(dropped, read)
