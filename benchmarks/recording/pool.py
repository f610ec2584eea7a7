"""The pool: rows of every method of a task, made as a run makes them.

For each method that a draft can follow, and the heuristic agent's own course, a real program runs
in the sandbox against the simulated teacher; its rows pass intake and audit. Several such runs with
seeds of their own are put together. A method whose program is, on this task, the same as an earlier
one's (the search would refuse it) has no rows of its own and is left out. No student is trained.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.recording.design import Counts
from coursewright.agents import draft_families
from coursewright.anchoring import inputs_of
from coursewright.chat import item_body
from coursewright.config import EmbeddedStudent, RunConfig
from coursewright.display import Silent
from coursewright.loop import make_rows
from coursewright.records import OWN_METHOD, Branch, Decision, Feedback, Round, Task, TracedRow
from coursewright.seeding import derive
from coursewright.similarity import TopicGuesser
from coursewright.stages import Stages
from coursewright.store import RunStore, canonical, read_rows
from coursewright.tasks import load_task
from coursewright.waves import Candidate
from coursewright.wiring import assemble

ALIKE = 0.9
"""From here on a program repeats an earlier one, as in a run."""


@dataclass(frozen=True)
class Pool:
    """Rows of a task, by method and topic."""

    methods: tuple[str, ...]
    topics: tuple[str, ...]
    rows: dict[tuple[str, str], tuple[TracedRow, ...]]
    """Method and topic -> rows."""

    @property
    def counts(self) -> Counts:
        """Rows by method and topic, (methods, topics)."""
        return np.array([[len(self.rows[m, t]) for t in self.topics] for m in self.methods])

    @property
    def digest(self) -> str:
        """SHA-256 of all rows and where they stand."""
        sha = hashlib.sha256()
        for (method, topic), rows in sorted(self.rows.items()):
            sha.update(f"{method}\0{topic}\0{len(rows)}\0".encode())
            for row in rows:
                sha.update(canonical(row).encode("utf-8"))
        return sha.hexdigest()

    def drawn(self, counts: Counts, draw: int) -> list[TracedRow]:
        """Draw so many rows of each method and topic, in random order.

        Of the same draw more rows of a kind hold all that fewer hold, and rows of other kinds are
        the same, whatever the counts.
        """
        taken: list[TracedRow] = []
        for at, method in enumerate(self.methods):
            for place, topic in enumerate(self.topics):
                rows = self.rows[method, topic]
                rng = np.random.default_rng(derive(draw, "rows", method, topic))
                taken += [rows[n] for n in rng.permutation(len(rows))[: counts[at, place]]]
        order = np.random.default_rng(derive(draw, "order")).permutation(len(taken))
        return [taken[n] for n in order]


def read_pool(task_name: str, student: EmbeddedStudent, folder: Path, runs: int) -> Pool:
    """Return the pool of a task, made by `runs` runs; those in `folder` are not made again.

    Of one row that several methods made, or several times, the first stays.
    """
    task = load_task(task_name)
    guesser = guesser_of(task)
    made: dict[tuple[str, str], list[TracedRow]] = {}
    seen: set[tuple[str, str]] = set()
    methods: dict[str, None] = {}
    for seed in range(runs):
        for method, rows in _played(task, student, folder, seed):
            methods.setdefault(method)
            guessed = guesser.guess([_asked(row) for row in rows])
            for row, topic in zip(rows, guessed, strict=True):
                key = (_asked(row), row.answer)
                if key not in seen:
                    seen.add(key)
                    made.setdefault((method, guesser.topics[topic]), []).append(row)
    rows_of = {(m, t): tuple(made.get((m, t), ())) for m in methods for t in guesser.topics}
    return Pool(tuple(methods), guesser.topics, rows_of)


def guesser_of(task: Task) -> TopicGuesser:
    """Return what guesses topics of rows from the visible items, as in a run."""
    known = [item for item in task.visible if item.topic]
    return TopicGuesser(
        [item_body(item.question, item.context) for item in known],
        [item.topic or "" for item in known],
        [item.group or item.id for item in known],
    )


def _played(
    task: Task, student: EmbeddedStudent, folder: Path, seed: int
) -> Iterator[tuple[str, tuple[TracedRow, ...]]]:
    """Make each method's draft in one run folder; yields method and audited rows.

    The run's journal remembers what is done, as it does for `resume`.
    """
    config = RunConfig(task=task.name, student=student, seed=seed, runs=folder, name=f"pool-{seed}")
    inputs, place = inputs_of(config, task), folder / f"pool-{seed}"
    opened = (
        RunStore.open(place)
        if place.exists()
        else RunStore.create(folder, config.name, config, inputs)
    )
    families = draft_families(asks_student=True)
    with opened as store:
        store.require_unchanged(config, inputs)
        with assemble(store, config, Silent()) as stages:
            rounds: list[Round] = []
            for method in ("", *(name for names in families.values() for name in names)):
                print(f"{task.name}, run {seed}: {method or OWN_METHOD}", file=sys.stderr)
                done = _draft(stages, method, rounds)
                rounds.append(done)
                if done.audit is not None and done.audit.rows is not None and not done.failure:
                    yield method or OWN_METHOD, read_rows(store.artifacts, done.audit.rows)


def _draft(stages: Stages, method: str, rounds: list[Round]) -> Round:
    """Carry one draft as far as its audited rows."""
    decision = Decision(operation="draft", parent=None, branch=Branch(method=method, alike=ALIKE))
    candidate = Candidate(len(rounds), decision)
    with candidate.going_on():
        make_rows(stages, candidate, rounds)
    if candidate.failed is not None:
        print(f"  no rows: {str(candidate.failed).splitlines()[-1][:200]}", file=sys.stderr)
    return candidate.ended(Feedback(text=""))


def _asked(row: TracedRow) -> str:
    return item_body(*row.asked) or row.instruction
