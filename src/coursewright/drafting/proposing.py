"""Items out of documents: proposed, answered again with and without the passage, and sifted.

An item stays if all `votes` answers from the passage are right by the task's own scorer when the
proposed answer is the gold, and not all `blind` answers without the passage are. The first says
that the question is clear and that the passage settles it; the second, that the passage is
needed for it. Both ask one teacher, so neither makes an answer true: that is for the person.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Protocol

from coursewright.drafting.asking import alike, answer_request, proposal_request, proposals
from coursewright.drafting.examples import Examples
from coursewright.drafting.queue import SPLIT, Drafted
from coursewright.drafting.settings import DraftSettings
from coursewright.drafting.splitting import Unit
from coursewright.records import Item, Passage
from coursewright.sandbox.coursewright_program import Answer
from coursewright.scoring import accepts
from coursewright.seeding import derive
from coursewright.similarity import jaccard, normalised, word_ngrams
from coursewright.tasks.corpus import leaks

_SHORTEST_PASSAGE = 40
_NEAR = 0.8
"""Shared word 3-grams from which on two drafted questions are one."""
_HOPE = 1.5
"""Proposals for each item that is missing: some are sifted out."""
_MOST_WAVES = 12


class Asked(Protocol):
    """The teacher, as `coursewright_program.Teacher` is."""

    def generate_batch(
        self, prompts: Any, *, json: bool = ..., temperature: float | None = ...
    ) -> list[Answer]:
        """Answer every prompt, in order."""


@dataclass
class Drafter:
    """Drafts the items of one split after the other."""

    examples: Examples
    settings: DraftSettings
    teacher: Asked
    corpus: Sequence[Passage]
    """Passages that programs may search: no item may stand in them."""
    say: Callable[[str], None]
    asked: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    out_of_calls: bool = False

    def __post_init__(self) -> None:
        self._known = {normalised(item.question) for item in self.examples.items}
        self._grams = [word_ngrams(item.question) for item in self.examples.items]

    def items(self, split: SPLIT, units: Sequence[Unit], wanted: int) -> list[Drafted]:
        """Draft so many items from these documents, or as many as they give."""
        queue = list(_in_turn(units)) * 2  # no passage is asked more than twice
        kept: list[Drafted] = []
        for _ in range(_MOST_WAVES):
            missing = wanted - len(kept)
            if missing <= 0 or not queue or self.out_of_calls:
                break
            count = -(-int(_HOPE * missing + 1) // self.settings.per_passage)
            wave, queue = queue[:count], queue[count:]
            kept += self._wave(split, wave)
            self.say(f"{split}: {min(len(kept), wanted)} of {wanted} items")
        return kept[:wanted]

    def _wave(self, split: SPLIT, wave: Sequence[tuple[Unit, Passage]]) -> list[Drafted]:
        settings = self.settings
        requests = [
            proposal_request(
                self.examples,
                passage,
                settings.per_passage,
                derive(settings.seed, "examples", passage.id),
            )
            for _, passage in wave
        ]
        answers = self._ask(requests, json=True)
        found: list[Drafted] = []
        for (unit, passage), answer in zip(wave, answers, strict=True):
            for each in proposals(answer, self.examples.form):
                if isinstance(each, str):
                    self.dropped[each] += 1
                    continue
                self.asked += 1
                drafted = _drafted(split, unit, passage, *each)
                if (reason := self._fault(drafted)) is not None:
                    self.dropped[reason] += 1
                else:
                    found.append(drafted)
        return self._sifted(self._hidden(found))

    def _hidden(self, found: Sequence[Drafted]) -> list[Drafted]:
        """Leave out what programs could read in a document."""
        items = [Item(id=one.id, question=one.question, answer=one.answer) for one in found]
        open_ones = {leak.item.id for leak in leaks(self.corpus, items)}
        if open_ones:
            self.dropped["stands in a document that programs may search"] += len(open_ones)
        return [one for one in found if one.id not in open_ones]

    def _fault(self, drafted: Drafted) -> str | None:
        """Why a proposal is not worth an answer; None if it is."""
        key, grams = normalised(drafted.question), word_ngrams(drafted.question)
        if key in self._known or any(jaccard(grams, other) >= _NEAR for other in self._grams):
            return "repeats an example or another item"
        try:
            right = accepts(self.examples.form.scorer, drafted.answer)
        except Exception:  # a user's scorer may raise anything
            right = False
        if not right:
            return "the scorer rejects the proposed answer"
        self._known.add(key)
        self._grams.append(grams)
        return None

    def _sifted(self, found: Sequence[Drafted]) -> list[Drafted]:
        """Keep what is answered alike from the passage, and not without it."""
        form, settings = self.examples.form, self.settings
        votes = self._answered(found, settings.votes, with_passage=True)
        agreed: list[Drafted] = []
        for item, said in zip(found, votes, strict=True):
            if not all(each.ok for each in said):
                self.dropped["not all answers came"] += 1
            elif not all(alike(said, item.answer, form)):
                self.dropped["repeated answers do not agree"] += 1
            else:
                agreed.append(item.model_copy(update={"votes": _shown(said)}))
        kept: list[Drafted] = []
        blind = self._answered(agreed, settings.blind, with_passage=False)
        for item, said in zip(agreed, blind, strict=True):
            if not all(each.ok for each in said):
                self.dropped["not all answers came"] += 1
            elif said and all(alike(said, item.answer, form)):
                self.dropped["is answered without the passage"] += 1
            else:
                kept.append(item.model_copy(update={"blind": _shown(said)}))
        return kept

    def _answered(
        self, items: Sequence[Drafted], times: int, *, with_passage: bool
    ) -> list[list[Answer]]:
        # The same request several times: each time is another call, and another answer.
        requests = [
            answer_request(self.examples.form, item.question, item.text if with_passage else None)
            for item in items
            for _ in range(times)
        ]
        answers = self._ask(requests)
        return [answers[at * times : (at + 1) * times] for at in range(len(items))]

    def _ask(self, requests: list[str], *, json: bool = False) -> list[Answer]:
        answers = self.teacher.generate_batch(
            requests, json=json, temperature=self.settings.temperature
        )
        self.out_of_calls |= any(answer.error == "budget" for answer in answers)
        return answers


def _in_turn(units: Sequence[Unit]) -> Iterator[tuple[Unit, Passage]]:
    """Passages of all documents in turn, so that none of them has most of the items."""
    columns = [
        [(unit, passage) for passage in unit.passages if len(passage.text) >= _SHORTEST_PASSAGE]
        for unit in units
    ]
    for row in zip_longest(*columns):
        yield from (entry for entry in row if entry is not None)


def _drafted(
    split: SPLIT, unit: Unit, passage: Passage, question: str, answer: Any, topic: str | None
) -> Drafted:
    said = f"{passage.id}\0{question}\0{answer!r}"
    return Drafted(
        id=f"draft-{hashlib.sha256(said.encode()).hexdigest()[:12]}",
        split=split,
        document=unit.name,
        passage=passage.id,
        text=passage.text,
        question=question,
        answer=answer,
        topic=topic,
    )


def _shown(answers: Sequence[Answer]) -> tuple[str, ...]:
    return tuple(str(answer)[:500] for answer in answers)
