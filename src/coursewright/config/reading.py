"""Configurations out of YAML files and of the short references of the command line.

A reference is `kind:model[@base_url]`, a dotted path `package.module:Class`, or a short name.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from coursewright.config.agents import AgentConfig
from coursewright.config.executors import ExecutorConfig
from coursewright.config.parts import CustomPart
from coursewright.config.policy import Policy
from coursewright.config.run import RunConfig
from coursewright.config.students import EMBEDDED_NAMES, HuggingFaceStudent, StudentConfig
from coursewright.config.teachers import TeacherConfig
from coursewright.errors import ConfigError

MOST_BYTES = 1024**2
"""Of a file of settings."""
TAGGED = {"agent", "teacher", "student", "search", "executor"}
_HOST = re.compile(
    r"localhost|\d+(\.\d+){3}|([\w-]+\.)+[A-Za-z]{2,}|.*:\d+|\[.*|.*/.*", re.IGNORECASE
)
"""What names a server and no version: `model@20250101`, `model@v1.5` and `model@latest` are names
of models; `model@127.0.0.1`, `model@gpu-3:8000` and `model@example.org/v1` lack their `http://`."""
_AGENTS: TypeAdapter[Any] = TypeAdapter(AgentConfig)
_TEACHERS: TypeAdapter[Any] = TypeAdapter(TeacherConfig)
_STUDENTS: TypeAdapter[Any] = TypeAdapter(StudentConfig)
_EXECUTORS: TypeAdapter[Any] = TypeAdapter(ExecutorConfig)


def split_reference(reference: str) -> tuple[str, str, str | None]:
    """Split `kind:model[@base_url]` at the first `:` and at the last `@http`."""
    kind, _, rest = reference.partition(":")
    at = rest.rfind("@http")
    return (kind, rest[:at], rest[at + 1 :]) if at >= 0 else (kind, rest, None)


def _is_dotted(reference: str) -> bool:
    module, _, name = reference.partition(":")
    return "." in module and name.isidentifier() and "/" not in module


def parse_agent(reference: str) -> Any:
    """Return the agent config for a short name (see `agents`) or a dotted path."""
    if _is_dotted(reference):
        return CustomPart(path=reference)
    kind, model, _ = split_reference(reference)
    part: dict[str, Any] = {"kind": kind}
    if kind in ("program", "replay"):
        part["path"] = model
    elif kind == "command":
        # Whole, whatever stands in it: the line of a command is no model reference.
        part["command"] = reference.partition(":")[2]
    else:
        # What takes none refuses it, instead of dropping it.
        part |= _model_part(reference, "--agent")
    names = (
        "heuristic, random-search, program:FILE, replay:FILE, openai:MODEL[@BASE_URL], command:LINE"
    )
    return _part(_AGENTS, part, "--agent", reference, names)


def parse_teacher(reference: str) -> Any:
    """Return the teacher config for `simulated[:hasty]`, `openai:MODEL[@BASE_URL]` or a path."""
    if _is_dotted(reference):
        return CustomPart(path=reference)
    part = _model_part(reference, "--teacher")
    return _part(
        _TEACHERS,
        part,
        "--teacher",
        reference,
        "simulated, simulated:hasty, openai:MODEL[@BASE_URL], run:ID",
    )


def _model_part(reference: str, flag: str) -> dict[str, str]:
    kind, model, base_url = split_reference(reference)
    name, at, host = model.rpartition("@")
    if kind == "openai" and at and not base_url and _HOST.fullmatch(host):
        # Taken as a model's name it would go, with all that is asked of it, to api.openai.com.
        raise ConfigError(
            f"{model!r} names a server without http:// or https://; write for instance "
            f"{kind}:{name}@http://{host}",
            field=flag,
        )
    given = {"kind": kind, "model": model, "base_url": base_url}
    return {field: value for field, value in given.items() if value}


def parse_student(reference: str) -> Any:
    """Return the student config for `nano`, `pico`, `hf:` before folder or id, either alone, path.

    An id alone is recognised by its slash (`ORG/NAME`); a path is `package.module:Class`.
    """
    if reference not in EMBEDDED_NAMES and Path(reference).is_dir():
        return HuggingFaceStudent(model=reference)
    if _is_dotted(reference):
        return CustomPart(path=reference)
    if "/" in reference and ":" not in reference:
        return HuggingFaceStudent(model=reference)
    kind, model, _ = split_reference(reference)
    part = {"kind": kind, "model": model} if model else {"kind": kind}
    return _part(_STUDENTS, part, "--student", reference, "nano, pico, hf:ORG/NAME, hf:FOLDER")


def _part(adapter: TypeAdapter[Any], part: dict[str, Any], flag: str, text: str, names: str) -> Any:
    try:
        return adapter.validate_python(part)
    except ValidationError as error:
        raise ConfigError(
            f"cannot read {text!r}; expected one of: {names}, or package.module:Class", field=flag
        ) from error


def load_config(file: Path | None, overrides: dict[str, Any]) -> RunConfig:
    """Read a YAML file, lay `overrides` over it, and validate.

    Raises:
        ConfigError: the file cannot be read, or a field is wrong; names file and field.
    """
    data: dict[str, Any] = {}
    if file is not None:
        data = _yaml(file, "a mapping of settings")
    data = merge(data, overrides)
    try:
        return RunConfig.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        # Below a tagged part pydantic names the tag too, which stands in no file.
        loc = [str(part) for part in first["loc"]]
        tagged = len(loc) > 2 and loc[0] in TAGGED
        field = ".".join(loc[:1] + loc[2:] if tagged else loc)
        raise ConfigError(
            first["msg"][0].lower() + first["msg"][1:], file=file, field=field
        ) from error


def with_executor(config: RunConfig, over: dict[str, Any]) -> RunConfig:
    """Return the config with these settings laid over those of its executor.

    Raises:
        ConfigError: one of them is wrong; names it.
    """
    part = merge({"part": config.executor.model_dump()}, {"part": over})["part"]
    try:
        return config.model_copy(update={"executor": _EXECUTORS.validate_python(part)})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(["executor", *map(str, first["loc"][-1:])])
        raise ConfigError(first["msg"][0].lower() + first["msg"][1:], field=field) from error


def load_policy(file: Path, *, trusted: bool = True) -> Policy:
    """Read a policy file; one that is not `trusted` may name no class.

    Raises:
        ConfigError: it cannot be read, or a field is wrong; names file and field.
    """
    data = _yaml(file, "a mapping of rules")
    try:
        policy = Policy.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ConfigError(first["msg"][0].lower() + first["msg"][1:], file=file, field=field) from (
            error
        )
    if policy.classifiers and not trusted:
        raise ConfigError(
            "a task's own policy may name no class; give the file by --policy to allow it",
            file=file,
            field="classifiers",
        )
    return policy


def _yaml(file: Path, what: str) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ConfigError(f"is larger than {MOST_BYTES} bytes", file=file)
        loaded = yaml.safe_load(content.decode("utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=file) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        raise ConfigError("is not valid YAML in UTF-8", file=file, line=line) from error
    if not isinstance(loaded, dict):
        raise ConfigError(f"expected {what}", file=file)
    return loaded


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
