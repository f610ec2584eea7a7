"""The data engineers: who proposes a plan and a program each round.

heuristic            no model; reads description, visible items and feedback
program:FILE         a human's fixed program, proposed unchanged
replay:FILE          proposals recorded in an earlier run
package.module:Class any class with `propose(brief, turn) -> Proposal`
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

from coursewright.config import CustomPart, Part, ProgramAgent, ReplayAgent
from coursewright.errors import ConfigError
from coursewright.protocols import Agent

__all__ = ["AGENTS", "make_agent"]

AGENTS: dict[str, str] = {
    "heuristic": "coursewright.agents.heuristic:HeuristicAgent",
    "program": "coursewright.agents.program:ProgramAgent",
    "replay": "coursewright.agents.replay:ReplayAgent",
}
"""Kind -> dotted path. A module is imported only when its agent is asked for."""


def make_agent(part: Part) -> Agent:
    """Return the agent that a part of the run configuration names.

    Raises:
        ConfigError: there is no such class, it takes other options, or its file is unusable.
    """
    if isinstance(part, CustomPart):
        return _construct(part.path, part.options)
    kind = getattr(part, "kind", "")
    if kind not in AGENTS:
        names = ", ".join(sorted(AGENTS))
        raise ConfigError(
            f"no agent {kind!r}; known: {names}, or package.module:Class", field="agent"
        )
    options = {"path": part.path} if isinstance(part, ProgramAgent | ReplayAgent) else {}
    return _construct(AGENTS[kind], options)


def _construct(path: str, options: dict[str, Any]) -> Agent:
    module_name, _, class_name = path.partition(":")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as missing:
        # A missing import inside the user's module is another fault than a misspelt path.
        if missing.name and not f"{module_name}.".startswith(f"{missing.name}."):
            raise ConfigError(f"{path!r} cannot be imported: {missing}", field="agent") from missing
        raise ConfigError(f"no module {module_name!r}", field="agent") from missing
    build = getattr(module, class_name, None)
    if not callable(build):
        raise ConfigError(f"module {module_name!r} has no class {class_name!r}", field="agent")
    try:
        agent = build(**options)
    except TypeError as error:
        raise ConfigError(f"{path} does not take these options: {error}", field="agent") from error
    if not callable(getattr(agent, "propose", None)):
        raise ConfigError(f"{path} has no method `propose(brief, turn)`", field="agent")
    return cast(Agent, agent)
