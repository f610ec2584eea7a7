"""Texts as the audit reads them: what layout, case and escapes hide is made equal."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from coursewright.chat import json_values

_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|([nrt"\'/\\]))')
_PLAIN = {"n": "\n", "r": "\n", "t": " "}
_NUMBER = re.compile(r"[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[-+]?\d{1,3})?")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "−": "-"})

_LABEL_BEFORE = re.compile(r"^(?:q|question|problem|exercise)\s*:\s*(?=\S)")
_LABEL_AFTER = re.compile(r"(?<=[\s.?!])(?:a|answer|solution|output)\s*:$")

Ways = tuple[tuple[str, ...], ...]
"""Values, each in all the folded ways of writing it down."""

_DEPTH = 20
"""Levels of nesting that are looked into."""


def fold(text: str) -> str:
    """Case, layout, width of characters and kind of quotes made equal; single spaces."""
    plain = unicodedata.normalize("NFKC", text).translate(_QUOTES).casefold()
    return " ".join(plain.split())


def unlabelled(question: str) -> str:
    """A folded question without the labels that programs put before and after it."""
    return _LABEL_AFTER.sub("", _LABEL_BEFORE.sub("", question)).strip()


def unescape(text: str) -> str:
    """Undo the escapes of JSON strings, for text quoted inside other text."""
    return _ESCAPE.sub(_unescaped, text)


def _unescaped(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    return _PLAIN.get(found[2], found[2])


def readings(text: str) -> tuple[str, ...]:
    """A text folded, and, if it holds escapes, folded without them."""
    plain = fold(text)
    if "\\" not in text:
        return (plain,)
    return plain, fold(unescape(text))


def places(needle: str, text: str) -> Iterator[int]:
    """Where a folded text stands in another, never as a part of a longer word or number.

    "5" does not stand in "15", "2.5", "5.2", "1,500" or "-5"; it does in "7-5" and "$5.".
    """
    if not needle:
        return
    at = text.find(needle)
    while at >= 0:
        if _is_apart(text, at, at + len(needle)):
            yield at
        at = text.find(needle, at + 1)


def stands_in(needle: str, text: str) -> bool:
    """Whether a folded text stands in another by itself (see `places`)."""
    return next(places(needle, text), None) is not None


def _is_apart(text: str, start: int, end: int) -> bool:
    first, last = text[start], text[end - 1]
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if _is_word(first) and before:
        if _is_word(before[-1]):
            return False
        if first.isdigit():
            if before[-1] in ".," and before[:-1].isdigit():
                return False
            if before[-1] == "." and not _is_word(before[:-1]):
                return False  # ".5"
            if before[-1] == "-" and not (
                before[:-1] and (_is_word(before[0]) or before[0] == ")")
            ):
                return False  # a minus, unless it stands between two terms
    if _is_word(last) and after:
        if _is_word(after[0]):
            return False
        if last.isdigit() and after[0] in ".," and after[1:].isdigit():
            return False
    return True


def _is_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


def same_value(left: str, right: str) -> bool:
    """Whether two folded texts are the same but for spaces, or are the same number."""
    if left == right or left.replace(" ", "") == right.replace(" ", ""):
        return True
    one, other = _number(left), _number(right)
    return one is not None and one == other


def _number(text: str) -> float | None:
    text = text.strip().strip("$€£%").strip()
    if len(text) > 60 or _NUMBER.fullmatch(text) is None:
        return None
    return float(text.replace(",", ""))


# ---------------------------------------------------------------- JSON in prose


def objects_in(text: str) -> list[dict[str, Any]]:
    """All JSON objects in a text, inner ones included, also where prose stands around them."""
    return [one for value in json_values(text, starts="{") for one in _inner_objects(value)]


def _inner_objects(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > _DEPTH:
        return
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _inner_objects(part, depth + 1)


def leaves(value: dict[str, Any], depth: int = 0) -> list[tuple[str, ...]]:
    """The values of an object, each in the folded ways a program may write it down.

    An only object inside counts as the outer one's, several are several rows; so are lists of
    objects. Lists of plain values are one value.
    """
    found: list[tuple[str, ...]] = []
    inner = [part for part in value.values() if isinstance(part, dict)]
    for part in value.values():
        if isinstance(part, dict):
            found += leaves(part, depth + 1) if len(inner) == 1 and depth < _DEPTH else []
        elif not (isinstance(part, list) and any(isinstance(each, dict) for each in part)):
            found += value_ways(part)
    return found


def value_ways(value: Any) -> list[tuple[str, ...]]:
    """The folded ways to write down one value that is no object; none if there is nothing in it."""
    if isinstance(value, str):
        ways: tuple[str, ...] = (fold(value),)
    elif isinstance(value, list) and all(isinstance(each, str) for each in value):
        spoken = {fold(repr(value)), fold(json.dumps(value)), fold(" ".join(value))}
        ways = (*sorted(spoken), fold(", ".join(value)))
    else:
        # 1.0 may be written 1.0 or 1, true may be written True.
        ways = tuple(sorted({fold(repr(value)), fold(json.dumps(value))}))
    return [ways] if any(ways) else []
