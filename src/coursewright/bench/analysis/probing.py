"""What a study looks up in the folders of its finished runs, after each is sealed.

Two things: the quality of first, middle and last valid submission, and, where the study asks for
it, the private score of every round's student. The latter opens the private split again, so it
is done for runs that have a result alone, and kept beside the runs, never in them: no search, no
agent and no choice can have seen it. Both are kept in the study's folder under `analysis/`,
so that only what is new costs time.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import Field, ValidationError

from coursewright.bench.analysis.book import Book, line_of
from coursewright.bench.analysis.options import AnalysisOptions
from coursewright.bench.analysis.quality import Ask, quality_of
from coursewright.bench.analysis.records import Profile, Quality
from coursewright.bench.cells import Measured
from coursewright.config import HuggingFaceStudent, RunConfig
from coursewright.errors import CoursewrightError, RunFolderError
from coursewright.exams import make_evaluator, pick_scorer
from coursewright.protocols import Progress, Student
from coursewright.records import Prompt, Record, Task
from coursewright.search import first_middle_last
from coursewright.store import Artifacts, RunFolder, digest_of, read_rows, storage, write_file
from coursewright.tasks import load_task
from coursewright.wiring import make_student

R = TypeVar("R", bound=Record)

NOT_KEPT = "the weights of its rounds are no longer kept (pruned)"


class Probed(Record):
    """What was found, and what could not be."""

    profiles: tuple[Profile, ...] = ()
    curves: dict[str, dict[int, float]] = Field(default_factory=dict)
    """Private accuracy by run folder and round."""
    remarks: tuple[str, ...] = ()


def probe(book: Book, folder: Path, options: AnalysisOptions, progress: Progress) -> Probed:
    """Profile submissions and, if asked for, score every round on the private split."""
    runs: dict[str, Measured] = {}
    for one in book.measured:
        if one.run and one.result is not None and not one.problem:
            runs.setdefault(one.run, one)
    kept = folder / "analysis"
    with storage(folder):
        kept.mkdir(exist_ok=True)
    profiles: list[Profile] = []
    curves: dict[str, dict[int, float]] = {}
    remarks: list[str] = []
    with contextlib.ExitStack() as stack:
        base = BaseStudents(stack, progress)
        for name, one in runs.items():
            try:
                run = RunFolder(folder / name)
                if options.profiles:
                    profiles += profiles_of(book, run, one, kept, options, base)
                if options.private_by_round:
                    curves[name] = curve_of(run, name, kept, progress)
            except (CoursewrightError, OSError) as error:
                remarks.append(f"{name}: {' '.join(str(error).split())[:300]}")
    return Probed(profiles=tuple(profiles), curves=curves, remarks=tuple(remarks))


class BaseStudents:
    """Base students, one worker for each student and task, for as long as the stack lives."""

    def __init__(self, stack: contextlib.ExitStack, progress: Progress) -> None:
        self._stack = stack
        self._progress = progress
        self._open: dict[str, Student] = {}

    def asking(self, config: RunConfig, task: Task) -> Ask:
        """How to ask the base student of a run; its worker starts with the first question."""

        def ask(prompts: Sequence[Prompt]) -> list[str]:
            key = digest_of([config.student.model_dump(mode="json"), task.digests])
            if key not in self._open:
                place = self._stack.enter_context(
                    tempfile.TemporaryDirectory(prefix="coursewright-")
                )
                student = own_student(config, task, Artifacts(Path(place)), self._progress)
                self._stack.callback(student.close)
                self._open[key] = student
            return self._open[key].answer(None, prompts)

        return ask


def own_student(config: RunConfig, task: Task, artifacts: Artifacts, progress: Progress) -> Student:
    """The run's student in a worker of ours: a server that answered in the run may be gone."""
    part = config.student
    if isinstance(part, HuggingFaceStudent):
        part = part.model_copy(update={"server": None})
    return make_student(part, artifacts, progress, task.generation, task.preamble)


# ---------------------------------------------------------------- quality


def profiles_of(
    book: Book,
    run: RunFolder,
    one: Measured,
    kept: Path,
    options: AnalysisOptions,
    base: BaseStudents,
) -> Iterator[Profile]:
    """First, middle and last valid submission of a run; fewer where there were fewer."""
    valid = [done for done in one.rounds if done.status == "scored" and done.dataset]
    if not valid:
        return
    config = run.config
    task = load_task(config.task)
    scorer = pick_scorer(config, task)
    ask = base.asking(config, task) if options.difficulty else None
    for place, done in first_middle_last(valid):
        assert done.dataset is not None
        student = config.student.model_dump(mode="json")
        what = [done.dataset, options.sample, options.difficulty, task.digests, student]
        file = kept / f"quality-{digest_of(what)[:24]}.json"
        quality = _read(file, Quality)
        if quality is None:
            rows = read_rows(run.artifacts, done.dataset)
            quality = quality_of(rows, options.sample, task, scorer, ask)
            write_file(file, quality.model_dump_json())
        yield Profile(
            **quality.model_dump(),
            run=one.run,
            task=one.cell.task,
            label=book.labels[line_of(one.cell)],
            seed=one.cell.seed,
            place=place,
            round=done.number,
        )


# ---------------------------------------------------------------- private score by round


class Curve(Record):
    """Private accuracy of every valid round, kept beside the run; analysis, never a result."""

    accuracy: dict[int, float]


def curve_of(run: RunFolder, name: str, kept: Path, progress: Progress) -> dict[int, float]:
    """Score the students of all valid rounds on the private split; `name` is the run's own.

    Raises:
        RunFolderError: the run is not sealed yet, or its weights are gone.
    """
    result = run.result()
    if result is None:
        raise RunFolderError("has no result yet, so its private split stays shut", file=run.path)
    sealed = result.model_dump(mode="json", exclude={"path"})
    file = kept / f"private-{digest_of([name, sealed])[:24]}.json"
    if (known := _read(file, Curve)) is not None:
        return known.accuracy
    weights = {r.number: r.training.weights for r in run.rounds() if r.training and r.scored}
    if not all(map(run.artifacts.has, weights.values())):
        raise RunFolderError(NOT_KEPT, file=run.path)
    if not weights:
        return {}
    config = run.config
    task = load_task(config.task)
    student = own_student(config, task, run.artifacts, progress)
    with contextlib.closing(student):
        examiner = make_evaluator(config, task, student, progress)
        # Rounds with the same data share their weights: each is asked once.
        different = list(dict.fromkeys(weights.values()))
        scored = dict(zip(different, examiner.open_private(different).evaluations, strict=True))
    accuracy = {number: scored[one].accuracy for number, one in weights.items()}
    write_file(file, Curve(accuracy=accuracy).model_dump_json())
    return accuracy


def _read(file: Path, record: type[R]) -> R | None:
    """A kept record, or None if there is none that can be read: it is made again then."""
    try:
        return record.model_validate(json.loads(file.read_bytes()))
    except (OSError, ValueError, ValidationError):
        return None
