"""A teacher call as evidence: which questions and answers stand in it, and belong together.

Short answers make this necessary: a bare number stands somewhere in nearly every response, so
it counts only where it belongs to the row's own question: in the same JSON object, or, in
prose, between this question and the next.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from coursewright.audit.reading import (
    Ways,
    fold,
    leaves,
    objects_in,
    places,
    readings,
    same_value,
    stands_in,
)

NOT_ITS_ANSWER = "output is not that of its question in the named response"
NO_ANSWER = "output not in the named response"

LABELS = re.compile(
    r"\b(?:q|question|context|passage|problem|input|text|table|code|story|a|the|final|answer|is|"
    r"so|therefore|thus|output|result|solution|explanation|reasoning|rationale|steps?|boxed)\b"
)
"""Words with which programs label the parts of a row. They are glue, not content."""

LONG = 16
"""Characters from which on an output does not stand in a value by chance."""

_COLLECTION = re.compile(r"\s*(?:\[\s*,?\s*\]|\{\s*,?\s*\}|\(\s*,\s*\))\s*")
_REMARK = re.compile(r"\s*[^\W\d_]|\s*\(|[;:.]\s")
_WORD = re.compile(r"\w")
_NEXT_QUESTION = re.compile(
    r"^\W*(?:(?:q|question|problem|exercise|item|input|example)\b[\s.#]*\d*\s*[:.)]|\d+\s*[.)]\s)"
)
_ORDINAL = re.compile(
    r"(?:^|[\s(])(?:(?:question|problem|item|q|no\.?|#)\s*)?(\d{1,3})\s*[.:)]\W*$"
)


@dataclass(frozen=True)
class Evidence:
    """One teacher call, folded: read once, asked many times."""

    request: tuple[str, ...]
    response: tuple[str, ...]
    objects: tuple[Ways, ...]
    """For each JSON object of the response its values, each in all its ways."""
    in_order: bool
    """Whether the n-th object answers the n-th question: none of them lies in another."""
    lines: tuple[str, ...]
    """The folded lines of the response, for prose."""
    said: str
    """The response as it came, for what folding would break."""
    found: tuple[dict[str, Any], ...]
    """The JSON objects themselves, beside `objects`."""

    @classmethod
    def of(cls, request: str, response: str) -> Evidence:
        """Read a call: the text of its messages, and its answer."""
        found = objects_in(response)
        values = [(tuple(leaves(each)), each) for each in found]
        return cls(
            request=readings(request),
            response=readings(response),
            objects=tuple(ways for ways, _ in values if ways),
            in_order=not any(isinstance(part, dict) for each in found for part in each.values()),
            lines=tuple(line for line in map(fold, response.splitlines()) if line),
            said=response,
            found=tuple(each for ways, each in values if ways),
        )

    def holds(self, question: str, output: str) -> str | None:
        """Judge a row's folded question and output; None if they stand here together.

        Otherwise says which of the two does not.
        """
        asked_here = False
        for values in self.objects:
            others = without(values, question)
            if others is not None:
                asked_here = True
                if composed_of(others, output):
                    return None
        if asked_here:
            return NOT_ITS_ANSWER
        if not self.objects and any(stands_in(question, text) for text in self.response):
            if any(stands_in(output, answer) for answer in self._answers_after(question)):
                return None
            return NOT_ITS_ANSWER
        candidates = self._candidates(question)
        if not any(stands_in(output, c) or composed_of(((c,),), output) for c in candidates):
            return NO_ANSWER
        return None

    def given(self, question: str) -> tuple[Ways, ...]:
        """What may be the answer to a folded question, as `holds` would look for it."""
        rests = [without(values, question) for values in self.objects]
        if any(rest is not None for rest in rests):
            return tuple(rest for rest in rests if rest is not None)
        if not self.objects and any(stands_in(question, text) for text in self.response):
            return tuple(((text,),) for text in self._answers_after(question))
        return tuple(((text,),) for text in self._candidates(question))

    def asks(self, question: str) -> bool:
        """Whether a folded question stands in the response or in its request."""
        if any(without(values, question) is not None for values in self.objects):
            return True
        return any(stands_in(question, text) for text in (*self.response, *self.request))

    def _answers_after(self, question: str) -> list[str]:
        """In prose: what stands between a question and the next one, or the same one again."""
        found = []
        text = "\n".join(self.lines)
        starts = list(places(question, text.replace("\n", " ")))
        # Without this end a response that repeats a question would be copied as often.
        for at, end in pairwise((*starts, len(text))):
            answer: list[str] = []
            for number, line in enumerate(text[at + len(question) : end].split("\n")):
                if number and _NEXT_QUESTION.match(line):
                    break
                answer.append(line)
            found.append(" ".join(answer))
        return found

    def _candidates(self, question: str) -> list[str]:
        """Where the answer to a question of the request may stand in the response."""
        number = self.ordinal(question) if self.in_order else None
        if number is not None and len(self.objects) > 1 and number <= len(self.objects):
            return [way for ways in self.objects[number - 1] for way in ways]
        return [
            *self.response,
            *(way for values in self.objects for ways in values for way in ways),
        ]

    def ordinal(self, question: str) -> int | None:
        """The number a request gave this question, if it numbered its questions."""
        for text in self.request:
            for at in places(question, text):
                if (found := _ORDINAL.search(text[max(0, at - 24) : at])) is not None:
                    return int(found[1])
        return None


def without(values: Ways, question: str) -> Ways | None:
    """The values of an object that are left when those making up `question` are taken out.

    None if the question does not lie in the object: neither in one value, nor put together
    from several (such as context and question).
    """
    for at, ways in enumerate(values):
        if any(same_value(question, way) for way in ways):
            return values[:at] + values[at + 1 :]
    used, rest = _cover(values, question)
    if used and not is_content(rest):
        return tuple(ways for at, ways in enumerate(values) if at not in used)
    for at, ways in enumerate(values):
        if any(stands_in(question, way) for way in ways):
            return values[:at] + values[at + 1 :]
    return None


def composed_of(values: Ways, output: str) -> bool:
    """Whether an output is one of these values, trimmed from one, or put together from several."""
    if any(
        same_value(output, way) or _trimmed_from(way, output) for ways in values for way in ways
    ):
        return True
    used, rest = _cover(values, output)
    # A value in brackets is another value: [2] is not 2.
    return bool(used) and not is_content(rest) and _COLLECTION.fullmatch(rest) is None


def _trimmed_from(value: str, output: str) -> bool:
    """Whether a program that trims this value to its result may get this output.

    The number 14 stands in "14 + 21 = 35" and in "[14, 35]", but is the result of neither.
    """
    found = list(places(output, value))
    if not any(map(str.isdigit, output)) or len(output) >= LONG:
        return bool(found)
    if value[0] in "[({" and output[0] != value[0]:
        return False
    last_digit = max((at for at, char in enumerate(value) if char.isdigit()), default=-1)
    return any(
        at + len(output) > last_digit or (at == 0 and _REMARK.match(value, len(output)))
        for at in found
    )


def _cover(values: Ways, text: str) -> tuple[set[int], str]:
    """Take the values out of a text, longest first; which were in it, and what is left."""
    longest = sorted(
        ((way, at) for at, ways in enumerate(values) for way in ways), key=lambda v: -len(v[0])
    )
    used: set[int] = set()
    for way, at in longest:
        if at not in used and stands_in(way, text):
            used.add(at)
            for place in reversed(list(places(way, text))):
                text = f"{text[:place]} \n {text[place + len(way) :]}"
    return used, text


def is_content(rest: str) -> bool:
    return _WORD.search(LABELS.sub(" ", rest)) is not None
