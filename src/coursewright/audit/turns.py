"""Conversations in a teacher's response: which question and which answer belong together.

Teachers are asked for conversations in many JSON shapes, so no shape is demanded. The values
around a question are its *exercise*: everything in the outermost object that is reached from it
without passing through a list of several objects, which are several exercises. A list of turns or
of calls is one. An answer is held when its text, and the name and every value of each call, stand
in the exercise of its question.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from coursewright.audit.reading import Ways, fold, value_ways
from coursewright.audit.response import (
    NO_ANSWER,
    NOT_ITS_ANSWER,
    Evidence,
    composed_of,
    without,
)
from coursewright.chat import json_values
from coursewright.records import Message

_DEPTH = 20
_TURN = {"role", "from"}
_NO_CONTENT = {"role", "from", "type", "id", "tool_call_id"}
"""Keys whose values say nothing."""


@dataclass(frozen=True)
class Exercise:
    """Values of a response that belong together."""

    own: Ways
    """Those that belong to no smaller exercise: where the question is looked for."""
    all: Ways

    def answers(self, question: str) -> Ways | None:
        """The values besides the question; None if this is not its exercise."""
        return None if without(self.own, question) is None else without(self.all, question)


def exercises_in(text: str) -> tuple[Exercise, ...]:
    """All exercises in the JSON of a response, in its order; prose around it is passed over."""
    return tuple(found for value in json_values(text) for found in _exercises(value))


def _exercises(value: Any) -> list[Exercise]:
    inner: list[Exercise] = []
    own = tuple(_values(value, inner, 0))
    deeper = tuple(ways for each in inner for ways in each.own)
    found = [Exercise(own, (*own, *deeper))] if own else []
    return [*found, *inner]


def _values(value: Any, inner: list[Exercise], depth: int) -> Iterator[tuple[str, ...]]:
    """The values of one exercise; what belongs to smaller ones is added to `inner`."""
    if depth > _DEPTH:
        return
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            value = json.loads(value)  # arguments, as OpenAI's servers have them
        except (ValueError, RecursionError):
            yield from value_ways(value)
            return
    if isinstance(value, dict):
        several = _are_exercises(list(value.values()), alike=True)
        for key, part in value.items():
            if several and isinstance(part, dict):
                inner += _exercises(part)
            elif key not in _NO_CONTENT:
                yield from _values(part, inner, depth + 1)
    elif isinstance(value, list) and _are_exercises(value, alike=False):
        for part in value:
            inner += _exercises(part)
    elif isinstance(value, list):
        if value and all(isinstance(part, str) for part in value):
            yield from value_ways(value)
        for part in value:
            yield from _values(part, inner, depth + 1)
    else:
        yield from value_ways(value)


def _are_exercises(parts: list[Any], *, alike: bool) -> bool:
    """Whether several objects stand side by side that are neither turns nor calls."""
    objects = [part for part in parts if isinstance(part, dict)]
    if len(objects) < 2 or any(_TURN & part.keys() or _is_call(part) for part in objects):
        return False
    return not alike or len({frozenset(part) for part in objects}) == 1


def _is_call(value: dict[str, Any]) -> bool:
    inner = value.get("function", value)
    if not isinstance(inner, dict):
        return False
    return "name" in inner and ("arguments" in inner or "parameters" in inner)


def answer_fault(
    answer: Message, question: str, evidence: Evidence, exercises: tuple[Exercise, ...]
) -> str | None:
    """Why an answer is not the one that a response gives to a folded question; None if it is."""
    said, called = fold(answer.content), _parts_of_calls(answer)
    found = [rest for each in exercises if (rest := each.answers(question)) is not None]
    if found:
        parts = [said, *called] if said else called
        return None if any(_holds_all(rest, parts) for rest in found) else NOT_ITS_ANSWER
    if called and exercises:
        # The question stands in the request: by its number there, or else anywhere here.
        number = evidence.ordinal(question) if len(exercises) > 1 else None
        told = exercises if number is None else exercises[number - 1 : number]
        if not any(_holds_all(each.all, called) for each in told):
            return NO_ANSWER
        called = []
    parts = [said, *called] if said else called
    faults = (evidence.holds(question, part) for part in parts)
    return next((fault for fault in faults if fault is not None), None)


def parts_of(message: Message) -> list[str]:
    """What of a turn has to stand in a response, folded: its text, names and values of calls."""
    said = fold(message.content)
    return [*([said] if said else []), *_parts_of_calls(message)]


def _parts_of_calls(message: Message) -> list[str]:
    parts: list[str] = []
    for call in message.tool_calls:
        parts += [call.name, *_leaves(call.arguments)]
    return [folded for part in parts if (folded := fold(part))]


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    else:
        yield value if isinstance(value, str) else json.dumps(value)


def _holds_all(values: Ways, parts: list[str]) -> bool:
    """Whether every part is one of these values, trimmed from one, or put together from several."""
    return all(composed_of(values, part) for part in parts)


def is_given(request: str, question: str, message: Message) -> bool:
    """Whether a folded request says, after the question, which calls to answer with."""
    _, asked, rest = request.partition(question)
    packed = rest.replace(" ", "")
    return bool(asked) and any(
        fold(call.text).replace(" ", "") in packed for call in message.tool_calls
    )
