"""Configurations out of YAML files, and what the command line lays over them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from coursewright.config.executors import ExecutorConfig
from coursewright.config.policy import Policy
from coursewright.config.references import executor_part
from coursewright.config.run import RunConfig
from coursewright.errors import ConfigError
from coursewright.plain_yaml import load_yaml
from coursewright.refusals import refusal

MOST_BYTES = 1024**2
"""Of a file of settings."""
_EXECUTORS: TypeAdapter[Any] = TypeAdapter(ExecutorConfig)


def load_config(file: Path | None, overrides: dict[str, Any]) -> RunConfig:
    """Read a YAML file, lay `overrides` over it, and validate.

    Raises:
        ConfigError: the file cannot be read, or a field is wrong; names file, line and field, and
            the field alone if it is one of the `overrides`.
    """
    data: dict[str, Any] = {}
    node: yaml.Node | None = None
    if file is not None:
        data, node = _yaml(file, "a mapping of settings")
        if isinstance(data.get("executor"), str):
            # As a mapping, since `--slots` alone is laid over it.
            data["executor"] = executor_part(data["executor"])
    data = merge(data, overrides)
    try:
        return RunConfig.model_validate(data)
    except ValidationError as error:
        place, message, _ = refusal(error, RunConfig)
        field = ".".join(place)
        if _holds(overrides, place):
            raise ConfigError(message, field=field) from error
        raise ConfigError(message, file=file, line=_line(node, place), field=field) from error


def with_executor(config: RunConfig, over: dict[str, Any]) -> RunConfig:
    """Return the config with these settings laid over those of its executor.

    Raises:
        ConfigError: one of them is wrong; names it.
    """
    part = merge({"part": config.executor.model_dump()}, {"part": over})["part"]
    try:
        return config.model_copy(update={"executor": _EXECUTORS.validate_python(part)})
    except ValidationError as error:
        place, message, _ = refusal(error, ExecutorConfig)
        raise ConfigError(message, field=".".join(["executor", *place])) from error


def load_policy(file: Path, *, trusted: bool = True) -> Policy:
    """Read a policy file; one that is not `trusted` may name no class.

    Raises:
        ConfigError: it cannot be read, or a field is wrong; names file, line and field.
    """
    data, node = _yaml(file, "a mapping of rules")
    try:
        policy = Policy.model_validate(data)
    except ValidationError as error:
        place, message, _ = refusal(error, Policy)
        line = _line(node, place)
        raise ConfigError(message, file=file, line=line, field=".".join(place)) from error
    if policy.classifiers and not trusted:
        raise ConfigError(
            "a task's own policy may name no class; give the file by --policy to allow it",
            file=file,
            field="classifiers",
        )
    return policy


def _yaml(file: Path, what: str) -> tuple[dict[str, Any], yaml.Node | None]:
    """A file's settings, and the same as nodes that know their lines."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ConfigError(f"is larger than {MOST_BYTES} bytes", file=file)
        text = content.decode("utf-8")
        loaded, node = load_yaml(text), yaml.compose(text, Loader=yaml.SafeLoader)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=file) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        raise ConfigError("is not valid YAML in UTF-8", file=file, line=line) from error
    if not isinstance(loaded, dict):
        raise ConfigError(f"expected {what}", file=file)
    return loaded, node


def _line(node: yaml.Node | None, place: Sequence[str]) -> int | None:
    """The line (1-based) of the last name of a place that stands in the file."""
    line = None
    for part in place:
        if isinstance(node, yaml.MappingNode):
            held = {str(key.value): (key, value) for key, value in node.value}
        elif isinstance(node, yaml.SequenceNode):
            held = {str(at): (value, value) for at, value in enumerate(node.value)}
        else:
            break
        if part not in held:
            break
        named, node = held[part]
        line = named.start_mark.line + 1
    return line


def _holds(settings: Any, place: Sequence[str]) -> bool:
    for part in place:
        if not isinstance(settings, dict) or part not in settings:
            return False
        settings = settings[part]
    return True


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with the settings of `over` laid over it, section by section."""
    merged = dict(base)
    for key, value in over.items():
        known = merged.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            # A part of another kind replaces the whole part: its options mean nothing there.
            same_kind = value.get("kind", known.get("kind")) == known.get("kind")
            merged[key] = merge(known, value) if same_kind else value
        else:
            merged[key] = value
    return merged
