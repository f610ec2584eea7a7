"""One sitting of a review: what is next, what a person decided, and what of it is written down.

Knows no terminal. Each decision is on the disk when the call that made it returns.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from typing import Any

from coursewright.drafting.asking import cleaned, gold
from coursewright.drafting.examples import Form
from coursewright.drafting.queue import Decision, Decisions, Drafted, DraftNote
from coursewright.scoring import accepts, make_scorer
from coursewright.similarity import normalised

_LONGEST = 4000


class Sitting:
    """Goes through the items that nobody has decided on yet, in the order of the queue."""

    def __init__(
        self,
        note: DraftNote,
        queue: tuple[Drafted, ...],
        decided: dict[str, Decision],
        journal: Decisions,
        reviewer: str,
    ) -> None:
        self.form = form_of(note)
        self.queue = queue
        self._decided = dict(decided)
        self._journal = journal
        self._reviewer = reviewer
        self._pending = deque(item for item in queue if item.id not in decided)
        self._made: list[Drafted] = []

    @property
    def current(self) -> Drafted | None:
        """The item to decide on; None when all are decided."""
        return self._pending[0] if self._pending else None

    @property
    def left(self) -> int:
        """How many items are undecided."""
        return len(self._pending)

    def counts(self) -> Counter[str]:
        """How many items were accepted, edited and rejected, over all sittings."""
        mine = {item.id for item in self.queue}
        return Counter(one.decision for name, one in self._decided.items() if name in mine)

    def accept(self) -> None:
        """The item is right as it stands."""
        self._decide(Decision(item=self._pending[0].id, decision="accepted", by=self._reviewer))

    def reject(self, reason: str = "") -> None:
        """The item is of no use."""
        item = self._pending[0]
        reason = cleaned(reason, 500) or ""
        self._decide(Decision(item=item.id, decision="rejected", reason=reason, by=self._reviewer))

    def edit(self, question: str, answer: str, topic: str) -> str | None:
        """Accept the item with these texts; returns what is wrong with them, if anything is.

        An answer that is no text is given as JSON.
        """
        item = self._pending[0]
        asked, value = cleaned(question, _LONGEST), _value(answer, item)
        if asked is None:
            return "the question is empty, too long, or holds control characters"
        if isinstance(item.answer, (list, dict)) and not isinstance(value, type(item.answer)):
            kind = 'a list such as ["a", "b"]' if isinstance(item.answer, list) else "an object"
            return f"the answer must be {kind}, written as JSON"
        given = gold(value, self.form)
        if given is None:
            return "the answer is empty, or not of the kind that the examples have"
        if not self._accepts(given):
            return "the task's scorer rejects this answer"
        if (other := self._twin(asked, item)) is not None:
            return f"the question is that of {other}"
        named = cleaned(topic, 100)
        if named is not None and self.form.topics and named not in self.form.topics:
            return f"the topic is none of {', '.join(self.form.topics)}"
        self._decide(
            Decision(
                item=item.id,
                decision="edited",
                question=asked,
                answer=given,
                topic=named,
                by=self._reviewer,
            )
        )
        return None

    def skip(self) -> None:
        """Leave the item for later: it comes again after the others."""
        self._pending.rotate(-1)

    def undo(self) -> bool:
        """Take back the last decision of this sitting; False if there is none."""
        if not self._made:
            return False
        item = self._made.pop()
        self._journal.add(Decision(item=item.id, decision="reopened", by=self._reviewer))
        del self._decided[item.id]
        self._pending.appendleft(item)
        return True

    def _decide(self, decision: Decision) -> None:
        self._journal.add(decision)
        self._decided[decision.item] = decision
        self._made.append(self._pending.popleft())

    def _accepts(self, answer: Any) -> bool:
        try:
            return accepts(self.form.scorer, answer)
        except Exception:  # a user's scorer may raise anything
            return False

    def _twin(self, question: str, item: Drafted) -> str | None:
        key = normalised(question)
        for other in self.queue:
            decision = self._decided.get(other.id)
            asked = other.question if decision is None else decision.question or other.question
            rejected = decision is not None and decision.decision == "rejected"
            if other.id != item.id and not rejected and normalised(asked) == key:
                return other.id
        return None


def _value(text: str, item: Drafted) -> Any:
    """What a person typed: text where the answer was text, else JSON where it can be read so."""
    if isinstance(item.answer, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def form_of(note: DraftNote) -> Form:
    """Return the exam's form as a draft noted it."""
    form = note.form
    return Form(
        scorer_spec=form["scorer"],
        scorer=make_scorer(form["scorer"]),
        numbers=all(isinstance(one["answer"], (int, float)) for one in note.examples),
        with_passage=form["with_passage"],
        topics=tuple(form["topics"]),
        instruction=form["instruction"],
        answer_format=form["answer_format"],
    )
