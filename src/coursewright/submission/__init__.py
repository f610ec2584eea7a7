"""Takes a program's output out of the sandbox, and makes rows of it.

    work folder ─► fetch (bounded copy) ─► scan (rows' texts) ─► shape (strict JSON, format filter)

A submission is inert data: no check here can be turned off, or even slowed down much, by what
stands in it. Every refusal is counted by reason, and the first of them are told in words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from coursewright.records import Collection, Preamble, Row, RowLimits, TracedRow
from coursewright.store import Artifacts, canonical, put_rows
from coursewright.submission import fetch as fetching
from coursewright.submission.limits import BrokenSyntax, FileRefused, Limits, RowRefused
from coursewright.submission.own import OwnDataSet
from coursewright.submission.scan import Piece, pieces
from coursewright.submission.shape import FormatFilter, parse_row, take_origin
from coursewright.submission.shards import RowShards

__all__ = ["Limits", "OwnDataSet", "RowShards", "SubmissionIntake"]

EXAMPLES = 20
EXAMPLES_PER_REASON = 5


class SubmissionIntake:
    """The safe intake (see `protocols.Intake`)."""

    def __init__(
        self,
        artifacts: Artifacts,
        rows: RowLimits,
        sample: Sequence[Row] = (),
        special_tokens: Sequence[str] = (),
        limits: Limits | None = None,
        preamble: Preamble | None = None,
    ) -> None:
        """Rows have the form of `sample`, and fields filled in all of it must be filled.

        `preamble` names the tools that rows may call, and the system prompt they may repeat;
        `special_tokens` are the student tokenizer's own: rows that hold one are refused.
        """
        self._artifacts = artifacts
        self._rows = rows
        self._limits = limits or Limits()
        self._filter = FormatFilter(sample, special_tokens, self._limits, preamble)

    def fetch(self, folder: Path) -> str | None:
        """Copy the submission file out of a dead program's folder; its digest, None if none.

        Raises:
            StorageError: the store cannot be written.
        """
        return fetching.fetch(folder, self._artifacts, self._limits.file_bytes)

    def collect(self, digest: str | None) -> Collection:
        """Parse strictly, apply the format filter, count every refusal.

        A list that is damaged anywhere is refused whole; of JSON lines each line stands alone.
        Fewer rows than the minimum are kept and said in `error`.
        """
        if digest is None:
            names = " or ".join(fetching.NAMES)
            return Collection(error=f"the program left no {names}")
        intake = _Intake(self._filter, self._limits, self._rows.maximum)
        try:
            self._read(self._artifacts.path_of(digest), intake)
        except FileRefused as refused:
            return intake.summary(rows=None, error=str(refused))
        error = None
        if len(intake.rows) < self._rows.minimum:
            error = f"{len(intake.rows)} usable rows, at least {self._rows.minimum} are needed"
        return intake.summary(rows=put_rows(self._artifacts, intake.rows), error=error)

    def _read(self, path: Path, intake: _Intake) -> None:
        if path.stat().st_size > self._limits.file_bytes:
            raise FileRefused("submission file is too large")
        # Unbuffered: the scan reads in chunks of its own, and some file systems suggest huge ones.
        with path.open("rb", buffering=0) as file:
            if (refused := fetching.refusal(file.read(64))) is not None:
                raise refused
            file.seek(0)
            is_list, found = pieces(file, self._limits)
            for piece in found:
                intake.add(piece, is_list)


class _Intake:
    """The rows of one submission so far, and what was refused."""

    def __init__(self, shape: FormatFilter, limits: Limits, maximum: int) -> None:
        self.rows: list[TracedRow] = []
        self._shape = shape
        self._limits = limits
        self._maximum = maximum
        self._read = 0
        self._seen: set[bytes] = set()
        self._dropped: Counter[str] = Counter()
        self._examples: list[str] = []

    def add(self, piece: Piece, is_list: bool) -> None:
        self._read += 1
        try:
            row = self._row(piece)
        except BrokenSyntax as broken:
            if is_list:
                raise FileRefused(f"row {piece.number} is {broken.detail}") from broken
            self._refuse(piece.number, broken)
        except RowRefused as refused:
            self._refuse(piece.number, refused)
        else:
            self.rows.append(row)

    def summary(self, rows: str | None, error: str | None) -> Collection:
        return Collection(
            rows=rows,
            read=self._read,
            kept=0 if rows is None else len(self.rows),
            dropped=dict(self._dropped),
            examples=tuple(self._examples),
            error=error,
        )

    def _row(self, piece: Piece) -> TracedRow:
        if piece.text is None:
            most = self._limits.row_bytes
            raise RowRefused("row too long", f"is longer than {most} bytes")
        value, origin = take_origin(parse_row(piece.text, self._limits), self._limits)
        row = self._shape.row(value).model_copy(update=origin)
        texts = (row.instruction.strip(), row.input.strip(), row.output.strip())
        said = canonical(row.messages) if row.messages else repr(texts)
        digest = sha256(said.encode()).digest()
        if digest in self._seen:
            raise RowRefused("duplicate", "repeats an earlier row")
        self._seen.add(digest)
        if len(self.rows) >= self._maximum:
            raise RowRefused(f"beyond the first {self._maximum} rows")
        return row

    def _refuse(self, number: int, refused: RowRefused) -> None:
        self._dropped[refused.reason] += 1
        few = self._dropped[refused.reason] <= EXAMPLES_PER_REASON
        if few and len(self._examples) < EXAMPLES:
            self._examples.append(f"row {number}: {refused.detail}")
