"""The data set that the user already has, taken in as strictly as any submission."""

from __future__ import annotations

from pathlib import Path

from coursewright.errors import ConfigError
from coursewright.protocols import Intake
from coursewright.records import Collection, TracedRow
from coursewright.store import Artifacts, digest_of, put_rows, read_rows
from coursewright.submission.limits import Limits


class OwnDataSet:
    """Fits `protocols.OwnRows`: the file of `incumbent` in a run's config."""

    def __init__(
        self,
        path: Path,
        artifacts: Artifacts,
        intake: Intake,
        *,
        maximum: int,
        mixed: bool,
        field: str = "incumbent",
    ) -> None:
        """`maximum` is how many rows a training may have; `mixed` adds these to every one.

        `field` is the config's that names the file.
        """
        self.mixed = mixed
        self._path = path
        self._artifacts = artifacts
        self._intake = intake
        self._maximum = maximum
        self._field = field

    def collect(self) -> Collection:
        """Read the file; it may hold fewer rows than a submission must.

        Raises:
            ConfigError: it cannot be read, or no row of it can be used.
        """
        try:
            with self._path.open("rb") as stream:
                data = stream.read(Limits().file_bytes + 1)
        except OSError as error:
            raise self._unusable(f"cannot be read: {(error.strerror or '').lower()}") from error
        if len(data) > Limits().file_bytes:
            raise self._unusable(f"is larger than {Limits().file_bytes:,} bytes")
        found = self._intake.collect(self._artifacts.put_bytes(data))
        if not found.kept:
            why = found.error or "no row can be used"
            raise self._unusable("; ".join([why, *found.examples[:1]]))
        return found.model_copy(update={"error": None})

    def added_to(self, rows: str, own: str) -> str:
        """Digest of these rows followed by those of `own` that are new, up to the maximum."""
        together = list(read_rows(self._artifacts, rows))
        known = set(map(_said, together))
        new = [row for row in read_rows(self._artifacts, own) if _said(row) not in known]
        return put_rows(self._artifacts, [*together, *new][: self._maximum])

    def _unusable(self, why: str) -> ConfigError:
        return ConfigError(why, file=self._path, field=self._field)


def _said(row: TracedRow) -> str:
    """What makes two rows the same: their texts, not where they come from."""
    texts = [row.instruction.strip(), row.input.strip(), row.output.strip()]
    return digest_of([*texts, row.messages])
