"""Who can be the teacher."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from coursewright.config.endpoints import Endpoint
from coursewright.config.parts import CustomPart, Part


class SimulatedTeacher(Part):
    kind: Literal["simulated"] = "simulated"
    model: Literal["hasty"] | None = None
    """Whose error rate and habits it has (`teacher.profiles`); None is the careful one."""
    families: tuple[str, ...] = ()
    """Dotted paths of further skill families it knows beside the built-in ones."""
    wrong: float | None = Field(default=None, ge=0, le=1)
    """Share of answers that are wrong; None is the model's own (12 %, hasty 25 %)."""
    broken: float | None = Field(default=None, ge=0, le=1)
    """Share of responses in a broken format; None is the model's own (5 %, hasty 10 %)."""
    delay_seconds: float = Field(default=0.0, ge=0)
    """Artificial latency, for measuring the gateway."""


class OpenAITeacher(Endpoint):
    kind: Literal["openai"] = "openai"
    json_mode: Literal["check", "server"] = "check"
    """What happens when a program asks for JSON. `check`: the gateway looks whether the answer
    holds an object or list, and asks once more where it does not. `server`: besides, the
    server's own JSON mode is asked for, which most servers take as "an object, never a list"."""


TeacherConfig = Annotated[
    SimulatedTeacher | OpenAITeacher | CustomPart, Field(discriminator="kind")
]
