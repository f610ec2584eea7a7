"""A conversation as a chat template takes it: natively where it can, else in plain words.

Templates differ in what they know. One that renders tools and calls gets them as they are; one
that does not gets the tools listed in the system prompt, calls as one JSON object a line, and
results as user turns; and where even a system prompt is unknown it stands at the top of the first
user turn. Training and scoring go through `told` alone, so they cannot differ.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coursewright.records import Message, Preamble, Prompt, Tool

HOW_TO_CALL = 'To call a tool, write {"name": ..., "arguments": {...}}, one call a line.'


@dataclass(frozen=True)
class Manner:
    """What a chat template can say by itself."""

    system: bool
    tools: bool


def told(prompt: Prompt, preamble: Preamble, manner: Manner) -> list[dict[str, Any]]:
    """Return the turns of a prompt, or of a whole row, for `apply_chat_template`.

    With `manner.tools` the template is given `schemas(preamble.tools)` beside them.
    """
    messages = (Message(role="user", content=prompt),) if isinstance(prompt, str) else prompt
    turns = native_turns(messages) if manner.tools else _plain(messages)
    listed = () if manner.tools else preamble.tools
    head = "\n\n".join(filter(None, (preamble.system.strip(), tools_text(listed))))
    if not head:
        return turns
    if manner.system:
        return [{"role": "system", "content": head}, *turns]
    return [{"role": "user", "content": f"{head}\n\n{turns[0]['content']}"}, *turns[1:]]


def schemas(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """Tools in the form that servers and chat templates take."""
    listed = []
    for tool in tools:
        parameters = tool.parameters or {"type": "object", "properties": {}}
        function = {"name": tool.name, "description": tool.description, "parameters": parameters}
        listed.append({"type": "function", "function": function})
    return listed


def tools_text(tools: Sequence[Tool]) -> str:
    """Tools in plain words, a line each: `name(argument: type, optional?: type): what it does`."""
    if not tools:
        return ""
    return "\n".join(["Tools:", *map(_tool_text, tools), HOW_TO_CALL])


def _tool_text(tool: Tool) -> str:
    known = tool.parameters.get("properties", {})
    required = tool.parameters.get("required", ())
    arguments = ", ".join(
        f"{name}{'' if name in required else '?'}: {_type_text(schema)}"
        for name, schema in known.items()
    )
    line = f"{tool.name}({arguments})"
    lines = [f"{line}: {tool.description.strip()}" if tool.description.strip() else line]
    for name, schema in known.items():
        if said := str(schema.get("description", "")).strip():
            lines.append(f"  {name}: {said}")
    return "\n".join(lines)


def _type_text(schema: dict[str, Any]) -> str:
    if schema.get("enum"):
        return "|".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"])
    kind = schema.get("type", "object")
    if kind == "array" and "items" in schema:
        return f"{_type_text(schema['items'])}[]"
    return "|".join(kind) if isinstance(kind, list) else str(kind)


def native_turns(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Turns as servers and chat templates take them, calls and their results joined by ids."""
    turns: list[dict[str, Any]] = []
    waiting: list[tuple[str, str]] = []
    for message in messages:
        turn: dict[str, Any] = {"role": message.role, "content": message.content}
        if message.role == "tool":
            turn["tool_call_id"], turn["name"] = waiting.pop(0)
        elif message.tool_calls:
            # Nine signs, which is what the strictest templates want of an id.
            ids = [f"call{len(turns):03d}{n:02d}" for n in range(len(message.tool_calls))]
            calls = [call.model_dump(mode="json") for call in message.tool_calls]
            turn["tool_calls"] = [
                {"id": one, "type": "function", "function": call}
                for one, call in zip(ids, calls, strict=True)
            ]
            waiting = [(one, call.name) for one, call in zip(ids, message.tool_calls, strict=True)]
        turns.append(turn)
    return turns


def _plain(messages: Sequence[Message]) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = []
    waiting: list[str] = []
    for message in messages:
        if message.role == "tool":
            line = f"Result of {waiting.pop(0)}: {message.content.strip()}"
            if turns[-1]["role"] == "user":
                turns[-1]["content"] += f"\n{line}"
            else:
                turns.append({"role": "user", "content": line})
            continue
        waiting = [call.name for call in message.tool_calls]
        content = message.text if message.tool_calls else message.content
        turns.append({"role": message.role, "content": content})
    return turns
