"""The data engineers: who proposes a plan and a program each round.

heuristic            no model; reads description, visible items and feedback
random-search        random plans, blind to every score: a baseline
program:FILE         a human's fixed program, proposed unchanged
replay:FILE          proposals recorded in an earlier run
command:LINE         any program that reads a brief and leaves files, in a jail of its own
openai:MODEL[@URL]   a language model behind a server (`llm.py`)
package.module:Class any class with `propose(brief, turn) -> Proposal`
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from coursewright.agents.ideas import IdeaLibrary
from coursewright.agents.library import draft_families
from coursewright.config import (
    CommandAgent,
    CustomPart,
    OpenAIAgent,
    Part,
    ProgramAgent,
    ReplayAgent,
)
from coursewright.errors import ConfigError
from coursewright.plugins import construct
from coursewright.protocols import Agent, Jail

__all__ = ["AGENTS", "IdeaLibrary", "draft_families", "make_agent"]

AGENTS: dict[str, str] = {
    "command": "coursewright.agents.command:CommandAgent",
    "heuristic": "coursewright.agents.heuristic:HeuristicAgent",
    "openai": "coursewright.agents.llm:LLMAgent",
    "program": "coursewright.agents.program:ProgramAgent",
    "random-search": "coursewright.agents.random_search:RandomSearchAgent",
    "replay": "coursewright.agents.replay:ReplayAgent",
}
"""Kind -> dotted path. A module is imported only when its agent is asked for."""


def make_agent(
    part: Part,
    jail: Jail | None = None,
    *,
    seed: int = 0,
    ledger: Path = Path("agent.sqlite"),
) -> Agent:
    """Return the agent that a part of the run configuration names.

    Args:
        part: the agent's settings.
        jail: where a command agent runs, open; no other agent needs one.
        seed: the run's.
        ledger: where an agent that costs money remembers its calls; made when it is first asked.

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
    options: dict[str, Any] = {}
    if isinstance(part, ProgramAgent | ReplayAgent):
        options = {"path": part.path}
    elif isinstance(part, CommandAgent):
        options = {"jail": jail, "seconds": part.seconds, "may_leave": part.may_leave}
    elif isinstance(part, OpenAIAgent):
        options = {"endpoint": part, "ledger": ledger, "seed": seed}
    return _construct(AGENTS[kind], options)


def _construct(path: str, options: dict[str, Any]) -> Agent:
    agent: Agent = construct(path, options, field="agent", methods=("propose",))
    return agent
