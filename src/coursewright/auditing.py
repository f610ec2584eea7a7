"""The audit of any file of rows, whoever made it: `coursewright audit`."""

from __future__ import annotations

import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from coursewright.auditors import make_embedder, make_file_auditor
from coursewright.config import CustomPart, RunConfig
from coursewright.errors import UsageError
from coursewright.guardrails import settled_policy
from coursewright.records import Audit, Collection, RowLimits
from coursewright.store import Artifacts, RunFolder, resolve_run, storage
from coursewright.submission import Limits, SubmissionIntake
from coursewright.tasks import load_task

LIMITS = Limits(file_bytes=512 * 1024**2, rows=1_000_000, signs=100_000_000)
"""Wider than for a program's submission: the file is the user's own."""


@dataclass(frozen=True)
class FileAudit:
    """A file's rows after the strict parse, and what the audit made of them."""

    collection: Collection
    audit: Audit
    unchecked: tuple[str, ...]
    """What was not looked at, and why."""

    @property
    def dropped(self) -> dict[str, int]:
        """Rows by the reason they were refused for, by parse and audit together."""
        dropped = dict(self.collection.dropped)
        for reason, count in self.audit.dropped.items():
            dropped[reason] = dropped.get(reason, 0) + count
        return dropped


def audit_file(
    path: Path,
    task_name: str,
    run: str | None,
    runs: Path,
    policy: Path | None = None,
    embedder: str | None = None,
) -> FileAudit:
    """Parse a file as a submission to a task and judge it, with the hidden items at hand.

    With a `run` its rows are traced in that run's call ledger. The rules are those of the file
    `policy`, else the task folder's own. `embedder` is a dotted path `package.module:Class`.

    Raises:
        ConfigError: the policy cannot be read, a rule is wrong, or there is no such embedder.
        UsageError: the file cannot be read, or holds no rows.
        TaskError, RunFolderError: task or run cannot be used.
    """
    task = load_task(task_name)
    rules = settled_policy(RunConfig(task=task_name, policy=policy))
    meaning = make_embedder(None if embedder is None else CustomPart(path=embedder))
    ledger = None if run is None else RunFolder(resolve_run(run, runs)).ledger_path
    with tempfile.TemporaryDirectory(prefix="coursewright-") as place:
        artifacts = Artifacts(Path(place))
        digest = _copied(path, artifacts)
        rows = RowLimits(minimum=1, maximum=LIMITS.rows)
        intake = SubmissionIntake(
            artifacts, rows, task.sample, limits=LIMITS, preamble=task.preamble
        )
        collection = intake.collect(digest)
        if collection.rows is None or not collection.kept:
            reasons = "; ".join(collection.examples[:3])
            raise UsageError(f"{path}: {collection.error}{reasons and f' ({reasons})'}")
        auditor = make_file_auditor(task, artifacts, ledger, rules, meaning)
        audit = auditor.audit_file(collection.rows)
    unchecked = () if ledger else ("provenance: no call ledger; --run RUN names one",)
    return FileAudit(collection, audit, unchecked)


def _copied(path: Path, artifacts: Artifacts) -> str:
    """Copy the file; from then on only the copy is read.

    Raises:
        UsageError: it is no plain file, or too large.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f"{path}: is no plain file; name a .json or .jsonl file of rows")
    if status.st_size > LIMITS.file_bytes:
        raise UsageError(f"{path}: is larger than {LIMITS.file_bytes >> 20} MiB")
    with storage(path):
        return artifacts.put_file(path)
