"""`command:LINE`: any program that reads a brief and leaves `plan.md` and `code.py`.

The program runs in a jail (`protocols.Jail`), in a fresh folder that `command_brief` fills. It is
judged on the files it leaves, whatever its exit status; but one that had to be stopped left
unfinished work, and is a failed attempt.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from coursewright.agents.command_brief import brief_files
from coursewright.agents.egress import withhold
from coursewright.config import TEXT_KINDS, TextKind
from coursewright.errors import Interrupted
from coursewright.protocols import Jail
from coursewright.records import Brief, Errand, Failure, Proposal, Turn, Usage

CODE, PLAN, ANALYSIS, COST = "code.py", "plan.md", "analysis.md", "cost.json"
WANTED = {CODE: 1024**2, PLAN: 256 * 1024, ANALYSIS: 256 * 1024, COST: 64 * 1024}
"""Files that are taken, with the most bytes of each."""

_LOG_CHARS = 32_000
_REASONS = {
    "link": "is a symbolic link; write the file itself",
    "hard link": "has more than one name (hard link); write a file of its own",
    "folder": "is a folder; write a file",
    "special": "is a pipe, socket or device; write a plain file",
    "large": "is too large",
    "unreadable": "cannot be opened",
    "changed": "changed while it was read",
}


class Cost(BaseModel):
    """What `cost.json` may say: all that one proposal used, as far as the program knows."""

    model_config = ConfigDict(extra="ignore", strict=True)

    cost_usd: float | None = Field(default=None, ge=0, le=10_000, allow_inf_nan=False)
    calls: int = Field(default=0, ge=0, le=10**6)
    prompt_tokens: int = Field(default=0, ge=0, le=10**10)
    completion_tokens: int = Field(default=0, ge=0, le=10**10)


class CommandAgent:
    """Hands the brief to a command in its jail, and makes a proposal of what it leaves."""

    def __init__(
        self, jail: Jail, seconds: float, may_leave: Collection[TextKind] = TEXT_KINDS
    ) -> None:
        self.isolation = jail.isolation
        self._jail = jail
        self._seconds = seconds
        self._may_leave = may_leave

    def propose(self, brief: Brief, turn: Turn) -> Proposal:
        """Run the command once.

        Raises:
            ConfigError: it cannot be started.
            IsolationError: its jail does not stand any more.
            Interrupted: it left no program, and a host it needs could not be reached.
        """
        deadline = max(1.0, min(self._seconds, turn.allowance.seconds))
        files = brief_files(*withhold(brief, turn, self._may_leave), seconds=deadline)
        errand = self._jail.run(files, wanted=WANTED, deadline=deadline)
        proposal = make_proposal(errand)
        if proposal.failure is not None and errand.down:
            # Not the agent's doing: further rounds would only burn the run's.
            raise Interrupted(
                f"the command agent left no program, and {', '.join(errand.down)} cannot be "
                "reached; when it can, `coursewright resume` goes on"
            )
        notes = proposal.notes
        if turn.allowance.usd is not None and proposal.usage.cost_usd is None:
            notes += (f"it did not say in {COST} what it cost: the cap in money counts nothing",)
        return proposal.model_copy(update={"isolation": self.isolation, "notes": notes})


def make_proposal(errand: Errand) -> Proposal:
    """Judge a finished errand."""
    usage, notes = read_cost(errand)
    notes += [
        f"tried to reach {host}, which is not named in agent.network" for host in errand.unreachable
    ]
    texts: dict[str, str] = {}
    for name in (PLAN, ANALYSIS):
        if name in errand.refused:
            notes.append(f"{name} {_REASONS[errand.refused[name]]}; it was left out")
        texts[name] = errand.files.get(name, b"").decode("utf-8", "replace").strip()
    code, failure, message = read_code(errand)
    if failure is not None:
        # The error at its end: feedback that is too long is cut at its beginning.
        message = "\n".join(filter(None, (errand.stderr.strip()[-4000:], *notes, message)))
    return Proposal(
        analysis=texts[ANALYSIS],
        plan=texts[PLAN],
        code=code,
        failure=failure,
        message=message,
        notes=tuple(notes),
        log=_log(errand),
        usage=usage,
    )


def read_code(errand: Errand) -> tuple[str, Failure | None, str]:
    """Return the program; or no program, the error type and what went wrong."""
    ended = f" ({errand.reason})" if errand.reason else ""
    if errand.status == "timeout":
        return "", "execution timeout", f"{errand.reason}; it left no finished program"
    if errand.status == "killed":
        return "", "other", f"the command had to be stopped: {errand.reason}"
    refused = errand.refused.get(CODE)
    if refused == "large":
        most = WANTED[CODE] // 1024
        return "", "agent output truncated", f"{CODE} is too large; at most {most} KiB are taken"
    if refused is not None:
        return "", "code extraction failed", f"{CODE} {_REASONS[refused]}"
    if CODE not in errand.files:
        return "", "code extraction failed", f"the command left no {CODE}{ended}"
    try:
        code = errand.files[CODE].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = errand.files[CODE][: error.start].count(b"\n") + 1
        return "", "code extraction failed", f"{CODE}:{line}: is not UTF-8 text"
    if "\0" in code or not code.strip():
        fault = "holds NUL characters" if code.strip() else "is empty"
        return "", "code extraction failed", f"{CODE} {fault}{ended}"
    return code, None, ""


def read_cost(errand: Errand) -> tuple[Usage, list[str]]:
    """Return what the command says it used, and a note if that cannot be believed."""
    refused = errand.refused.get(COST)
    if refused is not None:
        return Usage(), [f"{COST} {_REASONS[refused]}; it was left out"]
    if COST not in errand.files:
        return Usage(), []
    try:
        said = Cost.model_validate(_strict_json(errand.files[COST]))
    except (ValidationError, ValueError, RecursionError) as error:
        where = ""
        if isinstance(error, ValidationError):
            first = error.errors(include_input=False)[0]
            where = f" ({'.'.join(map(str, first['loc'])) or 'the whole'}: {first['msg']})"
        return Usage(), [f"{COST} was left out: expected a JSON object with cost_usd, calls, "
                         f"prompt_tokens and completion_tokens{where}"]  # fmt: skip
    return Usage(**said.model_dump(), self_reported=True), []


def _strict_json(data: bytes) -> Any:
    def refuse(word: str) -> Any:
        raise ValueError(f"{word} is no JSON")

    return json.loads(data.decode("utf-8"), parse_constant=refuse)


def _log(errand: Errand) -> str:
    parts = []
    for name, text in (("standard output", errand.stdout), ("standard error", errand.stderr)):
        if text.strip():
            half = _LOG_CHARS // 2
            cut = text if len(text) <= half else f"…{text[-half:]}"
            parts.append(f"--- {name}\n{cut.rstrip()}\n")
    return "".join(parts)
