"""Tool calls: the right functions with the right arguments, compared as JSON values.

A gold is `{"name": ..., "arguments": {...}}` or a list of them. An answer is text, and is read
with these allowances and no others:

- A call is an object with `name` and `arguments`; `parameters` may stand for `arguments`, which
  may be left out where there are none, or be JSON in a text, as OpenAI's servers have it.
- It may lie in `{"type": "function", "function": {...}}`, several in a list or under `tool_calls`.
- Calls may stand in `<tool_call>` tags, in a code fence, or amid prose; what comes before
  `</think>` is not read. An object that is no call is passed over.

1 is 1.0, but a number is neither its text nor a truth value. An object with the same key twice is
no call. Nothing of an answer is ever executed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from coursewright.chat import json_values

_STARTS = 200
"""Places of one answer at which JSON is looked for: a bound for hostile answers."""
_DEEPEST = 50


class Call(NamedTuple):
    """One call, as it was read."""

    name: str
    arguments: dict[str, Any]


class ToolCall(BaseModel):
    """Right if the answer makes the gold calls, each as often as the gold does, and no other."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    order: Literal["any", "given"] = "any"
    """Whether several calls must come in the gold's order."""
    case: Literal["same", "any"] = "same"
    """Whether texts in arguments must have the gold's case; `any` makes spaces equal too."""
    ignore: tuple[str, ...] = ()
    """Arguments that are not compared, such as a text that can be worded in many ways."""
    longest: int = Field(default=16_000, ge=1, le=100_000)
    """Characters an answer may have."""
    deepest: int = Field(default=20, ge=3, le=_DEEPEST)
    """Brackets that an answer may nest."""

    def score(self, output: str, answer: Any) -> float:
        gold = self._gold(answer)
        given = read_calls(output, self.longest, self.deepest)
        if not gold or len(given) != len(gold):
            return 0.0
        wanted, made = map(self._comparable, gold), map(self._comparable, given)
        if self.order == "given":
            return float(list(wanted) == list(made))
        return float(Counter(wanted) == Counter(made))

    def readable(self, output: str) -> bool:
        return bool(read_calls(output, self.longest, self.deepest))

    def written(self, answer: Any) -> str:
        """How a student writes this gold: one JSON object a line."""
        return "\n".join(call_text(call.name, call.arguments) for call in self._gold(answer))

    def _gold(self, answer: Any) -> list[Call]:
        if isinstance(answer, str):
            return read_calls(answer, self.longest, self.deepest)
        return list(_calls_in(answer)) if _is_shallow(answer, self.deepest) else []

    def _comparable(self, call: Call) -> Any:
        kept = {key: part for key, part in call.arguments.items() if key not in self.ignore}
        return call.name, self._frozen(kept)

    def _frozen(self, value: Any) -> Any:
        """A value that is equal, and hashes alike, exactly where two JSON values are the same."""
        if isinstance(value, dict):
            return frozenset((key, self._frozen(part)) for key, part in value.items())
        if isinstance(value, (list, tuple)):
            return ("list", *map(self._frozen, value))
        if isinstance(value, str) and self.case == "any":
            return " ".join(value.casefold().split())
        return (bool, value) if isinstance(value, bool) else value


def call_text(name: str, arguments: dict[str, Any]) -> str:
    """A call as one line of JSON."""
    return json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)


def read_calls(text: str, longest: int = 16_000, deepest: int = 20) -> list[Call]:
    """The calls in a text, in its order; none if the text is longer or nests deeper than that."""
    if len(text) > longest:
        return []
    found: list[Call] = []
    decoder = json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_constant=_refuse)
    for value in json_values(text.rpartition("</think>")[2], most=_STARTS, decoder=decoder):
        if not _is_shallow(value, deepest):
            return []
        found += _calls_in(value)
    return found


def _calls_in(value: Any) -> Iterator[Call]:
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _calls_in(part)
    if not isinstance(value, dict):
        return
    if (call := _call(value)) is not None:
        yield call
    elif isinstance(value.get("function"), dict):
        yield from _calls_in(value["function"])
    elif isinstance(value.get("tool_calls"), list):
        yield from _calls_in(value["tool_calls"])


def _call(value: dict[str, Any]) -> Call | None:
    name = value.get("name")
    arguments = value.get("arguments", value.get("parameters", {}))
    if isinstance(arguments, str):
        try:
            arguments = json.loads(
                arguments, object_pairs_hook=_without_duplicates, parse_constant=_refuse
            )
        except (ValueError, RecursionError):
            return None
    named = isinstance(name, str) and name.strip()
    if not named or not isinstance(arguments, dict) or not _is_shallow(arguments, _DEEPEST):
        return None
    return Call(named, arguments)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _is_shallow(value: Any, deepest: int) -> bool:
    """Whether lists and objects nest at most so deep. Not recursive: answers are hostile."""
    level: Sequence[Any] = [value]
    for _ in range(deepest + 1):
        inner: list[Any] = []
        for part in level:
            if isinstance(part, dict):
                inner += part.values()
            elif isinstance(part, (list, tuple)):
                inner += part
        if not inner:
            return True
        level = inner
    return False
