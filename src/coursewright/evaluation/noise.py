"""The noise floor: how far a score moves when nothing but the training seed does.

The same baseline data, the visible items with their golds, is trained with several seeds, each
student scored on `scored`. The standard deviation says which rises are worth telling an agent. It
is a matter of task, student and code, not of a run: kept in the user's cache, it is paid once.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from coursewright.chat import item_body
from coursewright.evaluation.choice import ladder_step
from coursewright.protocols import Scorer
from coursewright.records import Evaluation, Item, Message, Noise, Task, TracedRow
from coursewright.scoring import written
from coursewright.store import Artifacts, Kept, put_rows


class NoiseFloor:
    """Fits `protocols.NoiseMeter`."""

    def __init__(
        self,
        task: Task,
        scorer: Scorer,
        artifacts: Artifacts,
        kept: Kept,
        key: Callable[[], str],
    ) -> None:
        """`key` gives the digest of all that decides the outcome; asked only when needed."""
        self._task = task
        self._scorer = scorer
        self._artifacts = artifacts
        self._kept = kept
        self._key = key

    def rows(self) -> str:
        """Digest of the baseline data: the visible items with their golds as text."""
        return put_rows(self._artifacts, map(self._row, self._task.visible))

    def known(self) -> Noise | None:
        """What an earlier run measured, if it is still there and whole."""
        found = self._kept.get(self._key(), Noise)
        return None if found is None else found.model_copy(update={"cached": True, "seconds": 0.0})

    def settle(self, base: Evaluation, scored: Sequence[Evaluation], problem: str = "") -> Noise:
        """Judge the students' results on scored, one per training seed, and remember it.

        Without two students there is no deviation, and the step is what the number of items asks
        for by itself.
        """
        means = tuple(one.accuracy for one in scored)
        sd = statistics.stdev(means) if len(means) > 1 else None
        groups = len({result.group for result in base.results})
        noise = Noise(
            rows=len(self._task.visible),
            scored=means,
            sd=sd,
            step=ladder_step(sd or 0.0, groups),
            problem=problem,
        )
        if not problem:
            self._kept.put(self._key(), noise)
        return noise

    def _row(self, item: Item) -> TracedRow:
        gold = written(self._scorer, item.answer)
        if item.messages:
            return TracedRow(messages=(*item.messages, Message(role="assistant", content=gold)))
        body = item_body(item.question, item.context)
        return TracedRow(instruction=self._task.instruction, input=body, output=gold)
