"""A run folder and what may be read from it without holding it.

    version           format of the folder, when it was made
    run.yaml          the resolved config, and which executor the run began with
    inputs.json       digests of the outside files that the run depends on
    journal.sqlite    finished stages, consumed time, history
    ledger.sqlite     every teacher call
    requests.sqlite   what people asked of the run, and what it waits for; if any
    reviews.sqlite    what people said of rows of the final data set; if any
    asked.sqlite      every question that programs put to the base student
    artifacts/        content by digest
    rounds/NNN/       what a person wants to look at, links into artifacts
    student/          the delivered weights
    metrics.jsonl     a line of figures for every stage, for trackers
    progress.json     how far the stage under way is
    result.json       the outcome, once there is one
    lock              held by the process that works on the run

Nothing inside names the place where the folder lies, so it can be moved and copied.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from coursewright.config import RunConfig
from coursewright.errors import RunFolderError
from coursewright.plain_yaml import load_yaml
from coursewright.records import Result, Round
from coursewright.store.artifacts import Artifacts
from coursewright.store.journal import read_events, read_seconds
from coursewright.store.requests import Requests

FORMAT = 1

PLACE = frozenset({"runs", "name", "shared", "executor"})
"""Settings that say where a run and what it shares lie, and who computes; not what it is."""


class Marker(BaseModel):
    """The `version` file."""

    format: int
    created: str
    """ISO 8601, UTC."""
    coursewright: str = ""


class RunFolder:
    """The readable side of a run."""

    def __init__(self, path: Path) -> None:
        """Recognise the run folder at `path`.

        Raises:
            RunFolderError: there is none, or it is of a foreign version.
        """
        self.path = path
        self.marker = read_marker(path)
        self.artifacts = Artifacts(path / "artifacts")

    @property
    def name(self) -> str:
        """The run's id: the name of its folder."""
        return self.path.resolve().name

    @property
    def journal_path(self) -> Path:
        return self.path / "journal.sqlite"

    @property
    def ledger_path(self) -> Path:
        return self.path / "ledger.sqlite"

    @property
    def agent_ledger_path(self) -> Path:
        return self.path / "agent.sqlite"

    @property
    def requests(self) -> Requests:
        """What people ask of the run: also while another process works on it."""
        return Requests(self.path / "requests.sqlite")

    @property
    def student_ledger_path(self) -> Path:
        return self.path / "asked.sqlite"

    @property
    def student_path(self) -> Path:
        """Where the delivered student lies, once there is one."""
        return self.path / "student"

    @property
    def result_path(self) -> Path:
        return self.path / "result.json"

    def round_path(self, number: int) -> Path:
        """The folder of one round."""
        return self.path / "rounds" / f"{number:03d}"

    @property
    def config(self) -> RunConfig:
        """The resolved config; `runs` and `name` say where the folder lies now.

        Raises:
            RunFolderError: it cannot be read; names the field.
        """
        path = self.path / "run.yaml"
        try:
            data = load_yaml(path.read_text(encoding="utf-8"))
            place = {"runs": self.path.resolve().parent, "name": self.name}
            return RunConfig.model_validate({**data, **place})
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            raise RunFolderError(first["msg"].lower(), file=path, field=field) from error
        except (OSError, ValueError, TypeError, RecursionError, yaml.YAMLError) as error:
            raise RunFolderError("cannot be read as the config of a run", file=path) from error

    @property
    def inputs(self) -> dict[str, str]:
        """Digests of the outside files that the run depends on, by name."""
        data = _read_json(self.path / "inputs.json")
        return {str(name): str(digest) for name, digest in data.items()}

    def result(self) -> Result | None:
        """The outcome, or None if the run has none yet; `path` says where it lies now.

        Raises:
            RunFolderError: it cannot be read.
        """
        if not self.result_path.exists():
            return None
        data = _read_json(self.result_path)
        try:
            return Result.model_validate({**data, "path": str(self.path)})
        except ValidationError as error:
            raise RunFolderError("is not a result record", file=self.result_path) from error

    def finished(self) -> Result:
        """The outcome of a run that has one; `path` says where it lies now.

        Raises:
            RunFolderError: it has none yet, or it cannot be read.
        """
        result = self.result()
        if result is None:
            raise RunFolderError(
                f"has no result yet; `coursewright resume {self.name}` goes on with it, "
                f"`coursewright report {self.name}` shows how far it is",
                file=self.path,
            )
        return result

    def rounds(self) -> tuple[Round, ...]:
        """All finished rounds, in order."""
        found = []
        for path in sorted((self.path / "rounds").glob("*/round.json")):
            try:
                found.append(Round.model_validate_json(path.read_bytes()))
            except ValidationError as error:
                raise RunFolderError("is not a round record", file=path) from error
        return tuple(found)

    def history(self) -> list[str]:
        """What happened, line by line, oldest first."""
        return read_events(self.journal_path)

    def seconds(self) -> dict[str, float]:
        """Seconds by kind of stage, over all sessions, and `total`."""
        return read_seconds(self.journal_path)

    def require_unchanged(self, config: RunConfig, inputs: dict[str, str] | None = None) -> None:
        """A run keeps its config and its outside files from its first day to its last.

        Raises:
            RunFolderError: a setting or a file has changed; names it.
        """
        change = first_change(settings(self.config), settings(config))
        if change is not None:
            field, was, now = change
            raise RunFolderError(
                f"was {was}, is now {now}; a run keeps its config: put it back, or start a new run",
                file=self.path / "run.yaml",
                field=field,
            )
        change = first_change(self.inputs, self.inputs if inputs is None else inputs)
        if change is not None:
            raise RunFolderError(
                f"{change[0]} has changed since the run began; put it back, or start a new run",
                file=self.path / "inputs.json",
                field=change[0],
            )


def settings(config: RunConfig) -> dict[str, Any]:
    """The config as plain data, without what only says where the run lies and is computed."""
    return config.model_dump(mode="json", exclude=set(PLACE))


def first_change(was: Any, now: Any, field: str = "") -> tuple[str, str, str] | None:
    """The first difference of two configs: dotted field, old and new value; None if equal."""
    if isinstance(was, dict) and isinstance(now, dict):
        for key in sorted({*was, *now}):
            inner = f"{field}.{key}" if field else str(key)
            if (found := first_change(was.get(key), now.get(key), inner)) is not None:
                return found
        return None
    return None if was == now else (field, _brief(was), _brief(now))


def read_marker(path: Path) -> Marker:
    """Read the `version` file of a run folder.

    Raises:
        RunFolderError: this is no run folder, or one of a foreign version.
    """
    file = path / "version"
    if not file.is_file():
        raise RunFolderError("is not a run folder; `coursewright list` shows all runs", file=path)
    data = _read_json(file)
    found = data.get("format")
    if found != FORMAT:
        raise RunFolderError(
            f"the run is of format {_brief(found)}, this version of coursewright reads "
            f"format {FORMAT}",
            file=file,
        )
    try:
        return Marker.model_validate(data)
    except ValidationError as error:
        raise RunFolderError("cannot be read", file=file) from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise RunFolderError("cannot be read as JSON", file=path) from error
    if not isinstance(data, dict):
        raise RunFolderError("cannot be read: expected one JSON object", file=path)
    return data


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
