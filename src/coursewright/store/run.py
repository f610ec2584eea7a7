"""A run that this process holds: nobody else may write to its folder."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml
from filelock import FileLock, Timeout

import coursewright
from coursewright.config import RunConfig
from coursewright.errors import ConfigError, RunFolderError, RunHeld, StorageError
from coursewright.records import Result
from coursewright.store.archive import RunArchive
from coursewright.store.artifacts import folder_digest
from coursewright.store.canonical import canonical, digest_of
from coursewright.store.durable import storage, sync_folder, temporary, write_file
from coursewright.store.folder import FORMAT, Marker, RunFolder, settings
from coursewright.store.journal import RunJournal, read_stages
from coursewright.store.metrics import Metrics

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

GRACE = 0.3
"""Seconds to wait for a lock: `list` holds it for an instant to see whether a run is alive."""


class RunStore(RunFolder):
    """A run folder, locked, with its journal open. Use as a context manager, or `close()`.

    The kernel drops the lock when the process dies, however it dies.
    """

    def __init__(self, path: Path) -> None:
        """Take hold of an existing run folder (the same as `RunStore.open`)."""
        super().__init__(path)
        self._lock = hold(path)
        try:
            stops = self.requests.since(0, "stop")
            self.stops_before = stops[-1].id if stops else 0
            """Number of the last stop that was asked of an earlier process."""
            context = digest_of({"config": settings(self.config), "inputs": self.inputs})
            self.artifacts.sweep()
            metrics = Metrics(self.path / "metrics.jsonl")
            self.journal = RunJournal(self.journal_path, context, on_stage=metrics.add)
            metrics.rewrite(read_stages(self.journal_path))
        except BaseException:
            self._lock.release()
            raise
        self.archive = RunArchive(self.path / "rounds", self.artifacts)

    @classmethod
    def create(
        cls,
        runs: Path,
        name: str | None,
        config: RunConfig,
        inputs: dict[str, str] | None = None,
    ) -> Self:
        """Make a run folder under `runs` and take hold of it.

        Without a `name` the run is called after its task and the time. `inputs` are digests of
        outside files, by name, that may not change under the run.

        Raises:
            ConfigError: `name` cannot be the name of a folder.
            RunFolderError: there is such a folder already.
            StorageError: disk full or `runs` not writable.
        """
        marker = Marker(
            format=FORMAT,
            created=datetime.now(UTC).isoformat(timespec="microseconds"),
            coursewright=coursewright.__version__,
        )
        target = new_place(runs, name) if name else _free_place(runs, config.task)
        with storage(runs):
            runs.mkdir(parents=True, exist_ok=True)
            # Made aside and moved in whole: a kill leaves either no run or one to resume.
            part = temporary(runs)
            part.mkdir()
            try:
                for folder in ("artifacts", "rounds"):
                    (part / folder).mkdir()
                write_file(part / "run.yaml", yaml.safe_dump(recorded(config), sort_keys=False))
                write_file(part / "inputs.json", canonical(inputs or {}))
                write_file(part / "version", marker.model_dump_json())
                part.rename(target)
                sync_folder(runs)
            finally:
                shutil.rmtree(part, ignore_errors=True)
        return cls(target)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Take hold of the run folder at `path`.

        Raises:
            RunFolderError: there is none, or it is of a foreign version, or damaged.
            RunHeld: another process holds it.
        """
        return cls(path)

    def write_result(self, result: Result) -> None:
        """Keep the outcome; from then on the run counts as finished."""
        write_file(self.result_path, result_text(result))
        self.journal.note(f"result: {result.status}")

    def deliver(self, weights: str) -> Path:
        """Lay out the checkpoint with this digest as the run's student; its folder."""
        if self.student_path.exists():
            # A replayed run delivers what is there, even after its checkpoints were pruned.
            if folder_digest(self.student_path) == weights:
                return self.student_path
            shutil.rmtree(self.student_path)
        self.artifacts.checkout(weights, self.student_path)
        return self.student_path

    def reuse(self, other: RunFolder, kinds: frozenset[str]) -> int:
        """Take over finished stages of these kinds, and the artifacts they name, from another run.

        Only for kinds whose inputs, together with what both configs share, decide their
        outcome: training and evaluation. Returns how many stages were taken over.
        """
        outcomes = self.journal.copy_stages(other.journal_path, kinds)
        if other.student_path.is_dir():
            # The one checkpoint that pruning leaves; kept here, it has its old digest again.
            self.artifacts.put_folder(other.student_path)
        for digest in sorted(set(re.findall(r"\b[0-9a-f]{64}\b", "".join(outcomes)))):
            if other.artifacts.has(digest):
                self.artifacts.adopt(digest, other.artifacts)
                for member in _members(other, digest):
                    if other.artifacts.has(member):
                        self.artifacts.adopt(member, other.artifacts)
        return len(outcomes)

    def discard(self) -> None:
        """Let go of a run that never began, and remove its folder."""
        self.close()
        shutil.rmtree(self.path)

    def close(self) -> None:
        """Close the journal and let go of the folder. Idempotent."""
        try:
            self.journal.close()
        finally:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def amend(folder: RunFolder, **changes: Any) -> Result:
    """Change fields of a finished run's result, as what people do with it afterwards demands.

    Raises:
        RunFolderError: it has no result.
        RunHeld: a process works on the run.
    """
    lock = hold(folder.path)
    try:
        result = folder.result()
        if result is None:
            raise RunFolderError("has no result yet", file=folder.path)
        result = result.model_copy(update=changes)
        write_file(folder.result_path, result_text(result))
        return result
    finally:
        lock.release()


def recorded(config: RunConfig) -> dict[str, Any]:
    """Return what `run.yaml` holds: the settings, and the executor that `resume` takes again."""
    executor = config.model_dump(mode="json", include={"executor"})
    return {**settings(config), **executor}


def result_text(result: Result) -> str:
    """Return a result as `result.json` holds it."""
    data = result.model_dump(mode="json", by_alias=True, exclude={"path"})
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def hold(path: Path, what: str = "run") -> FileLock:
    """Lock the folder of a run, or of `what` it is, for this process.

    Raises:
        RunHeld: another process holds it.
        StorageError: the folder cannot be written, or its file system has no locks.
    """
    # A lock file whose mere existence counts would outlive a killed process.
    lock = FileLock(path / "lock", timeout=GRACE, fallback_to_soft=False)
    try:
        with storage(path):
            lock.acquire(poll_interval=0.02)
    except Timeout as error:
        raise RunHeld(f"{path}: another process is working on this {what}") from error
    except NotImplementedError as error:
        raise StorageError("this file system has no file locks", file=path) from error
    return lock


def require_name(name: str) -> str:
    """Return `name` if a run may be called so.

    Raises:
        ConfigError: it is not a plain name.
    """
    if NAME.fullmatch(name) is None:
        raise ConfigError(
            f"cannot be {name[:80]!r}: letters, digits, '.', '_' and '-' only, at most 100, "
            "beginning with a letter or digit",
            field="name",
        )
    return name


def new_place(runs: Path, name: str) -> Path:
    """Return where a run of this name will lie.

    Raises:
        ConfigError: `name` cannot be the name of a folder.
        RunFolderError: there is such a folder already.
    """
    target = runs / require_name(name)
    if target.exists():
        raise RunFolderError(
            f"exists already; `coursewright resume {target.name}` goes on with it, "
            "or choose another --name",
            file=target,
        )
    return target


def _free_place(runs: Path, task: str) -> Path:
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(task).resolve().name).strip("-._")[:60] or "run"
    stem = f"{stem}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    place, count = runs / stem, 1
    while place.exists():
        count += 1
        place = runs / f"{stem}-{count}"
    return place


def _members(folder: RunFolder, digest: str) -> list[str]:
    # Anything may be named in an outcome; only manifests have members.
    if folder.artifacts.path_of(digest).stat().st_size > 1024 * 1024:
        return []
    try:
        return list(folder.artifacts.members(digest).values())
    except RunFolderError:
        return []
