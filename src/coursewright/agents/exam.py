"""What can be learned about the exam from a brief: the form of its answers and of its questions.

Everything here is measured on the sample and on the visible items; nothing is known beforehand
about any task.
"""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from coursewright.agents.topics import Topic, clean, read_topics
from coursewright.records import Brief, Item

Form = Literal["calculation", "expression", "number", "literal", "label", "text"]
"""How an answer looks: `3 * 4 = 12`, `3 * 4`, `12`, `[1, 2]`, one of a few labels, free text."""

FEW_TOPICS = 6

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_ARITHMETIC = re.compile(r"[\d\s().,+\-*/%^=$€£;]+")
_OPERATION = re.compile(r"[\d)]\s*[-+*/^]\s*[\d(]")


@dataclass(frozen=True)
class Exam:
    """The exam as its visible part shows it."""

    topics: tuple[Topic, ...]
    form: Form
    bare_results: bool
    """Whether a calculation may be a number alone, where there is nothing to calculate."""
    labels: tuple[str, ...]
    """All answers seen, if they are labels."""
    has_context: bool
    is_code: bool
    is_story: bool
    """Whether its questions are stories about few topics, which say little about the stories."""
    words: int
    """Median length of a question."""
    spare: float
    """Share of questions with a number that the answer does not need."""


def read_exam(brief: Brief) -> Exam:
    """Return what the brief says and shows about the exam."""
    topics = read_topics(brief)
    questions = [item.question for item in brief.visible]
    outputs = [row.answer for row in brief.sample]
    answers = [_as_text(item.answer) for item in brief.visible]
    form = answer_form(outputs, answers)
    with_context = sum(1 for item in brief.visible if item.context)
    lengths = [len(question.split()) for question in questions] or [20]
    is_code = _mostly(_looks_like_code, questions)
    # Asked for in a request, a spare number makes whole batches harder. That pays only where
    # telling numbers apart is what the exam is about: measured on fine-grained topics, it hurt.
    is_story = (
        len(topics) <= FEW_TOPICS
        and not (is_code or with_context)
        and _mostly(_looks_like_a_story, questions)
    )
    return Exam(
        topics=topics,
        form=form,
        bare_results=form == "calculation" and any("=" not in text for text in outputs),
        labels=tuple(sorted({clean(a, 60) for a in answers})) if form == "label" else (),
        has_context=2 * with_context > len(questions),
        is_code=is_code,
        is_story=is_story,
        words=max(1, round(statistics.median(lengths))),
        spare=_share(map(_has_spare_number, brief.visible)) if is_story else 0.0,
    )


def answer_form(outputs: Sequence[str], answers: Sequence[str]) -> Form:
    """Return the form in which answers are demanded.

    The sample rules, since golds may be stored shorter than they are asked for; golds decide
    between forms that a handful of sample rows cannot tell apart.
    """
    outputs = [text.strip() for text in outputs if text.strip()] or list(answers)
    if not outputs:
        return "text"
    arithmetic = all(_ARITHMETIC.fullmatch(text) for text in outputs)
    if arithmetic and any("=" in text for text in outputs):
        return "calculation"
    if arithmetic and any(_OPERATION.search(text) for text in outputs):
        return "expression"
    seen = [*outputs, *answers]
    if _mostly(_is_number, seen, 0.95):
        return "number"
    if _mostly(_is_literal, seen, 0.95):
        return "literal"
    if len(answers) >= 20 and len(set(answers)) * 4 <= len(answers):
        return "label"
    return "text"


def in_form(form: Form, text: str) -> bool:
    """Whether an answer of the student at least looks like what was asked for."""
    text = text.strip()
    match form:
        case "calculation":
            return bool(_ARITHMETIC.fullmatch(text) and ("=" in text or _is_number(text)))
        case "expression":
            return bool(_ARITHMETIC.fullmatch(text)) and "=" not in text
        case "number":
            return _is_number(text)
        case "literal":
            return _is_literal(text)
        case _:
            return bool(text)


def _as_text(answer: Any) -> str:
    return answer if isinstance(answer, str) else repr(answer)


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[-+$€£]*\s*\d[\d,]*(?:\.\d+)?\s*%?", text.strip()))


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return False
    return True


def _looks_like_code(question: str) -> bool:
    return bool(
        re.search(r"\bdef \w+\(|\blambda\b.*:|\breturn\b.*\n|\bprint\(|^\w+ = .+\n", question)
    )


def _looks_like_a_story(question: str) -> bool:
    sentences = re.split(r"[.?!]\s+", question.strip())
    return len(sentences) > 1 and len(question.split()) >= 12 and len(_NUMBER.findall(question)) > 1


def _has_spare_number(item: Item) -> bool:
    """Whether the question holds a number besides the ones that make the answer.

    A gold that shows its operands says it directly. A bare value counts only if two of three or
    more numbers give it; tables always hold spare numbers, so items with a context do not count.
    """
    numbers = [float(n.replace(",", "")) for n in _plain_numbers(item.question)]
    gold = _as_text(item.answer)
    if item.context or len(numbers) < 3 or not _ARITHMETIC.fullmatch(gold.strip()):
        return False
    operands = _NUMBER.findall(gold.split("=")[0])
    if len(operands) > 1:
        return len(numbers) > len(operands)
    value = float(operands[0].replace(",", "")) if _plain_numbers(gold) and operands else None
    pairs = [(a, b) for a in numbers for b in numbers if a != b]
    return value is not None and any(
        value in (a + b, a - b, a * b, a / b if b else None) for a, b in pairs
    )


def _plain_numbers(text: str) -> list[str]:
    return [
        n for n in _NUMBER.findall(text) if re.fullmatch(r"\d{1,9}(?:,\d{3})*(?:\.\d{1,6})?", n)
    ]


def _mostly(test: Any, texts: Sequence[str], share: float = 0.5) -> bool:
    return bool(texts) and _share(map(test, texts)) >= share


def _share(verdicts: Iterable[bool]) -> float:
    counted = [bool(verdict) for verdict in verdicts]
    return sum(counted) / len(counted) if counted else 0.0
