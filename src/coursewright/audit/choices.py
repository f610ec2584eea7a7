"""`shuffled`: a question's choices in another order, and its answer under its new letter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from coursewright.audit.claims import Claim, Part
from coursewright.audit.reading import fold, same_value
from coursewright.audit.response import Evidence

_LETTERS = "abcdefghij"
_MARK = re.compile(r"(?:(?<=\s)|^)\(?([a-j])[.):]\s")
_NAMED = re.compile(
    r"^\W*(?:the\s+)?(?:(?:correct\s+|right\s+)?answer(?:\s+is)?\W*)?\(?([a-j])\)?\W*$"
)
_LED = re.compile(r"^\W*\(?([a-j])[.):]\s+(.+)$")


def shuffled(claim: Claim) -> Sequence[Part] | None:
    """The exercise with the same choices, of which the same is right."""
    stem, choices = choices_in(claim.question)
    right = chosen(claim.output, choices)
    if right is None or len(set(choices)) != len(choices):
        return None
    evidence = claim.calls[0]
    for question, other_stem, others, answers in _exercises(evidence):
        if sorted(others) != sorted(choices) or not same_value(stem, other_stem):
            continue
        for answer in answers:
            if chosen(answer, others) == right:
                return [Part(evidence, question, answer)]
    return None


def choices_in(text: str) -> tuple[str, list[str]]:
    """The stem of a folded question, and its choices in the order of their letters a, b, c …"""
    marks: list[re.Match[str]] = []
    for mark in _MARK.finditer(text):
        if len(marks) < len(_LETTERS) and mark[1] == _LETTERS[len(marks)]:
            marks.append(mark)
    if len(marks) < 2:
        return text, []
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    choices = [text[m.end() : end].strip(" ,;") for m, end in zip(marks, ends, strict=True)]
    return _stem(text[: marks[0].start()]), choices


def chosen(answer: str, choices: Sequence[str]) -> str | None:
    """The choice that a folded answer names by letter or by its words; None if it names none."""
    answer = answer.strip()
    if (named := _NAMED.match(answer)) is not None:
        at = _LETTERS.index(named[1])
        return choices[at] if at < len(choices) else None
    if (led := _LED.match(answer)) is not None:
        at = _LETTERS.index(led[1])
        text = led[2].strip(" ,;")
        return text if at < len(choices) and same_value(choices[at], text) else None
    return next((choice for choice in choices if same_value(choice, answer)), None)


def _exercises(evidence: Evidence) -> Iterator[tuple[str, str, list[str], list[str]]]:
    """Question, stem, choices and possible answers of the objects that have choices."""
    for value in evidence.found:
        texts = [fold(str(p)) for p in value.values() if isinstance(p, (str, int, float))]
        listed = [found for part in value.values() if (found := _listed(part))]
        for text in texts:
            stem, choices = choices_in(text)
            rest = [other for other in texts if other is not text]
            if choices:
                yield text, stem, choices, rest
            for others in listed:
                if not choices:
                    yield text, _stem(text), others, rest


def _listed(part: Any) -> list[str]:
    """The choices of a list, or of an object with letters for keys."""
    if isinstance(part, dict) and [*map(str.casefold, part)] == [*_LETTERS[: len(part)]]:
        part = list(part.values())
    if not isinstance(part, list) or not 2 <= len(part) <= len(_LETTERS):
        return []
    if not all(isinstance(each, (str, int, float)) for each in part):
        return []
    choices = [fold(str(each)) for each in part]
    led = [_LED.match(choice) for choice in choices]
    if all(led):
        return [match[2].strip() for match in led if match]
    return choices


def _stem(text: str) -> str:
    """A question without the word that announces its choices."""
    return re.sub(r"\s*\b(?:choices|options|answers)\b\W*$", "", text).strip()
