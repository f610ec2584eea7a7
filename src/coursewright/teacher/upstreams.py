"""What stands behind the gateway: how an upstream is named, built, and how it says no.

A short name or any dotted path `package.module:Class` names a class with the face of
`protocols.Upstream`; its options become keyword arguments. Two attributes are optional:
`model`, a name that becomes part of the cache key, and `knows(description, questions) -> bool`,
asked once before a run starts.

    TeacherError              the upstream gave no answer
    ├── UpstreamUnavailable   worth asking again: overload, connection lost, server error
    └── UpstreamRefused       asking again would not help: bad key, request not accepted
"""

from __future__ import annotations

from typing import Any

from coursewright.chat import item_body
from coursewright.config import CustomPart, SimulatedTeacher
from coursewright.errors import ConfigError
from coursewright.plugins import construct
from coursewright.protocols import Upstream
from coursewright.records import Brief

UPSTREAMS: dict[str, str] = {"simulated": "coursewright.teacher.simulated:SimulatedUpstream"}
"""Short name -> dotted path; imported only when asked for."""


class TeacherError(Exception):
    """The upstream gave no answer. A subclass says whether asking again may help."""

    retryable = False


class UpstreamUnavailable(TeacherError):
    """Overload, lost connection, server error: worth asking again after `retry_after` seconds."""

    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UpstreamRefused(TeacherError):
    """Bad key, unknown model, request not accepted: the same request will fail again."""


def upstream_name(config: Any) -> str:
    """The short name or dotted path by which records and cache keys call this teacher."""
    return config.path if isinstance(config, CustomPart) else str(config.kind)


def load_upstream(config: SimulatedTeacher | CustomPart) -> Upstream:
    """Build the upstream that a teacher config names.

    Raises:
        ConfigError: there is no such class, or it does not take these options.
    """
    name = upstream_name(config)
    if isinstance(config, CustomPart):
        options = dict(config.options)
    else:
        options = config.model_dump(exclude={"kind"})
    upstream: Upstream = construct(
        UPSTREAMS.get(name, name), options, field="--teacher", methods=("complete", "close")
    )
    return upstream


def check_teacher(config: SimulatedTeacher | CustomPart, brief: Brief) -> None:
    """Ask a teacher whether it knows the task at all, before anything is spent on it.

    Raises:
        ConfigError: it does not, or it cannot be built; names `--teacher`.
    """
    upstream = load_upstream(config)
    knows = getattr(upstream, "knows", None)
    if knows is None:
        return
    questions = [item_body(item.question, item.context) for item in brief.visible]
    if not knows(f"{brief.summary}\n{brief.description}", questions):
        raise ConfigError(
            f"the {upstream.name} teacher does not know what task {brief.task!r} is about; "
            "choose another teacher, or give it the families it lacks (teacher.families)",
            field="--teacher",
        )
