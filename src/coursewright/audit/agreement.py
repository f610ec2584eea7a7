"""How far the teacher agrees with itself: questions with two answers, requests answered twice."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from coursewright.audit.checks import Context
from coursewright.audit.exam import questions
from coursewright.audit.reading import fold, objects_in
from coursewright.records import TracedRow
from coursewright.scoring.numeric import last_number
from coursewright.store.ledger import Call, Ledger

_CALLS = 2000
"""Calls of a round that are read."""
_CHARACTERS = 20_000
"""Of a response or a question."""


def agreement(rows: Sequence[TracedRow], context: Context) -> tuple[int, int]:
    """How many answers are second ones to a question, and how many of them are like the first.

    Raises:
        RunFolderError: the ledger cannot be read.
    """
    first: dict[str, str] = {}
    asked = alike = 0
    for row, question in zip(rows, questions(rows), strict=True):
        said = first.setdefault(fold(question[:_CHARACTERS]), row.answer)
        if said is not row.answer:
            asked, alike = asked + 1, alike + same(said, row.answer)
    for one, other in _answered_twice(context):
        asked, alike = asked + 1, alike + same(one, other)
    return asked, alike


def same(one: str, other: str) -> bool:
    """Whether two answers are the same text, or come to the same number."""
    if fold(one) == fold(other):
        return True
    left, right = last_number(one), last_number(other)
    return left is not None and left == right


def _answered_twice(context: Context) -> list[tuple[str, str]]:
    """Pairs of answers to one request that only asks to solve: responses without questions."""
    if context.ledger is None or context.round_number is None or not context.ledger.exists():
        return []
    with closing(Ledger.read_only(context.ledger)) as ledger:
        pairs: list[tuple[str, str]] = []
        first: dict[str, Call] = {}
        for number, call in enumerate(ledger.calls(context.round_number)):
            if number >= _CALLS:
                break
            before = first.setdefault(call.request, call)
            if before is not call:
                pairs += _pairs(before.response, call.response)
        return pairs


def _pairs(one: str, other: str) -> list[tuple[str, str]]:
    left, right = _answers(one), _answers(other)
    return list(zip(left, right, strict=True)) if len(left) == len(right) else []


def _answers(response: str) -> list[str]:
    """The answers of a response that is nothing but answers."""
    objects = objects_in(response[:_CHARACTERS])
    if not objects or any("question" in each or "answer" not in each for each in objects):
        return []
    return [str(each["answer"]) for each in objects]
