"""`program:FILE`: a human's fixed curation program, proposed unchanged whatever happens to it."""

from __future__ import annotations

from pathlib import Path

from coursewright.errors import ConfigError
from coursewright.records import Brief, Proposal, Turn


class ProgramAgent:
    """Proposes the text of one file. A fixed program is a baseline: nobody mends it."""

    def __init__(self, path: str | Path) -> None:
        """Read the file now, so that a later edit cannot change a run half-way.

        Raises:
            ConfigError: the file cannot be read, is not UTF-8, or does not compile.
        """
        self.path = Path(path)
        self.code = _read_source(self.path)

    def propose(self, brief: Brief, turn: Turn) -> Proposal:
        """Return the program as it stands, in every operation."""
        del brief
        mended = turn.operation in ("debug", "repair")
        return Proposal(
            analysis="The last attempt failed, and this program is fixed." if mended else "",
            plan=f"Run `{self.path.name}` as it was written.",
            code=self.code,
        )


def _read_source(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=path, field="agent") from error
    try:
        code = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError("is not UTF-8 text", file=path, line=line, field="agent") from error
    try:
        compile(code, path.name, "exec", dont_inherit=True)
    except SyntaxError as error:
        message = f"is not valid Python: {error.msg}"
        raise ConfigError(message, file=path, line=error.lineno, field="agent") from error
    except (ValueError, RecursionError, MemoryError) as error:
        # NUL bytes, and nesting that the compiler gives up on.
        raise ConfigError(f"is not valid Python: {error}", file=path, field="agent") from error
    return code
