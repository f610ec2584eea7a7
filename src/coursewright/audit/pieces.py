"""Rows put together from pieces: `split`, `joined` and `back-translated`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any

from coursewright.audit.claims import Claim, Part
from coursewright.audit.reading import (
    Ways,
    fold,
    objects_in,
    places,
    same_value,
    stands_in,
    value_ways,
)
from coursewright.audit.response import LABELS, LONG, Evidence, composed_of, is_content, without
from coursewright.chat import json_values

_DEPTH = 8
_PIECES = 64
"""Objects, or values of one, that are looked at."""

_LINK = re.compile(
    r"\b(?:and|then|also|first|second|third|next|finally|part|\d{1,2}|[a-h])\b(?=\s*[.:)]|\s)|[()]"
)
"""Words and numbering that stand between joined pieces."""
_NUMBER = re.compile(r"^\(?\d{1,2}[.):]\s+")
_PART_NUMBER = re.compile(r"(?:(?<=\s)|^)(\(?)(\d{1,2})([.):])\s")
_CUTS = tuple(map(re.compile, (r"\n", r"\n\s*\n", r"(?:^|\n)\s*\(?\d{1,2}[.):]\s+")))
_LABELLED = re.compile(rf"^(?:\W|{LABELS.pattern})+")
_INTRODUCED = re.compile(
    r"(?:[:=→`\"'([]|\b(?:answer|output|result|solution|expression|query|program|code|text)\b"
    r"(?:\W+(?:is|be|was|below|as))*)\W*$"
)
"""What stands before a short answer that a request quotes."""
_NUMBERED = re.compile(r"(?:^|[\s(#])(\d{1,3})\s*[.:)]\s*(?:\w+\s*[:=]\s*)?[`\"'(\[]?$")
"""The number, and a label perhaps, of an answer in a list of them."""


# ---------------------------------------------------------------- split


def split(claim: Claim) -> Sequence[Part] | None:
    """The part of an exercise that the row is, or the piece of a solution that it goes on with."""
    evidence = claim.calls[0]
    return _one_of_several(claim, evidence) or _next_piece(claim, evidence)


def _one_of_several(claim: Claim, evidence: Evidence) -> Sequence[Part] | None:
    for value in itertools.islice(objects_in(evidence.said), _PIECES):
        for own, shared in _parts_of(value, (), 0):
            rest = claim.question
            for ways in sorted(shared, key=lambda ways: -max(map(len, ways))):
                rest = _taken(rest, ways)
            # Looked for beside what is shared, where a short answer may stand too.
            asked = [ways for ways in own if any(stands_in(w, rest) for w in ways)]
            if not asked:
                continue
            for ways in asked:
                rest = _taken(rest, ways)
            answers = tuple(ways for ways in own if ways not in asked)
            if not is_content(rest) and composed_of(answers, claim.output):
                return [Part(evidence, max(asked[0], key=len), claim.output)]
    return None


def _parts_of(value: dict[str, Any], shared: Ways, depth: int) -> Iterator[tuple[Ways, Ways]]:
    """The plain values of every inner object, with those of the objects around it."""
    own = tuple(
        ways
        for part in value.values()
        if not isinstance(part, dict) and not _holds_objects(part)
        for ways in value_ways(part)
    )
    if shared and own:
        yield own, shared
    if depth < _DEPTH:
        for part in value.values():
            for inner in part if isinstance(part, list) else [part]:
                if isinstance(inner, dict):
                    yield from _parts_of(inner, (*shared, *own), depth + 1)


def _holds_objects(part: Any) -> bool:
    return isinstance(part, list) and any(isinstance(each, dict) for each in part)


def _next_piece(claim: Claim, evidence: Evidence) -> Sequence[Part] | None:
    """Judge a question with the beginning of its solution, and what comes next there."""
    for values in evidence.objects[:_PIECES]:
        for at, ways in enumerate(values[:_PIECES]):
            for asked in ways:
                if not claim.question.startswith(asked) or asked == claim.question:
                    continue
                rest = claim.question[len(asked) :].strip()
                for solution in itertools.chain(*values[:at], *values[at + 1 :]):
                    if _goes_on(solution, rest, claim.output):
                        return [Part(evidence, asked, solution)]
    return None


def _goes_on(solution: str, before: str, output: str) -> bool:
    for told in {before, _LABELLED.sub("", before)}:
        rest = solution[len(told) :].strip()
        if told and solution.startswith(told) and rest.startswith(output):
            return next(places(output, rest), -1) == 0
    return False


# ---------------------------------------------------------------- joined


def joined(claim: Claim) -> Sequence[Part] | None:
    """The exercises whose questions make the row's question, and their answers its output."""
    found: list[tuple[int, str, Ways, Evidence]] = []
    for evidence in claim.calls:
        for values in evidence.objects:
            at, asked = _longest_in(values, claim.question)
            if asked:
                rest = without(values, asked)
                found.append((at, asked, rest or (), evidence))
        # Questions that the response only answers stand in its request.
        for piece in _written_pieces(claim.raw_question):
            at = next(places(piece, claim.question), -1)
            if at >= 0 and any(stands_in(piece, text) for text in evidence.request):
                values = tuple(ways for each in evidence.given(piece) for ways in each)
                found.append((at, piece, values, evidence))
    found.sort(key=lambda one: (one[0], -len(one[1])))
    parts: list[Part] = []
    question, output, start = claim.question, _unnumbered(claim.output), 0
    for at, asked, values, evidence in found:
        if at < start or len(parts) == _PIECES:
            continue  # a piece of the one before it
        place, answer = _first_in(values, output)
        if not answer or is_content(_LINK.sub(" ", output[:place])):
            continue  # another call may have answered it like this
        start = at + len(asked)
        parts.append(Part(evidence, asked, answer))
        question = _taken(question, (asked,))
        output = output[place + len(answer) :]
    glue = _LINK.sub(" ", f"{question} | {output}")
    return None if len(parts) < 2 or is_content(glue) else parts


def _unnumbered(text: str) -> str:
    """A folded text without the numbers 1., 2., 3. … of its parts, which are no answers."""
    marks: list[re.Match[str]] = []
    for mark in _PART_NUMBER.finditer(text):
        # All of one style: the 2 of "1. (3 + 2) / 5" numbers nothing.
        alike = not marks or mark.group(1, 3) == marks[0].group(1, 3)
        if alike and int(mark[2]) == len(marks) + 1:
            marks.append(mark)
    for mark in reversed(marks if len(marks) > 1 else []):
        text = f"{text[: mark.start()]} \n {text[mark.end() :]}"
    return text


def _written_pieces(question: str) -> set[str]:
    """What a question is written in pieces of: lines, paragraphs, numbered parts; folded."""
    cut = (part for cutter in _CUTS for part in cutter.split(question)[:_PIECES])
    pieces = (fold(_NUMBER.sub("", part.strip())) for part in cut)
    return {piece for piece in pieces if len(piece) > LONG}


def _longest_in(values: Ways, text: str) -> tuple[int, str]:
    """Where the longest of an object's values that stands in a text does so, and which it is."""
    best = (-1, "")
    for way in itertools.chain(*values[:_PIECES]):
        if len(way) > max(len(best[1]), LONG) and (at := next(places(way, text), -1)) >= 0:
            best = (at, way)
    return best


def _first_in(values: Ways, text: str) -> tuple[int, str]:
    """The first value of an object in a text; of those at one place the longest."""
    found = [
        (at, -len(way), way)
        for way in itertools.chain(*values[:_PIECES])
        if (at := next(places(way, text), -1)) >= 0
    ]
    if not found:
        return -1, ""
    at, _, way = min(found)
    return at, way


def _taken(text: str, ways: Sequence[str]) -> str:
    """A text without the first of these ways that stands in it."""
    for way in ways:
        if (at := next(places(way, text), -1)) >= 0:
            return f"{text[:at]} \n {text[at + len(way) :]}"
    return text


# ---------------------------------------------------------------- back-translated


def back_translated(claim: Claim) -> Sequence[Part] | None:
    """The response that gave the answer, and the one that wrote a question for it."""
    answering = [call for call in claim.calls if _gives(call, claim.output)]
    asking = [
        call
        for call in claim.calls
        if any(_quotes(request, claim.output) for request in call.request)
        and _gives(call, claim.question)
        and not any(stands_in(claim.question, request) for request in call.request)
        and _in_one_place(call, claim)
    ]
    if not asking or not any(call is not asking[0] for call in answering):
        return None
    return [Part(next(c for c in answering if c is not asking[0]), "", claim.output)]


def _gives(evidence: Evidence, text: str) -> bool:
    """Whether a text is a value of a response, the whole of it, or long enough to be no chance."""
    if any(same_value(text, way) for v in evidence.objects for ways in v for way in ways):
        return True
    listed = (one for value in json_values(evidence.said) for one in _plain_members(value))
    if any(same_value(text, one) for one in (*evidence.response, *evidence.lines, *listed)):
        return True
    return len(text) >= LONG and any(stands_in(text, said) for said in evidence.response)


def _plain_members(value: Any) -> list[str]:
    """What a list of texts and numbers holds, folded."""
    members = value if isinstance(value, list) else []
    return [fold(str(one)) for one in members if isinstance(one, (str, int, float))]


def _quotes(request: str, answer: str) -> bool:
    """Whether a request quotes an answer: a long one anywhere, a short one where one is told."""
    found = places(answer, request)
    if len(answer) >= LONG:
        return next(found, None) is not None
    return any(_INTRODUCED.search(request[max(0, at - 60) : at]) for at in found)


def _in_one_place(asking: Evidence, claim: Claim) -> bool:
    """Where a request numbers several answers, whether the question is that of this one."""
    numbers = [
        int(found[1])
        for request in asking.request
        for at in places(claim.output, request)
        if (found := _NUMBERED.search(request[max(0, at - 40) : at])) is not None
    ]
    if not numbers or len(asking.objects) < 2 or not asking.in_order:
        return True
    number = numbers[0]
    inside = 1 <= number <= len(asking.objects)
    return inside and without(asking.objects[number - 1], claim.question) is not None
