"""What every part of a configuration is, and the part that any class can be."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
"""The name of an environment variable: keys are named, never given."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CustomPart(Part):
    kind: Literal["custom"] = "custom"
    path: str
    """Dotted path `package.module:Class` of a class that fits the stage's Protocol."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Keyword arguments of the class."""
    environment: tuple[str, ...] = ()
    """Names of the environment variables that a teacher's class may see, such as its key's. The
    gateway process gets no others; parts that live in the command's own process see all."""
