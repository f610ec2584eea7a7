"""The files of a built task folder; their bytes depend on nothing but what goes into them."""

from __future__ import annotations

import json
from collections.abc import Mapping as Values
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from coursewright.scoring import Scorer, written
from coursewright.tasks.builders.expressions import render, render_tree
from coursewright.tasks.builders.items import Candidate
from coursewright.tasks.builders.mapping import Mapping

_MOST_TOPICS = 200
_MOST_ANSWERS = 1000


def task_names(mapping: Mapping, items: Sequence[Candidate]) -> dict[str, Any]:
    """What expressions in the task part can name."""
    answers = {one.answer for one in items if isinstance(one.answer, str)}
    listed = {
        part
        for one in items
        if isinstance(one.answer, list)
        for part in one.answer
        if isinstance(part, str)
    }
    return {
        "settings": mapping.settings,
        "topics": sorted({one.topic for one in items if one.topic}),
        "answers": sorted(answers) if len(answers) <= _MOST_ANSWERS else [],
        "listed": sorted(listed) if len(listed) <= _MOST_ANSWERS else [],
    }


def scorer_spec(mapping: Mapping, names: Values[str, Any]) -> dict[str, Any]:
    """The scorer as task.yaml will name it."""
    spec = render_tree(dict(mapping.task.scorer), names, "task.scorer")
    return {key: list(value) if isinstance(value, tuple) else value for key, value in spec.items()}


def write_task(
    folder: Path,
    mapping: Mapping,
    scorer: dict[str, Any],
    names: Values[str, Any],
    unfixable: Sequence[str],
) -> None:
    """Write task.yaml."""
    part = mapping.task
    values: dict[str, Any] = {
        "schema": 1,
        "name": part.name or mapping.name.replace("_", "-"),
        "summary": render(part.summary, names, "task.summary"),
        "instruction": instruction(mapping, names),
        "answer_format": render(part.answer_format, names, "task.answer_format").strip(),
        "scorer": scorer,
        "generation": part.generation.model_dump(),
        "rows": part.rows.model_dump(),
        **part.extra,
    }
    if unfixable:
        values["unfixable"] = list(unfixable)
    if mapping.license:
        values["license"] = mapping.license.splitlines()[0][:100]
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)
    _write(folder / "task.yaml", f"# Written by `coursewright task build`.\n{text}")


def instruction(mapping: Mapping, names: Values[str, Any]) -> str:
    """The instruction before every question."""
    return render(mapping.task.instruction, names, "task.instruction").strip()


def write_description(
    folder: Path, mapping: Mapping, names: Values[str, Any], rows: Sequence[dict[str, str]]
) -> None:
    """Write description.md: what an agent reads."""
    part = mapping.task
    title = part.name or mapping.name.replace("_", "-")
    lines = [f"# {title}", "", render(part.description, names, "task.description").strip(), ""]
    lines += ["## Answers", "", render(part.answer_format, names, "task.answer_format").strip(), ""]
    if names["topics"]:
        lines += ["## Topics", ""]
        for topic in names["topics"][:_MOST_TOPICS]:
            known = part.topics.get(topic)
            sentence = known or render(
                part.topic_sentence, {**names, "topic": topic}, "task.topic_sentence"
            )
            lines.append(f"- **{topic}**: {sentence}")
        lines.append("")
    lines += ["## Examples", ""]
    for row in rows:
        fence = "```" if "```" not in row["input"] + row["output"] else "~~~~~~"
        lines += [fence, row["input"], fence, "", "A good answer:", ""]
        lines += [fence, row["output"], fence, ""]
    _write(folder / "description.md", "\n".join(lines).rstrip() + "\n")


def sample_rows(
    mapping: Mapping, names: Values[str, Any], samples: Sequence[Candidate], scorer: Scorer
) -> list[dict[str, str]]:
    """Training rows in the required shape."""
    told = instruction(mapping, names)
    return [
        {
            "instruction": told,
            "input": one.body,
            "output": one.output or written(scorer, one.answer),
        }
        for one in samples
    ]


def write_rows(folder: Path, rows: Sequence[dict[str, str]]) -> None:
    """Write sample_submission.json."""
    text = json.dumps(rows, indent=2, ensure_ascii=False)
    _write(folder / "sample_submission.json", text + "\n")


def write_items(path: Path, items: Sequence[Candidate], *, seeds: bool = False) -> None:
    """Write one JSON object a line."""
    with path.open("x", encoding="utf-8", newline="\n") as stream:
        for one in items:
            line: dict[str, Any] = {"id": one.id, "question": one.question}
            if one.context:
                line["context"] = one.context
            if not seeds:
                line["answer"] = one.answer
                if one.group:
                    line["group"] = one.group
            if one.topic:
                line["topic"] = one.topic
            if one.meta and not seeds:
                line["meta"] = one.meta
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write manifest.json: no texts, only ids, hashes, counts and places."""
    _write(folder / "manifest.json", json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


def _write(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
