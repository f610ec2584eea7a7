"""The short references that stand for a part: on the command line, in files and in Python.

A reference is `kind:model[@base_url]`, a dotted path `package.module:Class`, or a short name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from coursewright.config.agents import AgentConfig
from coursewright.config.parts import CustomPart
from coursewright.config.students import EMBEDDED_NAMES, HuggingFaceStudent, StudentConfig
from coursewright.config.teachers import TeacherConfig
from coursewright.errors import ConfigError

_HOST = re.compile(
    r"localhost|\d+(\.\d+){3}|([\w-]+\.)+[A-Za-z]{2,}|.*:\d+|\[.*|.*/.*", re.IGNORECASE
)
"""What names a server and no version: `model@20250101`, `model@v1.5` and `model@latest` are names
of models; `model@127.0.0.1`, `model@gpu-3:8000` and `model@example.org/v1` lack their `http://`."""
_AGENTS: TypeAdapter[Any] = TypeAdapter(AgentConfig)
_TEACHERS: TypeAdapter[Any] = TypeAdapter(TeacherConfig)
_STUDENTS: TypeAdapter[Any] = TypeAdapter(StudentConfig)


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


def search_part(reference: str) -> dict[str, str]:
    """Return the search that a short name or a dotted path `package.module:Class` stands for."""
    if ":" in reference:
        return {"kind": "custom", "path": reference}
    return {"kind": reference}


def executor_part(reference: str) -> dict[str, Any]:
    """Return the settings that `local`, `ray` or `ray:ADDRESS` stands for."""
    kind, _, address = reference.partition(":")
    return {"kind": kind, "address": address} if address else {"kind": kind}


def _custom_part(reference: str) -> dict[str, str]:
    return {"path": reference}


BY_NAME: dict[str, Callable[[str], Any]] = {
    "agent": parse_agent,
    "teacher": parse_teacher,
    "student": parse_student,
    "search": search_part,
    "executor": executor_part,
    "scorer": _custom_part,
    "embedder": _custom_part,
}
"""By the field of a run, what reads a text that stands in the place of its part."""
