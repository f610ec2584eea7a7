"""What a run delivered, read from its folder and checked against its journal."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coursewright
from coursewright.briefing import part_name
from coursewright.config import RunConfig
from coursewright.errors import NoValidSubmission, RunFolderError, TaskError
from coursewright.records import (
    FinalScores,
    Preamble,
    Result,
    Round,
    Scores,
    Task,
    TracedRow,
    Training,
)
from coursewright.seeding import derive
from coursewright.store import RunFolder, file_digest, folder_digest, read_rows, read_stages
from coursewright.tasks import load_task

ADAPTER = "adapter_config.json"


@dataclass(frozen=True)
class Delivery:
    """All that an export needs to know of a run."""

    folder: RunFolder
    config: RunConfig
    result: Result
    base: Scores
    final: FinalScores
    round: Round
    """The round whose data set was delivered."""
    training: Training
    """Of the delivered student."""
    rows: tuple[TracedRow, ...]
    smallest: tuple[TracedRow, ...]
    """The fewest of them found to keep most of the gain; none where a run did not look for them."""
    task: Task | None
    """None if the task folder is gone or has changed since."""

    @property
    def preamble(self) -> Preamble:
        """What stood before every conversation when the student was trained."""
        setup = self.training.setup
        return (setup and setup.preamble) or Preamble()

    @property
    def is_adapter(self) -> bool:
        """Whether the student is an adapter to its base model, not a whole model."""
        return (self.folder.student_path / ADAPTER).is_file()

    @property
    def training_seeds(self) -> list[int]:
        """Of the last trainings; the first made the delivered student."""
        return [derive(self.result.seed, "final", k) for k in range(self.final.retrainings)]


def read_delivery(folder: RunFolder) -> Delivery:
    """Read what a finished run delivered.

    Raises:
        RunFolderError: the run has not finished, or student or data set are not those it recorded.
        NoValidSubmission: it finished without a data set to train on.
    """
    result = folder.finished()
    if result.base is None or result.final is None:
        raise NoValidSubmission(
            f"{folder.path}: nothing to export; no round left enough valid rows"
        )
    config, final = folder.config, result.final
    if final.round is None or final.dataset is None:
        raise NoValidSubmission(
            f"{folder.path}: nothing to export; no round beat the base model, which was delivered"
        )
    folder.artifacts.verify(final.dataset)
    found = [done for done in folder.rounds() if done.number == final.round]
    if not found:
        raise RunFolderError("has no record of its best round", file=folder.round_path(final.round))
    return Delivery(
        folder=folder,
        config=config,
        result=result,
        base=result.base,
        final=final,
        round=found[0],
        training=_delivered_training(folder, final.dataset),
        rows=read_rows(folder.artifacts, final.dataset),
        smallest=_smallest(folder, result),
        task=_unchanged_task(folder, config),
    )


def lineage(delivery: Delivery, files: dict[str, str]) -> dict[str, Any]:
    """Where model and data come from, for programs: the content of `lineage.json`.

    `files` maps names of the exported files beside it to their SHA-256 digests.
    """
    result, config = delivery.result, delivery.config
    # Remarks on the sandbox may name places of this machine.
    noted = {"notes"}
    record = result.model_dump(
        mode="json",
        by_alias=True,
        exclude={"path": True, "isolation": noted, "agent_isolation": noted},
    )
    recipe = getattr(config.student, "recipe", None)
    generation = None if delivery.task is None else delivery.task.generation.model_dump()
    return {
        "schema": 1,
        "coursewright": coursewright.__version__,
        "created": delivery.folder.marker.created,
        "run": result.run,
        "task_files": _task_files(delivery),
        "dataset": delivery.final.dataset,
        "weights": delivery.training.weights,
        "seeds": {"run": result.seed, "trainings": delivery.training_seeds},
        "round": {
            "number": delivery.round.number,
            "operation": delivery.round.operation,
            "parent": delivery.round.parent,
            "programs": programs(delivery),
        },
        "training": delivery.training.model_dump(mode="json"),
        "recipe": None if recipe is None else recipe.model_dump(mode="json"),
        "generation": generation,
        "result": {**record, **public_names(config)},
        "files": files,
    }


def programs(delivery: Delivery) -> list[dict[str, Any]]:
    """Round and SHA-256 of the curation programs that led to the data set, oldest first."""
    by_number = {done.number: done for done in delivery.folder.rounds()}
    found: list[dict[str, Any]] = []
    number: int | None = delivery.round.number
    while number is not None and (done := by_number.pop(number, None)) is not None:
        code = delivery.folder.round_path(number) / "code.py"
        digest = file_digest(code) if code.is_file() else None
        found.insert(0, {"round": number, "operation": done.operation, "sha256": digest})
        number = done.parent
    return found


def public_names(config: RunConfig) -> dict[str, str]:
    """Short names of agent, teacher and student, without any path of this machine."""
    return {role: _public_name(getattr(config, role)) for role in ("agent", "teacher", "student")}


def _public_name(part: Any) -> str:
    kind, _, target = part_name(part).partition(":")
    if not target:
        return kind
    return f"{kind}:{Path(target).name if Path(target).is_absolute() else target}"


def _delivered_training(folder: RunFolder, dataset: str) -> Training:
    """The training that made `student/`, as journaled."""
    if not folder.student_path.is_dir():
        raise RunFolderError("has no student to export", file=folder.path)
    weights = folder_digest(folder.student_path)
    for stage in read_stages(folder.journal_path):
        if stage["kind"] != "train" or json.loads(stage["inputs"])["rows"] != dataset:
            continue
        training = json.loads(stage["outcome"])
        if training.get("weights") == weights:
            return Training.model_validate(training)
    raise RunFolderError(
        "is not the student that the run recorded: its files have changed",
        file=folder.student_path,
    )


def _smallest(folder: RunFolder, result: Result) -> tuple[TracedRow, ...]:
    found = result.smallest
    if found is None or found.dataset is None:
        return ()
    folder.artifacts.verify(found.dataset)
    return read_rows(folder.artifacts, found.dataset)


def _unchanged_task(folder: RunFolder, config: RunConfig) -> Task | None:
    with contextlib.suppress(TaskError):
        task = load_task(config.task)
        if all(folder.inputs.get(name) == digest for name, digest in task.digests.items()):
            return task
    return None


def _task_files(delivery: Delivery) -> dict[str, str]:
    """Digests of the task's files when the run was made (an agent's own file is no task's)."""
    inputs = delivery.folder.inputs
    return {name: digest for name, digest in inputs.items() if not name.startswith("agent ")}
