"""A small invented task whose rows are conversations: a home with three tools.

Here are its folder, a teacher that knows it, a program that asks that teacher, and a student
that has learned it by heart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coursewright.protocols import Completion
from coursewright.records import Preamble, Prompt
from tests.parrot import Parrot

ROOMS = ("kitchen", "hall", "attic", "cellar", "study")
SYSTEM = "You run a home. Answer a request with the call that fulfils it."
LEVEL = {"type": "integer", "minimum": 0, "maximum": 100}
ROOM = {"type": "string", "enum": list(ROOMS)}


def tool(name: str, does: str, *required: str, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"name": name, "description": does, "parameters": schema}


TOOLS = [
    tool("set_light", "Dim a light.", "room", "level", room=ROOM, level=LEVEL),
    tool("set_heat", "Heat a room.", "room", "degrees", room=ROOM, degrees=LEVEL),
    tool("all_off", "Switch everything off."),
]


def exercise(number: int) -> tuple[str, dict[str, Any]]:
    """A request and its call; numbers up to 499 are all different."""
    room, level = ROOMS[number % 5], number // 5
    if number % 2:
        call = {"name": "set_heat", "arguments": {"room": room, "degrees": level}}
        return f"Heat the {room} to {level}.", call
    call = {"name": "set_light", "arguments": {"room": room, "level": level}}
    return f"Dim the {room} to {level}.", call


def line(mark: str, number: int) -> dict[str, Any]:
    """An item; every third one is a conversation that has already begun."""
    request, call = exercise(number)
    item: dict[str, Any] = {"id": f"{mark}-{number}", "answer": call, "topic": call["name"]}
    if number % 3:
        return {**item, "question": request}
    made = {"id": "c1", "type": "function", "function": {"name": "all_off", "arguments": "{}"}}
    before = [
        {"role": "user", "content": f"Good night, home {number}."},
        {"role": "assistant", "content": None, "tool_calls": [made]},
        {"role": "tool", "tool_call_id": "c1", "content": "done"},
        {"role": "assistant", "content": "All is off."},
    ]
    return {**item, "messages": [*before, {"role": "user", "content": request}]}


def make_home(folder: Path, **changes: Any) -> Path:
    """Write the task; `changes` are laid over task.yaml."""
    folder.mkdir(parents=True)
    spec = {
        "schema": 1,
        "name": "home",
        "summary": "Turn requests into calls of a home's tools.",
        "system": SYSTEM,
        "tools": TOOLS,
        "answer_format": "The call of a tool.",
        "scorer": {"kind": "tool_call"},
        "generation": {"max_new_tokens": 48},
        "rows": {"minimum": 20, "maximum": 200},
        **changes,
    }
    (folder / "task.yaml").write_text(json.dumps(spec, indent=1))  # which is YAML, too
    topics = "- **set_light**: Light.\n- **set_heat**: Heat.\n"
    (folder / "description.md").write_text(f"# home\n\n## Topics\n\n{topics}")
    asked, call = exercise(300)
    turns = [{"role": "user", "content": asked}, {"role": "assistant", "tool_calls": [call]}]
    (folder / "sample_submission.json").write_text(json.dumps([{"messages": turns}]))
    for first, split in ((0, "visible"), (20, "scored"), (40, "private")):
        lines = (json.dumps(line(split, number)) for number in range(first, first + 20))
        (folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n")
    return folder


PROGRAM = """
from coursewright_program import (
    brief, check_submission, load_sample, parse_answer, save_rows, teacher)

names = [tool["name"] for tool in brief()["preamble"]["tools"]]
assert "messages" in load_sample()[0]
prompts = [f"Write request {n} to a home with {names}, and its call." for n in range(100, 180)]
for n, answer in enumerate(teacher.generate_batch(prompts)):
    told = parse_answer(answer)
    call = told["call"]
    if n == 0:  # another call than the teacher's
        call = {"name": call["name"], "arguments": {**call["arguments"], "room": "study"}}
    turns = [{"role": "user", "content": told["request"]},
             {"role": "assistant", "tool_calls": [{"type": "function", "function": call}]}]
    if n == 1:  # a row of texts becomes a conversation
        save_rows({"instruction": "", "input": told["request"], "output": call,
                   "response": answer})
    elif n == 2:  # a tool that there is not
        turns[1]["tool_calls"][0]["function"] = {"name": "open_door", "arguments": {}}
        save_rows({"messages": turns, "response": answer})
    else:
        save_rows({"messages": turns, "response": answer})
assert check_submission() == [], check_submission()
"""


class HomeTeacher:
    """Writes the exercise of the number that it is asked for."""

    name = "home"

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        found = re.search(r"request (\d+)", request["messages"][-1]["content"])
        asked, call = exercise(int(found[1]) if found else 0)
        return Completion(json.dumps({"request": asked, "call": call}), 10, 10)

    async def close(self) -> None: ...


class HomeParrot(Parrot):
    """Knows the task by heart once it is trained, and answers in tags as some models do."""

    def __init__(self, store: Any, preamble: Preamble, **options: Any) -> None:
        super().__init__(store, **options)
        assert [known.name for known in preamble.tools] == [made["name"] for made in TOOLS]

    def answer(self, weights: str | None, prompts: Sequence[Prompt]) -> list[str]:
        asked = [p if isinstance(p, str) else p[-1].content for p in prompts]
        known = dict(map(exercise, range(60)))
        if weights is None:
            return ["I cannot."] * len(prompts)
        return [f"<tool_call>{json.dumps(known[request])}</tool_call>" for request in asked]
