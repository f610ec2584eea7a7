"""One row: strict JSON, then the format filter of the study."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from coursewright.chat import ConversationFault, read_row_messages
from coursewright.records import Message, Preamble, Row, RowForm, TracedRow, Transform
from coursewright.submission.limits import BrokenSyntax, Limits, RowRefused, shown

FIELDS = ("instruction", "input", "output")
MESSAGES = "messages"
RESPONSE = "response"
"""Names the teacher response a row comes from; written by `save_rows`."""
PASSAGES = "passages"
"""Ids of the passages a row was made from."""
SOURCES = "sources"
"""Further responses it was made from."""
DERIVED = "derived"
"""What was made of them, in one of these words."""
TRANSFORMS: tuple[Transform, ...] = get_args(Transform)
KIND = "kind"
"""What an audit found: rows of earlier rounds carry it."""

_LISTS = {PASSAGES: "citations unreadable", SOURCES: "sources unreadable"}

_CHAT_TOKEN = re.compile(r"<[|｜][^<>|｜]{1,60}[|｜]>")
"""How nearly all chat models write their control tokens."""


def parse_row(text: bytes, limits: Limits) -> Any:
    """Parse one row's JSON text.

    Raises:
        BrokenSyntax: it is not JSON.
        RowRefused: it is, but holds what no row may hold.
    """
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RowRefused("not UTF-8", f"not UTF-8 at its byte {error.start}") from error
    if "\0" in decoded:
        raise RowRefused("NUL", "holds a NUL byte")
    faults = _Faults()
    try:
        value = json.loads(
            decoded,
            object_pairs_hook=lambda pairs: _without_duplicates(pairs, faults),
            parse_constant=lambda name: faults.note("NaN or Infinity", _no_number(name)),
            parse_float=lambda digits: _finite(digits, faults),
            parse_int=lambda digits: _short(digits, limits.number_chars, faults),
        )
    except RecursionError as error:
        raise RowRefused("nested too deeply") from error
    except json.JSONDecodeError as error:
        raise BrokenSyntax(f"not valid JSON: {error.msg} at its character {error.pos}") from error
    if faults.first is not None:
        # Only now: a fault must not hide that the text goes on as no JSON at all.
        raise faults.first
    return value


def take_origin(value: Any, limits: Limits) -> tuple[Any, dict[str, Any]]:
    """Split a parsed row from what it says of its origin beside `response`.

    Returns the rest, and the fields `passages`, `sources` and `derived` of a `TracedRow`. Whether
    any of it is true is the audit's to find out; a `kind` that an earlier audit found is dropped.

    Raises:
        RowRefused: it says so in another form than it has to.
    """
    if not isinstance(value, dict) or not value.keys() & {PASSAGES, SOURCES, DERIVED, KIND}:
        return value, {}
    rest = {name: part for name, part in value.items() if name not in (*_LISTS, DERIVED, KIND)}
    origin: dict[str, Any] = {
        name: _names(name, value.get(name), limits)
        for name in _LISTS
        if value.get(name) is not None
    }
    if (word := value.get(DERIVED)) is not None:
        if word not in TRANSFORMS:
            known = ", ".join(TRANSFORMS)
            said = shown(word) if isinstance(word, str) else _kind(word)
            raise RowRefused("unknown transform", f"derived is {said}; there are {known}")
        origin[DERIVED] = word
    return rest, origin


def _names(field: str, named: Any, limits: Limits) -> tuple[str, ...]:
    reason = _LISTS[field]
    good = isinstance(named, list) and all(isinstance(name, str) for name in named)
    if not good or len(named) > limits.names:
        raise RowRefused(reason, f"{field} is no list of at most {limits.names} texts")
    if any(len(name) > limits.name_chars or not name.isprintable() for name in named):
        raise RowRefused(reason, f"{field} holds what names nothing")
    return tuple(dict.fromkeys(named))


class _Faults:
    """The first fault of a row that is met while it is parsed."""

    first: RowRefused | None = None

    def note(self, reason: str, detail: str) -> None:
        self.first = self.first or RowRefused(reason, detail)


def _without_duplicates(pairs: list[tuple[str, Any]], faults: _Faults) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            faults.note("duplicate key", f"has the key {shown(key)} twice")
        found[key] = value
    return found


def _no_number(name: str) -> str:
    return f"holds {name}, which is no JSON number"


def _finite(digits: str, faults: _Faults) -> float:
    value = float(digits)
    if not math.isfinite(value):
        faults.note("number out of range", f"holds {shown(digits)}, a number out of range")
    return value


def _short(digits: str, most: int, faults: _Faults) -> int:
    # Reading a long integer takes time that grows with the square of its length.
    if len(digits) > most:
        faults.note("number out of range", f"holds an integer of {len(digits)} digits")
        return 0
    return int(digits)


class FormatFilter:
    """Rows that match the sample's form and shape, with a non-empty answer, in plain text."""

    def __init__(
        self,
        sample: Sequence[Row],
        special_tokens: Sequence[str],
        limits: Limits,
        preamble: Preamble | None = None,
    ) -> None:
        """Rows have the form of the sample's; calls are of the preamble's tools."""
        self._form: RowForm = sample[0].form if sample else "instruction"
        self._preamble = preamble or Preamble()
        # A field that is filled in every sample row has to be filled.
        self._required = {
            name for name in FIELDS if sample and all(getattr(row, name).strip() for row in sample)
        } | {"output"}
        tokens = sorted({token for token in special_tokens if token.strip()}, key=len, reverse=True)
        listed = "|".join(map(re.escape, tokens))
        self._special = re.compile(f"{_CHAT_TOKEN.pattern}|{listed}") if tokens else _CHAT_TOKEN
        self._most = {
            "instruction": limits.instruction_chars,
            "input": limits.input_chars,
            "output": limits.output_chars,
            RESPONSE: limits.response_chars,
        }
        fields = (MESSAGES,) if self._form == "messages" else FIELDS
        self._allowed = (*fields, RESPONSE)

    def row(self, value: Any) -> TracedRow:
        """Return the row that a parsed JSON value is.

        Raises:
            RowRefused: it is none.
        """
        if not isinstance(value, dict):
            raise RowRefused("not an object", f"is {_kind(value)}, expected an object")
        for name in value:
            if name not in self._allowed:
                allowed = ", ".join(self._allowed)
                raise RowRefused("unknown field", f"has field {shown(name)}; allowed: {allowed}")
        for name in (MESSAGES,) if self._form == "messages" else ("instruction", "output"):
            if name not in value:
                raise RowRefused("missing field", f"has no {name}")
        if value.get(RESPONSE, "") is None:
            value = {name: part for name, part in value.items() if name != RESPONSE}
        for name, part in value.items():
            if name != MESSAGES:
                self._require_text(name, part)
        if self._form == "messages":
            return TracedRow(**{**value, MESSAGES: self._messages(value[MESSAGES])})
        for name in FIELDS:
            if name in self._required and not value.get(name, "").strip():
                raise RowRefused(f"empty {name}")
        return TracedRow(**value)

    def _messages(self, value: Any) -> tuple[Message, ...]:
        try:
            messages = read_row_messages(
                value, system=self._preamble.system, tools=self._preamble.tools
            )
        except ConversationFault as fault:
            raise RowRefused(fault.reason, fault.detail) from fault
        for place, message in enumerate(messages):
            self._require_clean(f"turn {place}", message.content)
            for call in message.tool_calls:
                for text in _texts_in(call.arguments):
                    self._require_clean(f"a call of turn {place}", text)
        return messages

    def _require_text(self, name: str, part: Any) -> None:
        if not isinstance(part, str):
            raise RowRefused("not text", f"{name} is {_kind(part)}, expected text")
        if len(part) > self._most[name]:
            raise RowRefused(
                f"{name} too long", f"{name} has {len(part)} characters, most {self._most[name]}"
            )
        self._require_clean(name, part)

    def _require_clean(self, name: str, part: str) -> None:
        if "\0" in part:
            raise RowRefused("NUL", f"{name} holds a NUL character")
        try:
            part.encode("utf-8")
        except UnicodeEncodeError as error:
            raise RowRefused("lone surrogate", f"{name} holds half a character") from error
        if (found := self._special.search(part)) is not None:
            raise RowRefused("special token", f"{name} holds the control token {shown(found[0])}")


def _texts_in(value: Any) -> Iterator[str]:
    """All texts of a JSON value, keys too; it is known to be shallow."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _texts_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts_in(part)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a truth value"}
    return "null" if value is None else names.get(type(value), "a number")
