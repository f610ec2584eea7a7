"""Conversations and tools as other people write them, read strictly and within bounds.

A turn is `{"role", "content", "tool_calls"?}`. A call is OpenAI's `{"id"?, "type": "function",
"function": {"name", "arguments"}}`, arguments as an object or as JSON in a text, or the plain
`{"name", "arguments"}`. Ids only say which result belongs to which call; results stand in the
order of the calls, so ids are checked and not kept.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from coursewright.records import Message, Tool, ToolCall

TURNS = 64
CALLS = 16
"""Of one turn."""
TOOLS = 64
CONTENT_CHARS = 32_000
DEPTH = 8
"""Nesting of lists and objects in arguments, and in the schema of a tool."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_ID_CHARS = 200
_FIELDS = {
    "system": {"content", "name"},
    "user": {"content", "name"},
    "assistant": {"content", "name", "tool_calls"},
    "tool": {"content", "name", "tool_call_id"},
}
_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")


class ConversationFault(ValueError):
    """A conversation that cannot be used: `reason` for counting, `detail` with its place."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(detail)


# ---------------------------------------------------------------- conversations


def read_row_messages(
    value: Any, *, system: str = "", tools: Sequence[Tool] = ()
) -> tuple[Message, ...]:
    """Read the conversation of a training row, which ends with the assistant's turn.

    Raises:
        ConversationFault: names the turn at fault.
    """
    messages = read_messages(value, system=system)
    if messages[-1].role != "assistant" or len(messages) < 2:
        raise ConversationFault(
            "no answer", "messages must end with an assistant turn that answers something"
        )
    for place, message in enumerate(messages):
        for call in message.tool_calls:
            if (fault := call_fault(call.name, call.arguments, tools)) is not None:
                raise ConversationFault("call of no such tool", f"turn {place}: {fault}")
    return messages


def read_question(value: Any, *, system: str = "") -> tuple[Message, ...]:
    """Read the conversation of a test item, which ends with what the student has to answer.

    Raises:
        ConversationFault: names the turn at fault.
    """
    messages = read_messages(value, system=system)
    if messages[-1].role == "assistant":
        raise ConversationFault(
            "no question", "messages must end with a user turn or with the results of calls"
        )
    return messages


def read_messages(value: Any, *, system: str = "") -> tuple[Message, ...]:
    """Read a conversation; a system prompt may stand first if it is the task's own `system`.

    Raises:
        ConversationFault: names the turn at fault, counted from 0 without the system prompt.
    """
    if not isinstance(value, list) or not value:
        raise ConversationFault("not a conversation", "messages must be a list of turns")
    turns = value[1:] if _is_system(value[0]) else value
    if len(turns) < len(value):
        _fields(value[0], "the system prompt")
        said = _content(value[0].get("content"), "the system prompt")
        if said.strip() != system.strip():
            raise ConversationFault(
                "other system prompt", "the system prompt is not the task's; leave it out"
            )
    if not 1 <= len(turns) <= TURNS:
        raise ConversationFault("not a conversation", f"expected 1 to {TURNS} turns")
    messages: list[Message] = []
    open_calls: list[str | None] = []
    for number, turn in enumerate(turns):
        place = f"turn {number}"
        _fields(turn, place)
        _require_order(turn["role"], messages, open_calls, place)
        message, ids = _turn(turn, place)
        if message.role == "tool":
            wanted, named = open_calls.pop(0), turn.get("tool_call_id")
            if None not in (wanted, named) and wanted != named:
                raise ConversationFault(
                    "turns out of order", f"{place}: results must stand in the order of the calls"
                )
        else:
            open_calls = ids
        messages.append(message)
    if open_calls and messages[-1].role == "tool":
        raise ConversationFault("turns out of order", "a call has no result before the end")
    return tuple(messages)


def _is_system(turn: Any) -> bool:
    return isinstance(turn, dict) and turn.get("role") == "system"


def _fields(turn: Any, place: str) -> None:
    if not isinstance(turn, dict):
        raise ConversationFault("not a conversation", f"{place} must be an object")
    role = turn.get("role")
    if not isinstance(role, str) or role not in _FIELDS:
        raise ConversationFault(
            "unknown role", f"{place}: role must be user, assistant or tool (or system, at first)"
        )
    for name, part in turn.items():
        # Servers write down what there is not: `"refusal": null`.
        if name != "role" and name not in _FIELDS[role] and part is not None:
            raise ConversationFault(
                "unknown field", f"{place} has field {_shown(name)}, which a {role} turn may not"
            )


def _require_order(
    role: str, before: Sequence[Message], open_calls: Sequence[str | None], place: str
) -> None:
    last = before[-1].role if before else None
    if role == "tool":
        fine = bool(open_calls)
        wanted = "a tool's result must follow its call"
    elif role == "assistant":
        fine = last == "user" or (last == "tool" and not open_calls)
        wanted = "an assistant turn must follow a user turn, or the results of all its calls"
    else:
        fine = role == "user" and (last is None or (last == "assistant" and not open_calls))
        wanted = "a user turn must come first, or follow an assistant turn without open calls"
    if not fine:
        raise ConversationFault("turns out of order", f"{place} ({role}): {wanted}")


def _turn(turn: dict[str, Any], place: str) -> tuple[Message, list[str | None]]:
    """The turn, and the ids of its calls."""
    listed = turn.get("tool_calls") or []
    if not isinstance(listed, list) or len(listed) > CALLS:
        raise ConversationFault(
            "malformed call", f"{place}: tool_calls must be a list of at most {CALLS} calls"
        )
    content = turn.get("content")
    said = "" if content is None and listed else _content(content, place)
    if not said.strip() and not listed and turn["role"] != "tool":
        raise ConversationFault("empty turn", f"{place} says nothing")
    named = turn.get("name"), turn.get("tool_call_id")
    if any(part is not None and not _is_short(part) for part in named):
        raise ConversationFault("malformed call", f"{place}: name and id must be short texts")
    read = [_read_call(each, place) for each in listed]
    calls = tuple(call for call, _ in read)
    return Message(role=turn["role"], content=said, tool_calls=calls), [one for _, one in read]


def _content(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise ConversationFault("not text", f"{place}: content must be a text")
    if len(value) > CONTENT_CHARS:
        raise ConversationFault(
            "turn too long", f"{place} has {len(value)} characters, most {CONTENT_CHARS}"
        )
    return value


def _is_short(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _ID_CHARS


def _read_call(value: Any, place: str) -> tuple[ToolCall, str | None]:
    if not isinstance(value, dict):
        raise ConversationFault("malformed call", f"{place}: a call must be an object")
    named = value.get("id")
    kind = value.get("type", "function")
    inner = value.get("function", value)
    if (named is not None and not _is_short(named)) or kind != "function":
        raise ConversationFault("malformed call", f"{place}: a call's type must be function")
    if not isinstance(inner, dict):
        raise ConversationFault("malformed call", f"{place}: function must be an object")
    name, arguments = inner.get("name"), inner.get("arguments", {})
    if isinstance(arguments, str):
        arguments = _parsed(arguments, place)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConversationFault("malformed call", f"{place}: a call must name a tool")
    if not isinstance(arguments, dict) or not _is_within(arguments, DEPTH):
        raise ConversationFault(
            "malformed call", f"{place}: arguments must be an object, at most {DEPTH} levels deep"
        )
    return ToolCall(name=name, arguments=arguments), named


def _parsed(text: str, place: str) -> Any:
    def refuse(what: str) -> Any:
        raise ValueError(what)

    def number(digits: str) -> float:
        value = float(digits)
        return value if math.isfinite(value) else refuse("a number out of range")

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(found)
        return made if len(made) == len(found) else refuse("a key stands twice")

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_float=number, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise ConversationFault(
            "malformed call", f"{place}: arguments are a text that is no strict JSON"
        ) from None


def _is_within(value: Any, depth: int) -> bool:
    """Whether lists and objects nest at most so deep."""
    level: list[Any] = [value]
    for _ in range(depth + 1):
        level = [
            inner
            for part in level
            if isinstance(part, (dict, list))
            for inner in (part.values() if isinstance(part, dict) else part)
        ]
        if not level:
            return True
    return False


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 60 else f"{text[:60]}…")


# ---------------------------------------------------------------- tools


def tools_of(value: Any) -> tuple[Tool, ...]:
    """Read a list of tools: `{"name", "description", "parameters"}`, or OpenAI's form around it.

    Raises:
        ConversationFault: names the tool at fault.
    """
    if not isinstance(value, (list, tuple)) or len(value) > TOOLS:
        raise ConversationFault("tools", f"must be a list of at most {TOOLS} functions")
    tools: dict[str, Tool] = {}
    for number, each in enumerate(value):
        tool = _tool(each, f"tool {number}")
        if tool.name in tools:
            raise ConversationFault("tools", f"the name {tool.name!r} stands twice")
        tools[tool.name] = tool
    return tuple(tools.values())


def _tool(value: Any, place: str) -> Tool:
    if isinstance(value, dict) and set(value) == {"type", "function"}:
        value = value["function"]
    if not isinstance(value, dict) or not set(value) <= {"name", "description", "parameters"}:
        raise ConversationFault(
            "tools", f"{place}: expected an object with name, description and parameters"
        )
    name, description = value.get("name"), value.get("description", "")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConversationFault(
            "tools",
            f"{place}: name must be up to 64 letters, digits or _ . - and begin with a letter or _",
        )
    if not isinstance(description, str) or len(description) > 2000:
        raise ConversationFault("tools", f"{name}: description must be a text of up to 2000 signs")
    parameters = value.get("parameters", {})
    if not isinstance(parameters, dict) or not _is_within(parameters, 2 * DEPTH):
        raise ConversationFault("tools", f"{name}: parameters must be a JSON schema of an object")
    if parameters:
        if parameters.get("type", "object") != "object":
            raise ConversationFault("tools", f"{name}: parameters must have the type object")
        _require_schema(parameters, f"{name}.parameters")
    return Tool(name=name, description=description, parameters=parameters)


def _require_schema(schema: Any, place: str) -> None:
    """What of JSON Schema is relied on, in its right form; other keywords are passed on as text."""
    if not isinstance(schema, dict):
        raise ConversationFault("tools", f"{place}: a schema must be an object")
    if "$ref" in schema:
        raise ConversationFault("tools", f"{place}: write schemas out; $ref is not followed")
    kind = schema.get("type", "object")
    if not all(each in _TYPES for each in (kind if isinstance(kind, list) else [kind])):
        raise ConversationFault("tools", f"{place}: type must be one of {', '.join(_TYPES)}")
    if not isinstance(schema.get("enum", []), list):
        raise ConversationFault("tools", f"{place}: enum must be a list")
    known = schema.get("properties", {})
    if not isinstance(known, dict):
        raise ConversationFault("tools", f"{place}: properties must be an object")
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(name in known for name in required):
        raise ConversationFault("tools", f"{place}: required must name properties")
    for name, inner in known.items():
        _require_schema(inner, f"{place}.{name}")
    if "items" in schema:
        _require_schema(schema["items"], f"{place}.items")


def call_fault(name: str, arguments: Mapping[str, Any], tools: Sequence[Tool]) -> str | None:
    """Why a call is none of these tools': its name, a missing or an unknown argument; else None."""
    tool = next((each for each in tools if each.name == name), None)
    if tool is None:
        known = ", ".join(each.name for each in tools) or "none"
        return f"there is no tool {_shown(name)}; there are: {known}"
    known_arguments = tool.parameters.get("properties", {})
    for wanted in tool.parameters.get("required", ()):
        if wanted not in arguments:
            return f"{name} needs the argument {wanted}"
    if tool.parameters.get("additionalProperties", False) is False:
        for given in arguments:
            if given not in known_arguments:
                return f"{name} has no argument {_shown(given)}"
    return None
