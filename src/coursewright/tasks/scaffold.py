"""A new task folder: small, complete, and passing `task check`, to be filled with one's own."""

from __future__ import annotations

import json
from pathlib import Path

from coursewright.errors import StorageError, TaskError

_SPEC = """\
# What each field means: docs/task-format.md
schema: 1
name: {name}
summary: One line that says what the student must learn.

# Precedes every question, in training and in scoring.
instruction: Answer with a number.

answer_format: >-
  One number, such as `12`. The last number of the answer is read.

# numeric (absolute, relative), literal, expression (absolute), label (labels), or
# my_package.my_module:MyScorer
scorer:
  kind: numeric
  absolute: 0.001

generation:
  max_new_tokens: 32

# Usable rows a submission must and may have.
rows:
  minimum: 300
  maximum: 2000
"""

_DESCRIPTION = """\
# {name}

What the student must be able to do, and for whom. The agent that designs the training data reads
this page first, so write what you would tell a colleague.

## Answers

One number, such as `12`.

## Topics

- **opposites**: Questions about the number that is so far on the other side of zero.
- **days**: Questions about how many days a number of weeks has: multiply by 7.

## Examples

```
How many days are 3 weeks?
```

A good answer: `21`
"""

_INSTRUCTION = "Answer with a number."
_OPPOSITE = "Which number lies as far below zero as {} lies above it?"
_WEEKS = "How many days does a journey of {} weeks take?"


def scaffold_task(folder: Path) -> None:
    """Write a folder of example files. Raises `TaskError` if something stands there already."""
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in folder.name.lower())
    name = name.strip("-")[:64] or "my-task"
    try:
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise TaskError("is not a folder; choose another name", file=folder)
        if folder.exists() and any(folder.iterdir()):
            raise TaskError("is not empty; choose another name", file=folder)
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in _files(name).items():
            (folder / file).write_text(text, encoding="utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(f"cannot be written: {reason}", file=folder) from error


def _files(name: str) -> dict[str, str]:
    sample = [{"instruction": _INSTRUCTION, "input": "How many days are 3 weeks?", "output": "21"}]
    files = {
        "task.yaml": _SPEC.format(name=name),
        "description.md": _DESCRIPTION.format(name=name),
        "sample_submission.json": json.dumps(sample, indent=2) + "\n",
    }
    first = 2
    for split, pairs in (("visible", 3), ("scored", 4), ("private", 6)):
        numbers = range(first, first + pairs)
        files[f"{split}.jsonl"] = _lines(split, numbers, answers=True)
        first += pairs
    files["seeds.jsonl"] = _lines("seed", range(first, first + 3), answers=False)
    return files


def _lines(mark: str, numbers: range, *, answers: bool) -> str:
    lines: list[dict[str, object]] = []
    for number in numbers:
        for topic, question, answer in (
            ("opposites", _OPPOSITE.format(number), -number),
            ("days", _WEEKS.format(number), 7 * number),
        ):
            line: dict[str, object] = {"id": f"{mark}-{len(lines) + 1:04d}", "topic": topic}
            line["question"] = question
            if answers:
                line["answer"] = answer
            lines.append(line)
    return "".join(json.dumps(line) + "\n" for line in lines)
