"""What task.yaml and the lines of the item files may say."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from coursewright.chat import ConversationFault, read_question, tools_of
from coursewright.errors import TaskError
from coursewright.records import (
    DiversityLimits,
    Generation,
    Item,
    Preamble,
    ProbeName,
    ProbePart,
    RowLimits,
    Seed,
    Tool,
)
from coursewright.refusals import explained
from coursewright.tasks.reading import Lines

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_GOLD_NAMES = frozenset(
    ("answer", "answers", "equation", "expected", "gold", "label", "output", "solution", "target")
)
MOST_PARTS = 16
"""Files of one probe."""
_ITEM_KEYS = frozenset(Item.model_fields)
_SEED_KEYS = frozenset(Seed.model_fields)


def _parts_of(value: Any) -> Any:
    """Probes as they may be written: a file, an object with a file, or several of them."""
    if not isinstance(value, dict):
        return value
    parts = {}
    for name, one in value.items():
        several = one if isinstance(one, list) else [one]
        if not 1 <= len(several) <= MOST_PARTS:
            raise ValueError(f"{str(name)[:40]} must name 1 to {MOST_PARTS} files")
        parts[name] = tuple({"file": p} if isinstance(p, str) else p for p in several)
    return parts


class TaskSpec(BaseModel):
    """The fields of task.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    schema_: Literal[1] = Field(alias="schema")
    """Version of the folder format."""
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    """Lower case, digits and hyphens."""
    summary: str = Field(min_length=1, max_length=300)
    """One line for lists."""
    instruction: str = Field(default="", max_length=8000)
    """Precedes every question, in training and in scoring. Not where rows are conversations."""
    system: str = Field(default="", max_length=8000)
    """The system prompt of every conversation, in training and in scoring."""
    tools: Annotated[tuple[Tool, ...], BeforeValidator(tools_of)] = ()
    """Functions that the student may call."""
    answer_format: str = Field(min_length=1, max_length=8000)
    """How an answer must look, in words."""
    scorer: dict[str, Any]
    """`kind` and its options; see `coursewright.scoring`."""
    generation: Generation = Generation()
    """How the student answers."""
    rows: RowLimits = RowLimits()
    """How many training rows a submission may and must have."""
    diversity: DiversityLimits = DiversityLimits()
    """How varied they must be; the defaults are measured against the visible items."""
    baselines: tuple[Literal["constant-expression", "keyword-rule"], ...] = Field(
        default=(), strict=False
    )
    """Rules that do not understand the question, scored beside every result."""
    unfixable: tuple[str, ...] = Field(default=(), max_length=10_000, strict=False)
    """Ids of items whose gold the scorer's `policy: official` cannot accept, and `repaired` does.

    Known faults of an official rule; whoever answers, they count as wrong."""
    probes: Annotated[
        dict[ProbeName, tuple[ProbePart, ...]],
        BeforeValidator(_parts_of),
    ] = Field(default_factory=dict)
    """Exams beside the exam; see `docs/probes.md`."""
    license: str | None = Field(default=None, min_length=1, max_length=100)
    """Licence of the task's texts, for the cards of exports."""

    @property
    def preamble(self) -> Preamble:
        """What stands before every conversation."""
        return Preamble(system=self.system.strip(), tools=self.tools)


def parse_spec(
    values: dict[str, Any], lines: Lines, path: Path
) -> tuple[TaskSpec | None, list[TaskError]]:
    """The spec, or everything that is wrong with it."""
    try:
        spec = TaskSpec.model_validate(values)
    except ValidationError as error:
        return None, [_explain(problem, lines, path) for problem in error.errors()]
    problems = [
        TaskError("is blank", file=path, line=lines.get((field,)), field=field)
        for field in ("summary", "answer_format", "instruction", "system")
        if (field in values or field in ("summary", "answer_format"))
        and not getattr(spec, field).strip()
    ]
    if spec.rows.minimum > spec.rows.maximum:
        message = f"minimum {spec.rows.minimum} is above maximum {spec.rows.maximum}"
        problems.append(TaskError(message, file=path, line=lines.get(("rows",)), field="rows"))
    return spec, problems


def _explain(problem: Any, lines: Lines, path: Path) -> TaskError:
    place, message, _ = explained(problem, TaskSpec)
    if isinstance(fault := problem.get("ctx", {}).get("error"), ConversationFault):
        message = fault.detail
    elif problem["type"] not in ("missing", "extra_forbidden"):
        message = f"{message}, found {str(problem['input'])[:60]!r}"
    shown = next(
        (lines[place[:end]] for end in range(len(place), 0, -1) if place[:end] in lines), 1
    )
    return TaskError(message, file=path, line=shown, field=".".join(place))


def item_problems(
    line: dict[str, Any], *, seed: bool, system: str = ""
) -> Iterator[tuple[str, str]]:
    """Pairs (field, what is wrong) of one parsed line; `system` is the task's system prompt."""
    known = _SEED_KEYS if seed else _ITEM_KEYS
    for key in line:
        if seed and key.casefold() in _GOLD_NAMES:
            yield key, "a seed must hold no answer"
        elif key not in known:
            yield key, f"is not a field; there are {', '.join(sorted(known))}"
    yield from _identity(line)
    if "messages" in line:
        yield from _conversation(line, system)
        known = known - {"question", "context"}
    for field in ("question", "context", "group", "topic"):
        value = line.get(field)
        if field not in known or (field != "question" and (field not in line or value is None)):
            continue
        if field == "question" and field not in line:
            yield field, "is missing"
        elif not isinstance(value, str):
            yield field, "must be a text"
        elif not value.strip():
            yield field, "is blank"
    meta = line.get("meta", {})
    if not isinstance(meta, dict):
        yield "meta", "must be an object"
    elif seed:
        for key in _gold_keys(meta):
            yield f"meta.{key}", "a seed must hold no answer"
    if not seed:
        yield from _answer(line)


def item_fields(line: dict[str, Any], system: str = "") -> dict[str, Any]:
    """The fields of an item or seed, of a line without problems."""
    if "messages" not in line:
        return line
    return {**line, "messages": read_question(line["messages"], system=system)}


def _conversation(line: dict[str, Any], system: str) -> Iterator[tuple[str, str]]:
    for field in ("question", "context"):
        if field in line:
            yield field, "stands beside `messages`, whose last turn is the question; remove it"
    try:
        read_question(line["messages"], system=system)
    except ConversationFault as fault:
        yield "messages", fault.detail


def _identity(line: dict[str, Any]) -> Iterator[tuple[str, str]]:
    identifier = line.get("id")
    if "id" not in line:
        yield "id", "is missing"
    elif not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        yield "id", "must be 1 to 128 letters, digits or . _ : - and begin with a letter or digit"


def _answer(line: dict[str, Any]) -> Iterator[tuple[str, str]]:
    answer = line.get("answer")
    if "answer" not in line or answer is None:
        yield "answer", "is missing"
    elif isinstance(answer, str) and not answer.strip():
        yield "answer", "is blank"
    elif isinstance(answer, bool):
        yield "answer", "must be text, number, list or object; write a truth value as text"
    elif isinstance(answer, float) and not math.isfinite(answer):
        yield "answer", "is not a finite number"
    elif isinstance(answer, (list, dict)) and not answer:
        yield "answer", "is empty"


def _gold_keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            if key.casefold() in _GOLD_NAMES:
                yield key
            yield from _gold_keys(part)
    elif isinstance(value, list):
        for part in value:
            yield from _gold_keys(part)
