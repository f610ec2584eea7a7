"""Conversations: turns, calls of tools, and what stands before every conversation of a task."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from coursewright.records.base import Record

Role = Literal["user", "assistant", "tool"]
"""Who speaks. The system prompt is no turn: it is the task's, the same in every conversation."""


class ToolCall(Record):
    """A call of a tool, with arguments that are JSON values."""

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)

    @property
    def text(self) -> str:
        """The call as one line of JSON: how it is written where a template has no form for it."""
        return json.dumps({"name": self.name, "arguments": self.arguments}, ensure_ascii=False)


class Message(Record):
    """One turn. Results of tools follow their calls, in the order of the calls."""

    role: Role
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = Field(default=(), exclude_if=lambda calls: not calls)

    @property
    def text(self) -> str:
        """What is said, then the calls, one a line."""
        said = [self.content.strip()] if self.content.strip() else []
        return "\n".join([*said, *(call.text for call in self.tool_calls)])


Prompt = str | tuple[Message, ...]
"""What a student is asked: a user turn, or a conversation whose next turn is the student's."""


class Tool(Record):
    """A function that the student may call; `parameters` is a JSON schema of an object."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)


class Preamble(Record):
    """What stands before every conversation of a task, in training and in scoring."""

    system: str = ""
    tools: tuple[Tool, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.system or self.tools)


def question_of(messages: Sequence[Message]) -> tuple[str, str | None]:
    """The text of the last turn, and all that was said before it, one `role: text` after another.

    So a conversation can be read, compared and shown as a question with its context.
    """
    *before, last = messages
    return last.text, "\n".join(f"{turn.role}: {turn.text}" for turn in before) or None
