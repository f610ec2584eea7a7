"""A short run whose agent is a script in a jail, and whose student learns nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from coursewright.anchoring import anchored_command
from coursewright.config import CommandAgent
from coursewright.errors import IsolationError
from coursewright.records import Isolation, Result
from coursewright.runs import require_isolation
from coursewright.store import RunStore
from coursewright.summary import lines
from tests.parrot import PARROT
from tests.sandbox.jail.conftest import require_bubblewrap, write_script
from tests.short import prepare

pytestmark = pytest.mark.long

SCRIPT = Path(__file__).parents[1] / "examples" / "agents" / "script_agent.py"
CANARY = "sk-canary-that-must-not-be-found"


def start(place: Path, agent: dict[str, Any], *more: str) -> subprocess.CompletedProcess[str]:
    """Run one round with a command agent as the config file names it."""
    task, _, config = prepare(place)
    settings = yaml.safe_load(Path(config).read_text())
    settings |= {"agent": {"kind": "command", **agent}, "budget": {"rounds": 1}}
    settings["student"] = PARROT.model_dump()
    Path(config).write_text(yaml.safe_dump(settings))
    command = [sys.executable, "-m", "coursewright", "run", task, "--config", config]
    return subprocess.run(
        [*command, "--runs", str(place / "runs"), "--name", "one", "--json", *more],
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
        env={**os.environ, "AGENT_KEY": CANARY},
    )


def test_a_script_carries_a_run_to_its_score(tmp_path: Path) -> None:
    require_bubblewrap()
    agent = write_script(
        tmp_path / "agent.sh",
        f"""
        set -e
        test -n "$AGENT_KEY"
        echo "my key is $AGENT_KEY"
        {SCRIPT} < brief.json
        echo '{{"cost_usd": 0.5, "calls": 2}}' > cost.json
        """,
    )
    done = start(
        tmp_path, {"command": str(agent), "read": [str(SCRIPT)], "environment": ["AGENT_KEY"]}
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["agent"] == "command:agent.sh"
    assert result["rounds"][0]["status"] == "scored"
    assert result["agent_isolation"]["verified"] is True
    assert result["agent_usage"]["cost_usd"] == 0.5
    assert result["agent_usage"]["self_reported"] is True
    run = tmp_path / "runs" / "one"
    assert "my key is $AGENT_KEY" in (run / "rounds" / "000" / "agent.log").read_text()
    for file in (path for path in run.rglob("*") if path.is_file()):
        assert CANARY.encode() not in file.read_bytes()
    assert CANARY not in done.stdout + done.stderr
    assert "agent command:agent.sh: may be sent description" in done.stderr
    assert "agent command:agent.sh: isolation L3, reaches no host\n" in done.stderr
    shown = "\n".join(lines(Result.model_validate(result)))
    assert "0.50 USD by its own word, isolation L3, verified" in shown
    weaker = Isolation(level="L0", mechanisms=(), verified=False)
    with (
        RunStore.open(run) as store,
        pytest.raises(IsolationError, match="began at level L3"),
    ):
        require_isolation(store, weaker, stage="propose")


def test_a_run_is_resumed_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_script(tmp_path / "agent.sh", "true")
    monkeypatch.chdir(tmp_path)
    settings = {"command": "./agent.sh --x a/b", "read": ["installed"], "home": "~/agent"}
    part = anchored_command(CommandAgent.model_validate(settings))
    assert part.command == (str(tmp_path / "agent.sh"), "--x", "a/b")
    assert part.read == (tmp_path / "installed",)
    assert part.home == Path.home() / "agent"


def test_a_command_that_is_not_there_is_one_line_and_no_folder(tmp_path: Path) -> None:
    done = start(tmp_path, {"command": "no-such-coding-agent -p"})
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "no-such-coding-agent" in done.stderr
    assert not (tmp_path / "runs" / "one").exists()


def test_a_command_that_would_see_the_task_is_refused(tmp_path: Path) -> None:
    agent = write_script(tmp_path / "agent.sh", "true")
    done = start(tmp_path, {"command": str(agent), "read": [str(tmp_path)]})
    assert done.returncode == 2
    assert "agent.read" in done.stderr
    assert "narrower path" in done.stderr
