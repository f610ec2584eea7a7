"""Every stored prediction scored again, by the checker's own copy of the task and its scorer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from coursewright.config import RunConfig
from coursewright.display import Silent
from coursewright.exams import make_evaluator, make_probes
from coursewright.records import Evaluation, PrivateOpening, Prompt, Sitting, Task

_MOST = 5
"""Faults told of one evaluation."""


class RecordedStudent:
    """Answers with what stands in the record, in its order (fits `protocols.Examinee`)."""

    def __init__(self) -> None:
        self._outputs: list[str] = []

    def recall(self, evaluations: Sequence[Evaluation]) -> None:
        """Take the outputs of these evaluations as the next answers."""
        self._outputs = [result.output for one in evaluations for result in one.results]

    def wait(self) -> None:
        """Ready at once."""

    def answer(self, weights: str | None, prompts: Sequence[Prompt]) -> list[str]:
        """As many outputs as there are prompts.

        Raises:
            ValueError: the record holds fewer.
        """
        if len(self._outputs) < len(prompts):
            raise ValueError("the record holds fewer answers than the exam has items")
        told, self._outputs = self._outputs[: len(prompts)], self._outputs[len(prompts) :]
        return told

    @property
    def left(self) -> int:
        return len(self._outputs)


def prediction_faults(config: RunConfig, task: Task, stages: Sequence[Any]) -> Iterator[str]:
    """What in the stored evaluations is not what their own predictions come to."""
    student: Any = RecordedStudent()
    evaluator = make_evaluator(config, task, student, Silent())
    probes = make_probes(config, task, student, Silent())
    scored: dict[str | None, Evaluation] = {}
    """What students got on scored, by weights: rivals of later ones."""
    for stage in stages:
        if stage["failed"] or stage["kind"] not in ("evaluate", "private", "probes"):
            continue
        inputs = json.loads(stage["inputs"])
        was: tuple[Evaluation, ...]
        now: tuple[Evaluation, ...]
        try:
            if stage["kind"] == "evaluate":
                was = (Evaluation.model_validate_json(stage["outcome"]),)
                student.recall(was)
                weights, split = inputs["weights"], inputs["split"]
                rival = scored[inputs["rival"]] if "rival" in inputs else None
                now = (evaluator.evaluate(weights, split, rival),)
                if split == "scored":
                    scored.setdefault(weights, now[0])
            elif stage["kind"] == "private":
                was = PrivateOpening.model_validate_json(stage["outcome"]).evaluations
                student.recall(was)
                now = evaluator.open_private(inputs["weights"]).evaluations
            else:
                sat = Sitting.model_validate_json(stage["outcome"]).evaluations
                was = tuple(sat[name] for name in task.probes if name in sat)
                student.recall(was)
                again = probes.sit(inputs["weights"]).evaluations
                now = tuple(again.values())
        except (ValueError, KeyError, TypeError, ValidationError) as error:
            yield f"a {stage['kind']} stage cannot be scored again: {' '.join(str(error).split())}"
            continue
        if student.left or len(was) != len(now):
            yield f"a {stage['kind']} stage holds more answers than the exam has items"
            continue
        for stored, fresh in zip(was, now, strict=True):
            yield from _differences(stored, fresh)


def _differences(was: Evaluation, now: Evaluation) -> Iterator[str]:
    told = 0
    for stored, fresh in zip(was.results, now.results, strict=True):
        if stored == fresh:
            continue
        told += 1
        if told <= _MOST:
            field = next(
                name
                for name in type(stored).model_fields
                if getattr(stored, name) != getattr(fresh, name)
            )
            yield (
                f"{was.split} item {stored.id[:80]!a}: {field} is stored as "
                f"{ascii(getattr(stored, field))[:80]}, and comes to "
                f"{ascii(getattr(fresh, field))[:80]}"
            )
    if told > _MOST:
        yield f"{was.split}: {told - _MOST} further items differ"
    for name in ("split", "accuracy", "readable", "of"):
        if getattr(was, name) != getattr(now, name):
            yield (
                f"{was.split}: {name} is stored as {getattr(was, name)}, "
                f"and its items come to {getattr(now, name)}"
            )
