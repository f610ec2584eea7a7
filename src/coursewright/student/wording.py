"""How one tokenizer's chat template words a conversation, for training and for answers alike."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import takewhile
from typing import Any

from pydantic import TypeAdapter

from coursewright.chat import Manner, layout, schemas, told
from coursewright.records import Message, Preamble, Prompt, Row, Tool, ToolCall

_PROMPT: TypeAdapter[Prompt] = TypeAdapter(Prompt)

_PROBE_CALL = ToolCall(name="probe_tool", arguments={"probe_argument": "probe_value"})
_PROBE = (
    Message(role="user", content="probe_question"),
    Message(role="assistant", tool_calls=(_PROBE_CALL,)),
    Message(role="tool", content="probe_result"),
    Message(role="assistant", content="probe_answer"),
)
_PROBE_TOOL = Tool(
    name="probe_listed",
    description="Probe.",
    parameters={"type": "object", "properties": {"probe_argument": {"type": "string"}}},
)
_NATIVE = ("probe_listed", "probe_tool", "probe_value", "probe_result", "probe_answer")


class Wording:
    """A tokenizer's chat template with the switches and the preamble of a task."""

    def __init__(
        self,
        tokenizer: Any,
        options: dict[str, Any],
        preamble: Preamble | dict[str, Any] | None = None,
    ) -> None:
        """`preamble` may be as JSON has it: requests to the worker hold it so."""
        self._tokenizer = tokenizer
        self._options = options
        self._preamble = Preamble.model_validate(preamble or {})

    @cached_property
    def manner(self) -> Manner:
        """What the template can say by itself, found by letting it."""
        asked = [{"role": "user", "content": "probe_question"}]
        head = [{"role": "system", "content": "probe_system"}, *asked]
        turns = told(_PROBE, Preamble(), Manner(system=True, tools=True))
        return Manner(
            system=self._says(head, ("probe_system", "probe_question"), ()),
            tools=self._says(turns, _NATIVE, (_PROBE_TOOL,)),
        )

    def prompt(self, prompt: Any) -> str:
        """The text of a prompt up to where the answer begins."""
        return str(self._apply(self._told(_PROMPT.validate_python(prompt)), answering=True))

    def row(self, row: Row) -> tuple[list[int], list[int]]:
        """Tokens of a row, and for each a 1 if it is trained on: those of the answer.

        Where the template words a prompt otherwise once its answer stands there, the answer
        begins where the two differ.
        """
        if row.messages:
            *asked, answer = self._told(row.messages)
        else:
            asked = self._told(layout(row.instruction, row.input))
            answer = {"role": "assistant", "content": row.output}
        prompt = self._apply(asked, answering=True, tokenize=True)["input_ids"]
        whole = self._apply([*asked, answer], answering=False, tokenize=True)["input_ids"]
        pairs = zip(prompt, whole, strict=False)
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        return whole, [0] * shared + [1] * (len(whole) - shared)

    def _told(self, prompt: Prompt) -> list[dict[str, Any]]:
        return told(prompt, self._preamble, self._manner_for(prompt))

    def _manner_for(self, prompt: Prompt) -> Manner:
        # A lone user turn is the same in every manner; most tasks have nothing else.
        alone = isinstance(prompt, str) and not self._preamble
        return Manner(system=True, tools=True) if alone else self.manner

    def _apply(
        self, turns: Sequence[dict[str, Any]], *, answering: bool, tokenize: bool = False
    ) -> Any:
        tools = self._preamble.tools if self._preamble and self.manner.tools else ()
        return self._render(turns, tools, answering=answering, tokenize=tokenize)

    def _render(
        self,
        turns: Sequence[dict[str, Any]],
        tools: Sequence[Tool],
        *,
        answering: bool = False,
        tokenize: bool = False,
    ) -> Any:
        return self._tokenizer.apply_chat_template(
            list(turns),
            tools=schemas(tools) or None,
            add_generation_prompt=answering,
            tokenize=tokenize,
            return_dict=tokenize,
            **self._options,
        )

    def _says(
        self, turns: Sequence[dict[str, Any]], wanted: Sequence[str], tools: Sequence[Tool]
    ) -> bool:
        try:
            text = str(self._render(turns, tools))
        except Exception:  # templates refuse what they do not know with errors of any kind
            return False
        return all(word in text for word in wanted)
