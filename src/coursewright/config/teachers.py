"""Who can be the teacher."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from coursewright.config.endpoints import Endpoint
from coursewright.config.parts import CustomPart, Part
from coursewright.config.students import StudentConfig


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


class RunTeacher(Part):
    """The specialised student of a finished run."""

    kind: Literal["run"] = "run"
    model: str = Field(min_length=1, max_length=4096)
    """The run's id, or the path to its folder."""
    temperature: float = Field(default=0.7, ge=0, le=2)
    """Where a request names none. 0 is always its likeliest answer, however often it is asked."""
    folder: Path | None = None
    """Where that run lies. A run writes down what it found, here and in the next two."""
    weights: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """Digest of its student."""
    student: StudentConfig | None = None
    """What that student was made of."""


TeacherConfig = Annotated[
    SimulatedTeacher | OpenAITeacher | RunTeacher | CustomPart, Field(discriminator="kind")
]
