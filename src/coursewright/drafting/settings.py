"""What may be set of a draft, and what it is drafted from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError

from coursewright.config import SimulatedTeacher, TeacherConfig
from coursewright.config.parts import Part
from coursewright.errors import ConfigError
from coursewright.plain_yaml import load_yaml
from coursewright.refusals import refusal


class DraftSettings(Part):
    """Everything that decides a draft, beside the examples and the documents."""

    items: int = Field(default=40, ge=3, le=5000)
    """Items to leave in the queue. More are asked for: a person will reject some."""
    teacher: TeacherConfig = SimulatedTeacher()
    seed: int = Field(default=0, ge=0, lt=2**31)
    votes: int = Field(default=3, ge=1, le=20)
    """Independent answers from the passage, which must all agree with the proposed one."""
    blind: int = Field(default=2, ge=0, le=20)
    """Answers without the passage; an item that all of them get right needs no document."""
    temperature: float = Field(default=0.7, ge=0, le=2)
    per_passage: int = Field(default=2, ge=1, le=10)
    """Questions asked for at once."""
    context: Literal["auto", "passage", "none"] = "auto"
    """Whether the passage stands above the question. `auto`: if any example has a context."""
    corpus_share: float = Field(default=0.5, ge=0, lt=1)
    """Share of the documents that no item is drafted from, so that programs may search them.
    Without passages above the questions all documents may be searched: they are what is learned."""
    calls: int = Field(default=4000, ge=1)
    """Teacher calls in all, over all tries of this draft."""
    cost_usd: float | None = Field(default=None, ge=0)
    max_tokens: int = Field(default=1024, ge=1)
    concurrency: int = Field(default=16, ge=1, le=1024)
    scorer: dict[str, Any] = Field(default_factory=dict)
    """As in task.yaml. Empty: `numeric` if all answers are numbers, else `label`."""
    instruction: str | None = Field(default=None, min_length=1, max_length=8000)
    answer_format: str | None = Field(default=None, min_length=1, max_length=8000)
    summary: str | None = Field(default=None, min_length=1, max_length=300)
    license: str | None = Field(default=None, min_length=1, max_length=100)


def parse_settings(overrides: dict[str, Any], given: Iterable[str]) -> DraftSettings:
    """Return the settings from command-line options and `KEY=VALUE` pairs; values are YAML.

    Raises:
        ConfigError: names the field.
    """
    values: dict[str, Any] = dict(overrides)
    for pair in given:
        key, equals, text = pair.partition("=")
        if not equals:
            raise ConfigError(f"expected KEY=VALUE, found {pair[:80]!r}", field="--set")
        try:
            value = load_yaml(text)
        except (yaml.YAMLError, RecursionError) as error:
            raise ConfigError(f"{text[:80]!r} is not YAML", field=f"--set {key}") from error
        place = values
        *path, last = key.split(".")
        for part in path:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                raise ConfigError("is not a group of settings", field=f"--set {key}")
            place = inner
        place[last] = value
    try:
        return DraftSettings.model_validate(values)
    except ValidationError as error:
        wrong = refusal(error, DraftSettings)
        raise ConfigError(wrong.message, field=".".join(wrong.place)) from error
