"""The folder that a command agent finds: `brief.md` to begin with, and everything it may know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from coursewright.records import Attempt, Brief, Record, Turn

_TEMPLATE = Path(__file__).with_name("command_brief.md")


def brief_files(brief: Brief, turn: Turn, *, seconds: float) -> dict[str, bytes]:
    """Return the files of one request by their paths.

    Args:
        brief: what is the same in every round.
        turn: what is asked for now, and what came before.
        seconds: how long the command may take.
    """
    everything = {
        "schema": 1,
        "brief": brief.model_dump(mode="json"),
        "turn": turn.model_dump(mode="json"),
        "seconds": seconds,
    }
    files = {
        "brief.json": json.dumps(everything, ensure_ascii=False),
        "brief.md": tell(brief, turn, seconds),
        "interface.md": brief.interface,
        "sample.json": json.dumps([row.model_dump() for row in brief.sample], indent=1),
        "visible.jsonl": lines(brief.visible),
        "seeds.jsonl": lines(brief.seeds),
    }
    if turn.parent is not None:
        files |= attempt_files("parent", turn.parent)
    for past in turn.history:
        files |= attempt_files(f"history/{past.number:03d}", past)
    # A surrogate can only come from elsewhere than JSON; it must not stop the run.
    return {name: text.encode("utf-8", "replace") for name, text in files.items()}


def tell(brief: Brief, turn: Turn, seconds: float) -> str:
    """Return `brief.md`."""
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(brief=brief, turn=turn, seconds=seconds)


def attempt_files(folder: str, attempt: Attempt) -> dict[str, str]:
    """Return the files of one past attempt."""
    return {
        f"{folder}/plan.md": attempt.plan,
        f"{folder}/code.py": attempt.code,
        f"{folder}/feedback.md": attempt.feedback.text,
        f"{folder}/attempt.json": attempt.model_dump_json(exclude={"plan", "code"}, indent=1),
    }


def lines(records: Sequence[Record]) -> str:
    """Return records as JSON lines."""
    return "".join(r.model_dump_json(exclude_none=True) + "\n" for r in records)
