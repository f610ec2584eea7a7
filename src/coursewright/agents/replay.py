"""`replay:FILE`: proposals recorded in an earlier run, handed out again by round number."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from coursewright.errors import ConfigError
from coursewright.records import Brief, Proposal, Turn


class ReplayAgent:
    """Answers round N with the N-th recorded proposal: JSON lines, one `Proposal` each."""

    def __init__(self, path: str | Path) -> None:
        """Read the recording.

        Raises:
            ConfigError: the file cannot be read, or a line is not a proposal.
        """
        self.source = str(path)
        self.proposals = dict(enumerate(_read(Path(path))))

    def propose(self, brief: Brief, turn: Turn) -> Proposal:
        """Return the proposal recorded for this round; a failed one where there is none."""
        del brief
        recorded = self.proposals.get(turn.number)
        if recorded is not None:
            return recorded
        message = (
            f"{self.source} holds no proposal for round {turn.number} "
            f"({len(self.proposals)} recorded, counted from 0)"
        )
        return Proposal(failure="other", message=message)


def _read(path: Path) -> list[Proposal]:
    if path.is_dir():
        raise ConfigError(
            "is a folder; expected a file of recorded proposals, one JSON object a line",
            file=path,
            field="agent",
        )
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=path, field="agent") from error
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", file=path, field="agent") from error
    proposals = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            proposals.append(Proposal.model_validate_json(line))
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"]) or "agent"
            message = f"is not a recorded proposal: {first['msg']}"
            raise ConfigError(message, file=path, line=number, field=field) from error
    if not proposals:
        raise ConfigError("holds no proposals", file=path, field="agent")
    return proposals
