"""TAT-QA's own metric, faults included.

Numbers are rounded to two places, multiplied by their scale and printed to four; a bare number
without scale or percent sign is also tried unrounded. `(12)` is negative, but `(1,234)` is not: the
search for brackets does not look past commas. Spans are sorted, joined and compared as one text.
"""

from __future__ import annotations

import math
import re
import string

_MARKS_IN_NUMBERS = str.maketrans("", "", "'\"\\$€£¥%(),[]")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_FIRST = re.compile(r"([+-]?\d+(?:\.\d+)?)|[+-]?\.\d+")
_WITH_WORD = re.compile(r"[\d.]+\s?[a-zA-Z]+")
_BRACKETED = re.compile(r"\([\d.\s%]+\)")
_PERCENT = re.compile(r"[\d.\s]+%")
_SCALES = (
    ("hundred", 100),
    ("thousand", 1000),
    ("million", 1_000_000),
    ("billion", 1_000_000_000),
    ("percent", 0.01),
)
_LONGEST_NUMBER = 400
"""Characters past which a text is no number; the official code would fail on some such."""


def official_scores(
    given: list[str], given_scale: str, gold: list[str], scale: str
) -> tuple[float, float]:
    """Exact match and F1, the better of the ways to read the answer."""
    try:
        wanted = _normalised(_joined(gold, scale))
        readings = [_joined(given, given_scale)]
        if len(given) == 1 and not given_scale and "%" not in given[0] and _is_number(given[0]):
            raw = _number(given[0])
            if raw is not None:
                readings.append(f"{raw:.4f}")
        scores = [_compare(_normalised(reading), wanted) for reading in readings]
    except OverflowError:
        return 0.0, 0.0
    return max(scores)


def _compare(given: str, gold: str) -> tuple[float, float]:
    left, right = set(given.split()), set(gold.split())
    shared = len(left & right)
    precision = shared / len(left) if left else 1.0
    recall = shared / len(right) if right else 1.0
    total = precision + recall
    f1 = 2 * precision * recall / total if total else 0.0
    return float(given == gold), round(f1, 2)


def _joined(texts: list[str], scale: str) -> str:
    """All texts as one, numbers scaled and printed."""
    return " ".join(_printed(text, scale) for text in sorted(texts))


def _printed(text: str, scale: str) -> str:
    if not _is_number(text):
        return f"{text} {scale}" if scale else text
    number = _number(text)
    if number is None:
        return f"{text} {scale}" if scale else text
    if "%" in text:
        return f"{number:.4f}"
    return f"{round(number, 2) * _scale(scale):.4f}"


def _normalised(text: str) -> str:
    """Word by word: lower case, no punctuation or articles; numbers by their value."""
    parts = []
    for word in text.split(" "):
        word = word.lower()
        if not _is_number(word):
            word = word.translate(_PUNCTUATION)
        if _is_number(word):
            word = str(_number(word))
        word = " ".join(_ARTICLES.sub(" ", word).split())
        if word:
            parts.append(word)
    return " ".join(parts)


def _is_number(text: str) -> bool:
    """`1023` or `1 million`, but for currency signs, commas, brackets and the like."""
    if len(text) > _LONGEST_NUMBER:
        return False
    words = " ".join(word.translate(_MARKS_IN_NUMBERS) for word in text.split()).split()
    try:
        if not words or math.isnan(float(words[0])):
            return False
    except ValueError:
        return False
    return len(words) < 2 or _scale(words[1]) != 1


def _number(text: str) -> float | int | None:
    """The value of a text's first number, with the scale word, sign and percent found there."""
    match = _FIRST.search(text.translate(_MARKS_IN_NUMBERS))
    if match is None or match[1] is None:
        return None
    number = float(match[1]) if "." in match[1] else int(match[1])
    word = _WITH_WORD.search(text)
    sign = -1 if _BRACKETED.search(text.strip()) else 1
    percent = 0.01 if _PERCENT.search(text.strip()) else 1
    return round(number * (_scale(word[0]) if word else 1) * sign * percent, 4)


def _scale(word: str) -> float | int:
    lowered = word.lower()
    return next((size for name, size in _SCALES if name in lowered), 1)
