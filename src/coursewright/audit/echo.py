"""Whether a teacher only repeated an output that the program had put into its request.

A long output that already stood in the request is an echo. A short one, such as a number,
stands in many honest requests ("write 5 questions", "reply yes or no"), so it is an echo only
if the request quotes the row's question too, and then gives this as its answer or asks to say it.
"""

from __future__ import annotations

import re

from coursewright.audit.reading import places, stands_in

LONG = 16
"""Characters from which on an output does not stand in a request by chance."""

_GAP = "¶"
"""Stands where the row's own question stood."""

_FILLER = (
    r"(?:(?:is|be|was|with|exactly|only|just|as|the|this|number|word|value|text|of|to)\W+){0,4}"
)
_SAY = r"\b(?:repl(?:y|ies)|respond|say|repeat|return|print|echo|output|write)\W+"
_ANSWER = (
    r"(?:\b(?:answer|output|result|solution|response|equals?|gives|a)\W+|[=→]\W*|->\W*|####\W*)"
)
_DICTATED = re.compile(f"{_SAY}{_FILLER}$")
_ANSWERED = re.compile(f"(?:{_ANSWER}|{_SAY}){_FILLER}$")
_BY_SIGN = re.compile(r"[=→>]\W*$")
_NEXT_QUESTION = re.compile(r"\b(?:question|problem|exercise)\s*#?\d+\s*[:.)]")
_RIGHT_AFTER = re.compile(rf"{_GAP}[^\w{_GAP}]*$")
_NUMBERING = re.compile(r"(?:\b(?:question|problem|item|example|step|q|no)\W*|[.?!\"'\s]\s*\(?)$")
_CHOICE_BEFORE = re.compile(r"(?:\bor\b|\band\b|,|/|\||\bbetween\b)\W*$")
_CHOICE_AFTER = re.compile(r"^\W{0,3}(?:or\b|and\b|/|\|)|^['\"]?,\s*['\"]?\w+['\"]?\s*(?:,|or\b)")
_COUNTED = re.compile(r"^\s*(?:decimal|digit|place|word|sentence|step|significant|question|line)")


def is_echo(request: str, question: str, output: str) -> bool:
    """Judge folded texts: the request's messages, a row's question and its output."""
    quoted = bool(question) and stands_in(question, request)
    rest = request.replace(question, f" {_GAP} ") if quoted else request
    if len(output) >= LONG:
        return stands_in(output, rest)
    if not quoted:
        return False
    asked = rest.find(_GAP)
    return any(_is_given(rest, at, len(output), asked) for at in places(output, rest))


def _is_given(rest: str, at: int, length: int, asked: int) -> bool:
    """Whether the words around a short output make it the answer, not a choice or a count."""
    before, after = rest[max(0, at - 80) : at], rest[at + length : at + length + 40]
    if _CHOICE_BEFORE.search(before) or _CHOICE_AFTER.search(after) or _COUNTED.search(after):
        return False
    if at > asked:
        if _ANSWERED.search(before):
            # `x = 1` in the next question of a list, which may be code, answers nothing here.
            return not (_BY_SIGN.search(before) and _NEXT_QUESTION.search(rest[asked:at]))
        is_numbering = re.match(r"\s*[.:)]\s", after) and _NUMBERING.search(before)
        return bool(_RIGHT_AFTER.search(before)) and not is_numbering
    return bool(_DICTATED.search(before))
