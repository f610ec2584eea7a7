"""The handful of examples that a draft begins with, and the exam's form that they imply."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursewright.drafting.settings import DraftSettings
from coursewright.errors import TaskError
from coursewright.protocols import Scorer
from coursewright.records import Item
from coursewright.scoring import accepts, make_scorer
from coursewright.scoring.numeric import last_number
from coursewright.tasks.reading import read_bytes, read_lines
from coursewright.tasks.spec import item_problems

MOST = 200
_LARGEST = 8 * 2**20


@dataclass(frozen=True)
class Form:
    """How questions are asked and answers are scored."""

    scorer_spec: dict[str, Any]
    scorer: Scorer
    numbers: bool
    """Whether gold answers are numbers."""
    with_passage: bool
    """Whether the passage stands above the question."""
    topics: tuple[str, ...]
    instruction: str
    answer_format: str


@dataclass(frozen=True)
class Examples:
    """The examples, and the digest of their file."""

    items: tuple[Item, ...]
    digest: str
    form: Form


def read_examples(path: Path, settings: DraftSettings) -> Examples:
    """Read a JSONL file of questions and answers, with context and topic where there are.

    Raises:
        TaskError: with file, line and field of the first thing that is wrong.
    """
    content = read_bytes(path.parent, path.name, _LARGEST)
    items: list[Item] = []
    for number, line in read_lines(content, path):
        if isinstance(line, TaskError):
            raise line
        line = {"id": f"example-{number}", **line}
        for field, message in item_problems(line, seed=False):
            raise TaskError(message, file=path, line=number, field=field)
        items.append(Item.model_validate(line))
        if len(items) > MOST:
            raise TaskError(f"holds more than {MOST} examples; a handful will do", file=path)
    form = _form(items, settings)
    for number, item in enumerate(items, 1):
        if not accepts(form.scorer, item.answer):
            message = (
                f"the scorer {form.scorer_spec['kind']!r} rejects this answer: "
                f"{str(item.answer)[:80]!r}; name another with --set scorer.kind=…"
            )
            raise TaskError(message, file=path, line=number, field="answer")
    return Examples(tuple(items), hashlib.sha256(content).hexdigest(), form)


def _form(items: Sequence[Item], settings: DraftSettings) -> Form:
    numbers = all(_is_number(item.answer) for item in items)
    kind = {"kind": "numeric", "relative": 0.001} if numbers else {"kind": "label"}
    spec = dict(settings.scorer) or kind
    asked = settings.context
    with_passage = asked == "passage" or (asked == "auto" and any(item.context for item in items))
    reading = "Read the passage and answer the question" if with_passage else "Answer the question"
    manner = "with a number" if numbers else "in a few words"
    return Form(
        scorer_spec=spec,
        scorer=make_scorer(spec),
        numbers=all(isinstance(item.answer, (int, float)) for item in items),
        with_passage=with_passage,
        topics=tuple(dict.fromkeys(item.topic for item in items if item.topic)),
        instruction=settings.instruction or f"{reading} {manner}.",
        answer_format=settings.answer_format or _format(items, numbers),
    )


def _is_number(answer: Any) -> bool:
    if isinstance(answer, str):
        return len(answer) <= 40 and last_number(answer) is not None and _is_bare(answer)
    return isinstance(answer, (int, float)) and not isinstance(answer, bool)


def _is_bare(text: str) -> bool:
    return all(sign.isdigit() or sign in "+-−.,eE $€£%" for sign in text.strip())


def _format(items: Sequence[Item], numbers: bool) -> str:
    shown = str(items[0].answer).replace("`", "'")[:200]
    if numbers:
        return f"One number, such as `{shown}`. The last number of the answer is read."
    return f"The answer alone, in as few words as it takes, such as `{shown}`."
