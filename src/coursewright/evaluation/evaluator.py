"""Scores a student on a split: prompts go out, answers come back, golds never leave."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from coursewright.chat import item_body, layout, prompt_of
from coursewright.evaluation.sequential import Rivalry, shuffled
from coursewright.protocols import Examinee, Progress, Scorer, Slots
from coursewright.records import Answered, Evaluation, Item, PrivateOpening, ProbeName, Split

CHUNK = 150  # items between two updates of the running score
LOOK = 40  # items between two looks at whether a student has lost already


def prompt_for(instruction: str, question: str, context: str | None = None) -> str:
    """Return the user turn that puts a question to a student, as in training."""
    return layout(instruction, item_body(question, context))


@dataclass(frozen=True)
class Grader:
    """Puts items to a student, under one instruction, and grades the answers."""

    instruction: str
    student: Examinee
    scorer: Scorer
    progress: Progress

    def score(
        self,
        weights: str | None,
        name: Split | ProbeName,
        items: Sequence[Item],
        rivalry: Rivalry | None = None,
    ) -> Evaluation:
        """Score one student (the base model if `weights` is None) on these items.

        With `rivalry` no further ones are asked once it has lost.
        """
        who = "base" if weights is None else "student"
        self.student.wait()
        self.progress.start(f"{name} ({who})", len(items))
        began = time.monotonic()
        results: list[Answered] = []
        step = CHUNK if rivalry is None else LOOK
        lost = False
        for start in range(0, len(items), step):
            chunk = items[start : start + step]
            prompts = [prompt_of(item, self.instruction) for item in chunk]
            outputs = self.student.answer(weights, prompts)
            results += map(self._grade, chunk, outputs)
            running = sum(result.score for result in results) / len(results)
            self.progress.advance(len(results), f"{running:.1%}")
            lost = rivalry is not None and len(results) < len(items) and rivalry.lost(results)
            if lost:
                break
        seconds = time.monotonic() - began
        count = max(1, len(results))
        accuracy = sum(result.score for result in results) / count
        if rivalry is not None and lost:
            accuracy = rivalry.estimate(results)
        self.progress.finish(f"{accuracy:.1%}")
        return Evaluation(
            split=name,
            results=tuple(results),
            accuracy=accuracy,
            readable=sum(result.readable for result in results) / count,
            seconds=seconds,
            of=len(items) if lost else None,
        )

    def _grade(self, item: Item, output: str) -> Answered:
        return Answered(
            id=item.id,
            group=item.group or item.id,
            topic=item.topic,
            output=output,
            score=self.scorer.score(output, item.answer),
            readable=self.scorer.readable(output),
            apart=item.meta.get("heldout") is True,
        )


@contextlib.contextmanager
def one_by_one() -> Iterator[Callable[[str, Callable[[], object]], object]]:
    """Do each piece of work as it is begun."""
    yield lambda name, piece: piece()


class SplitEvaluator:
    """Grades in the supervisor; the student's worker sees prompts alone.

    `read_split` is the hold-out reader: it opens a split's file. Under `protocol: paper`
    visible and scored are one public set, which both names stand for.
    """

    def __init__(
        self,
        read_split: Callable[[Split], Sequence[Item]],
        *,
        instruction: str,
        student: Examinee,
        scorer: Scorer,
        progress: Progress,
        paper: bool = False,
        sequential: tuple[float, int] | None = None,
    ) -> None:
        """`sequential`: chance of cutting a student short that would not have ended behind, and the
        seed of the one random order in which scored items are put to everybody; None: all items,
        in the order of the file.
        """
        self._read_split = read_split
        self._sequential = sequential
        self._grader = Grader(instruction, student, scorer, progress)
        self._paper = paper
        self._public: dict[str | None, Evaluation] = {}

    def evaluate(
        self, weights: str | None, split: Split, rival: Evaluation | None = None
    ) -> Evaluation:
        """Score one student (the base model if `weights` is None) on visible or scored.

        A `rival` that answered all items is the one to beat, where scoring is sequential.
        """
        if split == "private":
            raise ValueError("the private split is opened by open_private alone")
        if self._sequential is not None and split == "scored":
            alpha, seed = self._sequential
            rivalry = None if rival is None else Rivalry(rival, alpha)
            items = shuffled(self._read_split(split), seed)
            return self._grader.score(weights, split, items, rivalry)
        if not self._paper:
            return self._grader.score(weights, split, self._read_split(split))
        found = self._public.get(weights)
        if found is None:
            items = [*self._read_split("visible"), *self._read_split("scored")]
            found = self._grader.score(weights, "scored", items)
            # Only the latest: each student sits both, one after the other.
            self._public = {weights: found}
        return found.model_copy(update={"split": split})

    def open_private(
        self, weights: Sequence[str | None], slots: Slots | None = None
    ) -> PrivateOpening:
        """Score all these students in the one and only opening of the private split."""
        items = self._read_split("private")
        sat: dict[int, Evaluation] = {}

        def sit(place: int, one: str | None) -> None:
            sat[place] = self._grader.score(one, "private", items)

        with one_by_one() if slots is None else slots() as begin:
            for place, one in enumerate(weights):
                begin(f"student {place}" if place else "base", partial(sit, place, one))
        return PrivateOpening(evaluations=tuple(sat[place] for place in sorted(sat)))
