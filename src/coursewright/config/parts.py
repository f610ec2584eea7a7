"""What every part of a configuration is, and the part that any class can be."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
"""The name of an environment variable: keys are named, never given."""


def _a_variable(value: str) -> str:
    if not re.fullmatch(VARIABLE, value):
        raise ValueError(
            "write the NAME of the environment variable that holds the key, not the key itself"
        )
    return value


KeyName = Annotated[str, AfterValidator(_a_variable)]


class Part(BaseModel):
    # Inputs are hidden from pydantic's own messages: one may be a key, written in the wrong place.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class CustomPart(Part):
    kind: Literal["custom"] = "custom"
    path: str
    """Dotted path `package.module:Class` of a class that fits the stage's Protocol."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Keyword arguments of the class."""
    environment: tuple[str, ...] = ()
    """Names of the environment variables that a teacher's class may see, such as its key's. The
    gateway process gets no others; parts that live in the command's own process see all."""
