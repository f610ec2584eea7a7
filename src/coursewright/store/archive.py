"""The readable side of a run: one folder per round, for people and for reports."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from coursewright.records import Proposal, Round
from coursewright.store.artifacts import Artifacts
from coursewright.store.durable import storage, write_file
from coursewright.store.journal import dump


class RunArchive:
    """Lays out rounds as they happen (see `protocols.Archive`).

    Writing a round twice, as a resumed run does, changes nothing.
    """

    def __init__(self, rounds: Path, artifacts: Artifacts) -> None:
        self._rounds = rounds
        self._artifacts = artifacts

    def round_files(self, number: int, proposal: Proposal) -> None:
        """Lay out plan and code of a round before it runs."""
        folder = self._folder(number)
        plan = f"# Analysis\n\n{proposal.analysis}\n\n# Plan\n\n{proposal.plan}\n"
        write_file(folder / "plan.md", plan)
        write_file(folder / "code.py", proposal.code)

    def round_done(self, done: Round) -> None:
        """Lay out the finished round: record, submission, data set, feedback, logs."""
        folder = self._folder(done.number)
        write_file(folder / "feedback.md", done.feedback.text + "\n")
        if done.proposal.log:
            write_file(folder / "agent.log", done.proposal.log)
        if done.execution is not None:
            write_file(folder / "stdout.log", done.execution.stdout)
            write_file(folder / "stderr.log", done.execution.stderr)
            self._link(folder / "submission.json", done.execution.submission)
        if done.audit is not None:
            self._link(folder / "dataset.jsonl", done.audit.rows)
        # Last: a round with a record is complete.
        write_file(folder / "round.json", dump(done) + "\n")

    def artifact(self, digest: str) -> Path:
        """The file with this digest.

        Raises:
            RunFolderError: that is no digest, or the artifact is not here.
        """
        return self._artifacts.path_of(digest)

    def _folder(self, number: int) -> Path:
        folder = self._rounds / f"{number:03d}"
        with storage(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _link(self, place: Path, digest: str | None) -> None:
        if digest is None or not self._artifacts.has(digest):
            return
        with storage(place):
            place.unlink(missing_ok=True)
            try:
                # Relative, so that the run can be moved.
                place.symlink_to(os.path.relpath(self._artifacts.path_of(digest), place.parent))
            except OSError:
                # Some file systems have no links.
                shutil.copyfile(self._artifacts.path_of(digest), place)
