"""Who can be the data engineer."""

from __future__ import annotations

import re
import shlex
from ipaddress import IPv6Address
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from coursewright.config.endpoints import TEXT_KINDS, Endpoint, TextKind
from coursewright.config.parts import VARIABLE, CustomPart, Part


class OpenAIAgent(Endpoint):
    kind: Literal["openai"] = "openai"
    seconds: float = Field(default=900.0, gt=0)
    max_tokens: int | None = Field(default=8192, ge=1)


class HeuristicAgent(Part):
    kind: Literal["heuristic"] = "heuristic"


class RandomSearchAgent(Part):
    """A baseline: random plans, blind to every score."""

    kind: Literal["random-search"] = "random-search"


class ProgramAgent(Part):
    kind: Literal["program"] = "program"
    path: Path
    """A human's fixed curation program; proposed unchanged in the first round."""


class ReplayAgent(Part):
    kind: Literal["replay"] = "replay"
    path: Path
    """JSON lines of recorded proposals, in the order of their rounds."""


class CommandAgent(Part):
    """Any program that reads a brief and leaves `plan.md` and `code.py`; in a jail of its own."""

    kind: Literal["command"] = "command"
    command: tuple[str, ...] = Field(min_length=1)
    """Program and arguments, as a list or as one line that is split into words as a shell would;
    no shell runs it. The program, and files that the words name by path, are visible to it."""
    seconds: float = Field(default=1800.0, gt=0)
    """For one proposal; never more than the run has left."""
    network: tuple[str, ...] = ()
    """The only hosts it may reach, as `host` (port 443) or `host:port`."""
    environment: tuple[str, ...] = ()
    """Names of variables to hand over from our environment, such as its own key."""
    read: tuple[Path, ...] = ()
    """Further files and folders it may read, such as its installation."""
    home: Path | None = None
    """Folder whose content it finds, copied, in its home; changes are dropped every time."""
    may_leave: tuple[TextKind, ...] = TEXT_KINDS
    """Kinds of text it is told. Whatever it is told can go to the hosts it may reach."""
    output_bytes: int = Field(default=256 * 1024, ge=1024)
    """Of what it prints on each stream that is kept; the rest is cut out of the middle."""
    memory_bytes: int = Field(default=4 * 1024**3, ge=64 * 1024**2)
    processes: int = Field(default=256, ge=1)
    file_bytes: int = Field(default=1024**3, ge=1024)
    """Bytes of all files it writes together."""
    files: int = Field(default=20_000, ge=1)

    @field_validator("command", mode="before")
    @classmethod
    def split_words(cls, value: Any) -> Any:
        """Split a command given as one line."""
        return shlex.split(value) if isinstance(value, str) else value

    @field_validator("network")
    @classmethod
    def name_ports(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Write every host as `host:port`."""
        return tuple(map(_host_and_port, value))

    @field_validator("environment")
    @classmethod
    def require_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse what is no name: a value would end up in the record."""
        for position, name in enumerate(value):
            if not re.fullmatch(VARIABLE, name):
                # Not shown: it may be the key itself.
                raise ValueError(f"entry {position + 1} is not the name of a variable")
        return value


def _host_and_port(text: str) -> str:
    found = re.fullmatch(
        r"(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)\.?)(?::([0-9]{1,5}))?",
        text,
    )
    port = 443 if found is None or found[3] is None else int(found[3])
    if found is None or not 0 < port < 65536 or len(text) > 253:
        raise ValueError(
            f"{text!r} is no host; expected a name or address as `host` or `host:port`, "
            "without a scheme, a path or wildcards"
        )
    host = found[2] or f"[{IPv6Address(found[1])}]"
    return f"{host.lower()}:{port}"


AgentConfig = Annotated[
    HeuristicAgent
    | RandomSearchAgent
    | ProgramAgent
    | ReplayAgent
    | OpenAIAgent
    | CommandAgent
    | CustomPart,
    Field(discriminator="kind"),
]
