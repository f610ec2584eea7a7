"""The wrappers for coding agents, against stand-ins that print what those print."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from coursewright.agents.command import Cost
from coursewright.config import CommandAgent, load_config

EXAMPLES = Path(__file__).parents[2] / "examples" / "agents"
CLAUDE = {
    "type": "result",
    "num_turns": 4,
    "total_cost_usd": 0.125,
    "usage": {"input_tokens": 5, "cache_read_input_tokens": 20, "output_tokens": 7},
}
CODEX = [
    {"type": "thread.started", "thread_id": "x"},
    {"type": "turn.completed", "usage": {"input_tokens": 25, "output_tokens": 7}},
]
GEMINI = {
    "response": "done",
    "stats": {
        "models": {
            "a": {"api": {"totalRequests": 3}, "tokens": {"prompt": 20, "candidates": 7}},
            "b": {"api": {"totalRequests": 1}, "tokens": {"prompt": 5, "candidates": 0}},
        }
    },
}


def run(wrapper: str, program: str, printed: str, place: Path) -> int:
    """Run a wrapper whose tool prints this, leaves a program, and ends with status 3."""
    tool = place / program
    (place / "printed").write_text(printed)
    tool.write_text("#!/bin/sh\ncat > told; echo 'print(1)' > code.py; cat printed; exit 3\n")
    tool.chmod(0o755)
    environment = {"PATH": f"{place}:/usr/bin:/bin", "HOME": str(place)}
    return subprocess.run(
        ["/bin/sh", str(EXAMPLES / wrapper)],
        cwd=place,
        env=environment,
        input="the brief, which must not go into the prompt a second time",
        text=True,
        check=False,
        timeout=60,
    ).returncode


@pytest.mark.parametrize(
    ("wrapper", "program", "printed", "cost"),
    [
        ("claude-code.sh", "claude", json.dumps(CLAUDE), (0.125, 4)),
        ("codex.sh", "codex", "\n".join(map(json.dumps, CODEX)), (None, 1)),
        ("gemini.sh", "gemini", json.dumps(GEMINI, indent=1), (None, 4)),
    ],
)
def test_a_wrapper_reports_cost_and_status(
    wrapper: str, program: str, printed: str, cost: tuple[Any, int], tmp_path: Path
) -> None:
    assert run(wrapper, program, printed, tmp_path) == 3
    said = Cost.model_validate_json((tmp_path / "cost.json").read_text())
    assert (said.cost_usd, said.calls) == cost
    assert (said.prompt_tokens, said.completion_tokens) == (25, 7)
    assert (tmp_path / "told").read_text() == ""


def test_a_tool_that_fails_early_leaves_no_cost(tmp_path: Path) -> None:
    assert run("claude-code.sh", "claude", "not logged in", tmp_path) == 3
    assert not (tmp_path / "cost.json").exists()


@pytest.mark.parametrize("name", ["claude-code", "codex", "gemini"])
def test_the_configs_can_be_read(name: str) -> None:
    agent = load_config(EXAMPLES / f"{name}.yaml", {"task": "science-mini"}).agent
    assert isinstance(agent, CommandAgent)
    assert agent.network[0].endswith(":443")
    assert (EXAMPLES / f"{name}.sh").is_file()
