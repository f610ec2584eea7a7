"""What a run folder tells: gathered once, for the report's page and for the live one.

Reads only, and only what is written for good: a run that another process works on can be told as
far as it has come.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from coursewright.config import RunConfig
from coursewright.errors import RunFolderError
from coursewright.records import Evaluation, Noise, PrivateOpening, Result, Round, TracedRow
from coursewright.search import best_round, first_middle_last
from coursewright.store import RunFolder, canonical, is_held, read_rows, read_stages


@dataclass(frozen=True)
class TopicChange:
    """One topic of the private exam: how many items, and the share right before and after."""

    topic: str
    items: int
    before: float
    after: float


@dataclass(frozen=True)
class Story:
    """A run, as far as it has come."""

    folder: RunFolder
    config: RunConfig
    rounds: tuple[Round, ...]
    result: Result | None
    base_visible: Evaluation | None
    base_scored: Evaluation | None
    noise_sd: float | None
    """Standard deviation of a scored mean from training seeds alone; None if it is not known."""
    private: tuple[Evaluation, ...]
    """The base model's answers first, then those of each retraining; empty before the opening."""

    @property
    def status(self) -> str:
        """`finished`, `no-valid-submission`, `running` or `interrupted`."""
        if self.result is not None:
            return self.result.status
        return "running" if is_held(self.folder.path) else "interrupted"

    @property
    def best(self) -> Round | None:
        """The round whose data set was delivered, or is the best so far.

        None where there is none, or where a run delivers the base model itself.
        """
        if self.result is not None and self.result.final is not None:
            chosen = self.result.final.round
            return None if chosen is None else self.rounds[chosen]
        return best_round(self.rounds)

    @property
    def first_middle_last(self) -> tuple[Round, ...]:
        """The submissions that a quality profile compares; fewer where there are fewer."""
        valid = [r for r in self.rounds if r.audit is not None and r.audit.rows is not None]
        return tuple(done for _, done in first_middle_last(valid))

    @cached_property
    def topics(self) -> tuple[TopicChange, ...]:
        """The private exam by topic, the greatest loss first; empty where items have no topics."""
        if len(self.private) < 2 or self.best is None:
            return ()
        found: dict[str, list[tuple[float, float]]] = {}
        for before, after in zip(self.private[0].results, self.private[1].results, strict=True):
            if after.topic is not None:
                found.setdefault(after.topic, []).append((before.score, after.score))
        changes = [
            TopicChange(
                topic=topic,
                items=len(scores),
                before=sum(b for b, _ in scores) / len(scores),
                after=sum(a for _, a in scores) / len(scores),
            )
            for topic, scores in found.items()
        ]
        return tuple(sorted(changes, key=lambda change: change.after - change.before))

    def data_set(
        self, done: Round | None, wanted: Callable[[bytes], bool] | None = None
    ) -> tuple[TracedRow, ...]:
        """The audited rows of a round, or only those whose lines are `wanted` (`read_rows`).

        None where it left none, or where they were deleted.
        """
        if done is None or done.audit is None or done.audit.rows is None:
            return ()
        if not self.folder.artifacts.has(done.audit.rows):
            return ()
        return read_rows(self.folder.artifacts, done.audit.rows, wanted)

    @cached_property
    def smallest(self) -> dict[int, TracedRow]:
        """The fewest rows that keep most of the gain, by their number in the delivered data set.

        In their own order; none where none were found, or where they were deleted.
        """
        result, artifacts = self.result, self.folder.artifacts
        if result is None or result.smallest is None or result.final is None:
            return {}
        few, whole = result.smallest.dataset, result.final.dataset
        if few is None or whole is None or not (artifacts.has(few) and artifacts.has(whole)):
            return {}
        numbers = {
            canonical(row): number for number, row in enumerate(read_rows(artifacts, whole), 1)
        }
        found = ((numbers.get(canonical(row)), row) for row in read_rows(artifacts, few))
        return {number: row for number, row in found if number is not None}

    @cached_property
    def origins(self) -> dict[tuple[str, str], int]:
        """The round in which each question with its answer first stood in a data set."""
        first: dict[tuple[str, str], int] = {}
        seen: set[bytes] = set()

        def is_new(line: bytes) -> bool:
            known = line in seen
            seen.add(line)
            return not known

        for done in self.rounds:
            for row in self.data_set(done, is_new):
                first.setdefault(identity(row), done.number)
        return first

    def parent_of(self, done: Round) -> Round | None:
        """The round that it went on from."""
        return None if done.parent is None else self.rounds[done.parent]


def identity(row: TracedRow) -> tuple[str, str]:
    """What makes two rows the same: all that is asked, and the answer."""
    question, context = row.asked
    return f"{row.instruction}\n{context or ''}\n{question}", row.answer


def read_story(folder: RunFolder) -> Story:
    """Gather all that a page about this run can show.

    Raises:
        RunFolderError: config, journal or a round cannot be read; names the file.
    """
    evaluations: dict[str, Evaluation] = {}
    private: Sequence[Evaluation] = ()
    noise_sd = None
    for stage in read_stages(folder.journal_path):
        if stage["failed"]:
            continue
        if stage["kind"] == "evaluate" and json.loads(stage["inputs"])["weights"] is None:
            found = Evaluation.model_validate_json(stage["outcome"])
            evaluations[found.split] = found
        elif stage["kind"] == "noise":
            noise_sd = Noise.model_validate_json(stage["outcome"]).sd
        elif stage["kind"] == "private":
            private = PrivateOpening.model_validate_json(stage["outcome"]).evaluations
    rounds = folder.rounds()
    if [done.number for done in rounds] != list(range(len(rounds))):
        raise RunFolderError("a round is missing", file=folder.path / "rounds")
    return Story(
        folder=folder,
        config=folder.config,
        rounds=rounds,
        result=folder.result(),
        base_visible=evaluations.get("visible"),
        base_scored=evaluations.get("scored"),
        noise_sd=noise_sd,
        private=tuple(private),
    )
