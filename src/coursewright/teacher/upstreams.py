"""What stands behind the gateway: how an upstream is named, built, and how it says no.

A short name or any dotted path `package.module:Class` names a class with the face of
`protocols.Upstream`; its options become keyword arguments. Three attributes are optional:
`model`, a name that becomes part of the cache key; `knows(description, questions) -> bool`,
asked once before a run starts; and `tariff(prompt_tokens, completion_tokens) -> int`, what that
costs in nanodollars, without which a run cannot have a cap in money. An upstream without an
answer raises an error of `endpoints`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from coursewright.chat import item_body
from coursewright.config import CustomPart, OpenAITeacher, RunTeacher, TeacherConfig
from coursewright.errors import ConfigError
from coursewright.plugins import construct
from coursewright.protocols import Upstream
from coursewright.records import Brief

UPSTREAMS: dict[str, str] = {
    "simulated": "coursewright.teacher.simulated:SimulatedUpstream",
    "openai": "coursewright.teacher.served:ServedUpstream",
    "run": "coursewright.teacher.specialised:SpecialisedUpstream",
}
"""Short name -> dotted path; imported only when asked for."""

_PROXIES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
)


def upstream_name(config: Any) -> str:
    """The short name or dotted path by which records and cache keys call this teacher."""
    return config.path if isinstance(config, CustomPart) else str(config.kind)


def variables(config: TeacherConfig) -> tuple[str, ...]:
    """Names of the environment variables that the gateway may see for this teacher's sake."""
    if isinstance(config, OpenAITeacher):
        return (*_PROXIES, config.key) if config.key else _PROXIES
    return config.environment if isinstance(config, CustomPart) else ()


def load_upstream(config: TeacherConfig, socket: Path | None = None) -> Upstream:
    """Build the upstream that a teacher config names; `socket` is where a run's student is served.

    Raises:
        ConfigError: there is no such class, it does not take these options, or a key is missing.
    """
    name = upstream_name(config)
    if isinstance(config, CustomPart):
        options = dict(config.options)
    elif isinstance(config, OpenAITeacher):
        options = {"endpoint": config}
    elif isinstance(config, RunTeacher):
        options = {"teacher": config, "socket": socket}
    else:
        options = config.model_dump(exclude={"kind"})
    upstream: Upstream = construct(
        UPSTREAMS.get(name, name), options, field="--teacher", methods=("complete", "close")
    )
    return upstream


def require_price(upstream: Upstream, *, capped: bool) -> None:
    """Refuse a cap in money where nobody knows what a call costs.

    Raises:
        ConfigError: names the field that sets the price.
    """
    if capped and getattr(upstream, "tariff", None) is None:
        raise ConfigError(
            f"nobody knows what a call to {upstream.name} costs, so budget.cost_usd cannot be "
            "kept; set its prices (US dollars per million tokens)",
            field="teacher.prices",
        )


def check_teacher(config: TeacherConfig, brief: Brief, *, capped: bool = False) -> None:
    """Ask a teacher whether it knows the task at all, before anything is spent on it.

    `capped` says that the run has a cap in money. A served model is not asked: it is taken to
    know a little of everything (`endpoints.check_endpoint` asks whether it is there). Nor is a
    specialised student, who says nothing of itself.

    Raises:
        ConfigError: it does not know the task, cannot be built, or has no price.
    """
    if isinstance(config, OpenAITeacher | RunTeacher):
        return
    upstream = load_upstream(config)
    require_price(upstream, capped=capped)
    knows = getattr(upstream, "knows", None)
    if knows is None:
        return
    questions = [item_body(item.question, item.context) for item in brief.visible]
    if not knows(f"{brief.summary}\n{brief.description}", questions):
        raise ConfigError(
            f"the {upstream.name} teacher does not know what task {brief.task!r} is about; this "
            "task needs a real one, such as `--teacher openai:MODEL@BASE_URL` (docs/teachers.md)",
            field="--teacher",
        )
